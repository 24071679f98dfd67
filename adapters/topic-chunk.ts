/**
 * The bytes of a chunk of the durable topic log. Each record: key length and value length (4 bytes, little-endian,
 * 0xffffffff for null), timestamp (8 bytes, a double, exact for whole milliseconds), key, value.
 */
import { Corrupt } from '../domain/errors.ts'
import type { LogRecord } from '../domain/ports.ts'

const HEADER_BYTES = 16
const NULL_LENGTH = 0xffffffff

export function encodeChunk(records: readonly LogRecord[]): Uint8Array {
  let size = 0
  for (const { key, value } of records) size += HEADER_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const { key, value, timestamp } of records) {
    bytes.writeUInt32LE(key?.length ?? NULL_LENGTH, at)
    bytes.writeUInt32LE(value?.length ?? NULL_LENGTH, at + 4)
    bytes.writeDoubleLE(timestamp, at + 8)
    at += HEADER_BYTES
    for (const part of [key, value]) {
      if (!part) continue
      bytes.set(part, at)
      at += part.length
    }
  }
  return bytes
}

/** The records one by one. @throws Corrupt naming `path` where the bytes end within a record */
export function* decodeChunk(body: Uint8Array, partition: number, path: string): Generator<LogRecord> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  let at = 0
  function part(length: number): Uint8Array | null {
    if (length === NULL_LENGTH) return null
    if (at + length > bytes.length) throw new Corrupt(`${path} holds a cut chunk of records: restore the file.`)
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const header = part(HEADER_BYTES) as Buffer
    const keyLength = header.readUInt32LE(0)
    const valueLength = header.readUInt32LE(4)
    yield { partition, timestamp: header.readDoubleLE(8), key: part(keyLength), value: part(valueLength) }
  }
}
