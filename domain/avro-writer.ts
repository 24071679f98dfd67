/**
 * Writes Avro's binary encoding (Avro specification, "Binary Encoding") into values that are cut from large blocks: an allocation
 * of its own for each value would cost more than all of the encoding.
 */

import { decimalToBytes, fitsDigits } from './decimal.ts'

const BLOCK_BYTES = 64 * 1024

/** A value that is being written: it begins at `start`, its next byte goes to `at`. */
export interface AvroWriter {
  buffer: Buffer
  start: number
  at: number
}

export function createWriter(): AvroWriter {
  return { buffer: Buffer.allocUnsafeSlow(BLOCK_BYTES), start: 0, at: 0 }
}

/** Drops what was written since the last value: it may have been left unfinished by an error. */
export function beginValue(writer: AvroWriter): void {
  writer.at = writer.start
}

/** The value that was begun last, as a view into a block that other values share; nothing writes to its bytes again. */
export function endValue(writer: AvroWriter): Uint8Array {
  const value = writer.buffer.subarray(writer.start, writer.at)
  writer.start = writer.at
  return value
}

/** Makes room for this many more bytes, in a new block where this one is too short. */
export function reserve(writer: AvroWriter, bytes: number): void {
  if (writer.at + bytes <= writer.buffer.length) return
  const written = writer.at - writer.start
  const next = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, (written + bytes) * 2))
  writer.buffer.copy(next, 0, writer.start, writer.at)
  writer.buffer = next
  writer.start = 0
  writer.at = written
}

/** A zigzag varint of a small non-negative count, length or index. */
function writeCount(writer: AvroWriter, count: number): void {
  reserve(writer, 5)
  const { buffer } = writer
  let { at } = writer
  let rest = count * 2
  while (rest > 127) {
    buffer[at++] = (rest & 127) | 128
    rest = Math.floor(rest / 128)
  }
  buffer[at++] = rest
  writer.at = at
}

// One scratch long seen as two halves: bigints are split without allocating.
const long = new BigInt64Array(1)
const halves = new Int32Array(long.buffer)

/** @throws RangeError beyond 64 bits */
export function writeLong(writer: AvroWriter, value: bigint): void {
  reserve(writer, 10)
  const { buffer } = writer
  let { at } = writer
  long[0] = value
  // A bigint of more than 64 bits is cut without a word.
  if (long[0] !== value) throw new RangeError(`${value} does not fit a long`)
  const low = halves[0]
  const high = halves[1]
  const sign = high >> 31
  // Zigzag: (value << 1) ^ (value >> 63), on the halves.
  let zigzagLow = ((low << 1) ^ sign) >>> 0
  let zigzagHigh = (((high << 1) | (low >>> 31)) ^ sign) >>> 0
  while (zigzagHigh !== 0 || zigzagLow > 127) {
    buffer[at++] = (zigzagLow & 127) | 128
    zigzagLow = ((zigzagLow >>> 7) | (zigzagHigh << 25)) >>> 0
    zigzagHigh >>>= 7
  }
  buffer[at++] = zigzagLow
  writer.at = at
}

/** A union of null and long. */
export function writeOptionalLong(writer: AvroWriter, value: bigint | null): void {
  writeCount(writer, value === null ? 0 : 1)
  if (value !== null) writeLong(writer, value)
}

export function writeString(writer: AvroWriter, text: string): void {
  if (text.length > 60) {
    writeLongString(writer, text)
    return
  }
  reserve(writer, 1 + text.length * 3)
  const { buffer } = writer
  const lengthAt = writer.at
  let at = lengthAt + 1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) {
      writeLongString(writer, text)
      return
    }
    buffer[at++] = code
  }
  buffer[lengthAt] = text.length * 2
  writer.at = at
}

function writeLongString(writer: AvroWriter, text: string): void {
  const bytes = Buffer.byteLength(text)
  writeCount(writer, bytes)
  reserve(writer, bytes)
  writer.at += writer.buffer.write(text, writer.at)
}

/** @throws RangeError where the symbol is not one of the enum's */
export function writeEnum(writer: AvroWriter, symbols: readonly string[], symbol: string): void {
  const index = symbols.indexOf(symbol)
  if (index < 0) throw new RangeError(`${symbol} is not one of ${symbols.join(', ')}`)
  writeCount(writer, index)
}

/** A decimal: minimal big-endian two's complement with its length before it. @throws RangeError beyond its precision */
export function writeDecimal(writer: AvroWriter, units: bigint, precision: number): void {
  if (!fitsDigits(units, precision)) throw new RangeError(`${units} has more than ${precision} digits`)
  reserve(writer, 20)
  long[0] = units
  if (long[0] !== units) {
    const bytes = decimalToBytes(units)
    writeCount(writer, bytes.length)
    writer.buffer.set(bytes, writer.at)
    writer.at += bytes.length
    return
  }
  const sign = halves[1] >> 31
  let length = 8
  // Drop leading bytes that only repeat the sign.
  while (length > 1 && byteOfLong(length - 1) === (sign & 255) && byteOfLong(length - 2) >> 7 === (sign & 1)) length--
  writeCount(writer, length)
  for (let i = length - 1; i >= 0; i--) writer.buffer[writer.at++] = byteOfLong(i)
}

function byteOfLong(index: number): number {
  return (halves[index >> 2] >>> ((index & 3) * 8)) & 255
}

export function writeStrings(writer: AvroWriter, texts: readonly string[]): void {
  if (texts.length > 0) {
    writeCount(writer, texts.length)
    for (const text of texts) writeString(writer, text)
  }
  writeCount(writer, 0)
}

/** A union of null and a map of strings. */
export function writeOptionalMap(writer: AvroWriter, map: Readonly<Record<string, string>> | null): void {
  writeCount(writer, map === null ? 0 : 1)
  if (map === null) return
  const keys = Object.keys(map)
  if (keys.length > 0) {
    writeCount(writer, keys.length)
    for (const key of keys) {
      writeString(writer, key)
      writeString(writer, map[key])
    }
  }
  writeCount(writer, 0)
}
