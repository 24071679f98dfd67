/**
 * A feed's records on disk, while Kafka takes none: one file, appended to and read from its begin. What was read and sent is
 * dropped when the file is used up, so after a crash some may be sent twice. It holds through a process's end, not a power cut.
 */
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { FeedRecord, Spill } from '../domain/feed-ports.ts'
import { fileError } from './file-errors.ts'

/** A record's header: its length, the topic's and the key's length, and its time. */
const HEADER_BYTES = 4 + 2 + 4 + 8
const SCAN_BYTES = 1024 * 1024
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** Opens or makes the file; a record that a crash left half-written is cut off. @throws BadInput where the path cannot be written */
export function openSpill(path: string): Spill {
  const fd = open(path)
  const found = scan(fd)
  ftruncateSync(fd, found.end)
  let { end, records } = found
  let start = 0
  let given = { bytes: 0, records: 0 }

  function read(from: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.min(bytes, end - from))
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, from))
  }

  return {
    get records() {
      return records
    },
    get bytes() {
      return end - start
    },
    append(added) {
      const bytes = Buffer.concat(added.map(encode))
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, end + at)
      } catch (error) {
        // Half a record would end the file for the next reader.
        ftruncateSync(fd, end)
        throw fileError(error, path, 'writing records that Kafka does not take')
      }
      end += bytes.length
      records += added.length
    },
    next(bytes) {
      let buffer = read(start, bytes)
      const first = buffer.length >= 4 ? buffer.readUInt32LE(0) : 0
      if (first > buffer.length) buffer = read(start, first)
      const found: FeedRecord[] = []
      let at = 0
      while (at + 4 <= buffer.length && at + buffer.readUInt32LE(at) <= buffer.length) {
        const length = buffer.readUInt32LE(at)
        found.push(decode(buffer.subarray(at, at + length)))
        at += length
      }
      given = { bytes: at, records: found.length }
      return found
    },
    taken() {
      start += given.bytes
      records -= given.records
      given = { bytes: 0, records: 0 }
      if (start < end) return
      ftruncateSync(fd, 0)
      start = 0
      end = 0
    },
    close: () => closeSync(fd),
  }
}

function open(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    // Not 'a+': positions are this code's.
    return openSync(path, constants.O_RDWR | constants.O_CREAT)
  } catch (error) {
    throw fileError(error, path, 'opening the file for records that Kafka does not take')
  }
}

/** How many whole records the file holds, and where they end. */
function scan(fd: number): { records: number; end: number } {
  const size = fstatSync(fd).size
  const buffer = Buffer.allocUnsafe(SCAN_BYTES)
  let records = 0
  let end = 0
  while (end + HEADER_BYTES <= size) {
    const got = readSync(fd, buffer, 0, SCAN_BYTES, end)
    let at = 0
    while (at + 4 <= got) {
      const length = buffer.readUInt32LE(at)
      if (length < HEADER_BYTES || length > MAX_RECORD_BYTES || end + at + length > size)
        return { records, end: end + at }
      if (at + length > got && at > 0) break
      at += length
      records++
    }
    if (at === 0) break
    end += at
  }
  return { records, end }
}

function encode({ topic, key, value, timestamp }: FeedRecord): Buffer {
  const name = Buffer.from(topic)
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(HEADER_BYTES + name.length + key.length + value.length, 0)
  header.writeUInt16LE(name.length, 4)
  header.writeUInt32LE(key.length, 6)
  header.writeDoubleLE(timestamp, 10)
  return Buffer.concat([header, name, key, value])
}

function decode(bytes: Buffer): FeedRecord {
  const nameEnd = HEADER_BYTES + bytes.readUInt16LE(4)
  const keyEnd = nameEnd + bytes.readUInt32LE(6)
  return {
    topic: bytes.toString('utf8', HEADER_BYTES, nameEnd),
    key: new Uint8Array(bytes.subarray(nameEnd, keyEnd)),
    value: new Uint8Array(bytes.subarray(keyEnd)),
    timestamp: bytes.readDoubleLE(10),
  }
}
