/**
 * Reads Avro's binary encoding from bytes without making an object or a string (Avro specification, "Binary Encoding"). A
 * reader is a place in the bytes; longs come as two 32-bit halves, since a bigint for each would cost more than all of the rest.
 */

import { decimalFromBytes, fitsDigits, LONG_DIGITS } from './decimal.ts'

/** A place in bytes[at, end), and the long or decimal that was read last. */
export interface AvroReader {
  bytes: Uint8Array
  at: number
  end: number
  low: number
  high: number
  /** A decimal beyond 64 bits; undefined where the halves hold it. */
  wide: bigint | undefined
}

export function createReader(): AvroReader {
  return { bytes: new Uint8Array(0), at: 0, end: 0, low: 0, high: 0, wide: undefined }
}

/** Reads a zigzag varint into low and high; false where it is cut off or does not fit 64 bits (Avro, "Primitive Types"). */
export function readLong(reader: AvroReader): boolean {
  const { bytes, end } = reader
  let at = reader.at
  let l = 0
  let h = 0
  let shift = 0
  let byte = 0
  do {
    if (at >= end) return false
    byte = bytes[at++]
    if (shift < 28) l |= (byte & 127) << shift
    else if (shift === 28) {
      l |= (byte & 127) << 28
      h = (byte & 127) >> 4
    } else if (shift < 63) h |= (byte & 127) << (shift - 32)
    else if (byte > 1) return false
    else h |= byte << 31
    shift += 7
  } while (byte > 127)
  const sign = -(l & 1)
  reader.at = at
  reader.low = ((l >>> 1) | (h << 31)) ^ sign
  reader.high = (h >>> 1) ^ sign
  return true
}

/** Reads a length or count that must lie inside what is left; -1 where it does not. */
export function readLength(reader: AvroReader): number {
  const { at, end } = reader
  if (at >= end) return -1
  const byte = reader.bytes[at]
  // Most lengths are below 64: one byte.
  if (byte < 128) {
    if ((byte & 1) === 1) return -1
    reader.at = at + 1
    const length = byte >> 1
    return length <= end - reader.at ? length : -1
  }
  if (!readLong(reader) || reader.high !== 0 || reader.low < 0) return -1
  return reader.low <= end - reader.at ? reader.low : -1
}

/** Reads an enum or union index below `limit`; -1 otherwise. */
export function readIndex(reader: AvroReader, limit: number): number {
  if (!readLong(reader) || reader.high !== 0 || reader.low < 0 || reader.low >= limit) return -1
  return reader.low
}

/** Reads a big-endian two's complement of at most `precision` digits (18 or more) into low and high, or into wide. */
export function readDecimal(reader: AvroReader, precision: number): 'ok' | 'cut off' | 'empty' | 'too wide' {
  const length = readLength(reader)
  if (length < 0) return 'cut off'
  if (length === 0) return 'empty'
  const { bytes } = reader
  const first = reader.at
  const end = (reader.at = first + length)
  const sign: number = bytes[first] > 127 ? -1 : 0
  let l = sign
  let h = sign
  for (let i = first; i < end; i++) {
    // Bytes before the last eight only repeat the sign, or the value takes more than 64 bits.
    if (end - i > 8) {
      if (bytes[i] !== (sign & 255)) return readWide(reader, Math.max(first, i - 1), end, precision)
      continue
    }
    h = (h << 8) | (l >>> 24)
    l = (l << 8) | bytes[i]
  }
  if (h >> 31 !== sign) return readWide(reader, Math.max(first, end - 9), end, precision)
  reader.low = l
  reader.high = h
  reader.wide = undefined
  if (precision > LONG_DIGITS) return 'ok'
  // |value| < 10^18 = 0x0DE0B6B3A7640000, on the halves of the absolute value.
  const absoluteLow = sign === 0 ? l >>> 0 : -l >>> 0
  const absoluteHigh = sign === 0 ? h >>> 0 : (~h + (l === 0 ? 1 : 0)) >>> 0
  const fits = absoluteHigh < 0x0de0b6b3 || (absoluteHigh === 0x0de0b6b3 && absoluteLow < 0xa7640000)
  return fits ? 'ok' : 'too wide'
}

/** A decimal that takes more than 64 bits, from a byte that has its sign. */
function readWide(reader: AvroReader, start: number, end: number, precision: number): 'ok' | 'too wide' {
  if (precision === LONG_DIGITS || end - start > 16) return 'too wide'
  const units = decimalFromBytes(reader.bytes.subarray(start, end)) as bigint
  reader.wide = units
  return fitsDigits(units, precision) ? 'ok' : 'too wide'
}

/** Steps over the blocks of an array or map of strings (`textsPerItem` strings an item); false where they are cut off. */
export function skipBlocks(reader: AvroReader, textsPerItem: number): boolean {
  const small = smallBlocksEnd(reader.bytes, reader.at, reader.end, textsPerItem)
  if (small >= 0) {
    reader.at = small
    return true
  }
  for (;;) {
    if (!readLong(reader)) return false
    const { low, high } = reader
    if (low === 0 && high === 0) return true
    let count = low
    if (high === -1) {
      // A negative count has the block's size in bytes behind it.
      count = -low
      if (count <= 0) return false
      if (!readLong(reader) || reader.high !== 0 || reader.low < 0) return false
    } else if (high !== 0 || count < 0) return false
    for (let left = count * textsPerItem; left > 0; left--) {
      const length = readLength(reader)
      if (length < 0) return false
      reader.at += length
    }
  }
}

/** A zigzag varint of more than one byte, or a negative one. */
const NOT_SMALL = 0b1000_0001

/** Where such blocks end if all their counts and lengths take one byte, as nearly all do; -1 where they do not, or where `at` is -1. */
export function smallBlocksEnd(bytes: Uint8Array, at: number, end: number, textsPerItem: number): number {
  let to = at
  for (;;) {
    if (to < 0 || to >= end || (bytes[to] & NOT_SMALL) !== 0) return -1
    const texts = (bytes[to++] >> 1) * textsPerItem
    if (texts === 0) return to
    for (let i = 0; i < texts && to >= 0; i++) to = smallTextEnd(bytes, to, end)
  }
}

/** Where a string ends whose length takes one byte; -1 likewise. */
export function smallTextEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at < 0 || at >= end || (bytes[at] & NOT_SMALL) !== 0) return -1
  const to = at + 1 + (bytes[at] >> 1)
  return to <= end ? to : -1
}
