/**
 * Columns in memory, laid out so that a Parquet page is nearly a copy of them: no object per row, no string that is
 * not needed. A column that may hold nulls has `valid` with a byte per row, and values only stand for valid rows
 * where the kind says so.
 */
import type { ColumnType } from './column-types.ts'
import { floatsIn, type Room } from './room.ts'

/** 32-bit integers and dates (days since 1970), one a row (anything where null). */
export interface Int32Column {
  readonly kind: 'int32'
  readonly values: Int32Array
  readonly valid?: Uint8Array
}

/** Longs, timestamps (microseconds since 1970) and decimals (unscaled) that all fit 64 bits, one a row (anything where null). */
export interface Int64Column {
  readonly kind: 'int64'
  readonly values: BigInt64Array
  readonly valid?: Uint8Array
}

/** 32-bit floats, one a row (anything where null). */
export interface Float32Column {
  readonly kind: 'float32'
  readonly values: Float32Array
  readonly valid?: Uint8Array
}

/** 64-bit floats likewise. */
export interface Float64Column {
  readonly kind: 'float64'
  readonly values: Float64Array
  readonly valid?: Uint8Array
}

/** Decimals of which some take more than 64 bits, unscaled, one a row (anything where null). */
export interface BigDecimalColumn {
  readonly kind: 'bigdecimal'
  readonly values: readonly bigint[]
  readonly valid?: Uint8Array
}

/** Strings and binaries in Parquet's PLAIN layout: 4 bytes of little-endian length, then the bytes; nothing for a null. */
export interface BytesColumn {
  readonly kind: 'bytes'
  readonly plain: Uint8Array
  readonly valid?: Uint8Array
}

/** Few different values: each row holds an index into `entries`, -1 for null. An entry may be unused. */
export interface DictionaryColumn<T> {
  readonly kind: 'dictionary'
  readonly entries: readonly T[]
  readonly indexes: Int32Array
}

export type ColumnData =
  | Int32Column
  | Int64Column
  | Float32Column
  | Float64Column
  | BigDecimalColumn
  | BytesColumn
  | DictionaryColumn<string>
  | DictionaryColumn<readonly string[]>
  | DictionaryColumn<ReadonlyMap<string, string>>

/** The columns of a table's rows by name; all have `rows` rows. */
export interface Batch {
  readonly rows: number
  readonly columns: Readonly<Record<string, ColumnData>>
}

/** The same value in every row, for dates, ids and times that a batch shares. */
export function constantInt32(value: number, rows: number): Int32Column {
  return { kind: 'int32', values: new Int32Array(rows).fill(value) }
}

export function constantInt64(value: bigint, rows: number): Int64Column {
  return { kind: 'int64', values: new BigInt64Array(rows).fill(value) }
}

export function constantString(value: string, rows: number): DictionaryColumn<string> {
  return { kind: 'dictionary', entries: [value], indexes: new Int32Array(rows) }
}

/** A column of this type that is null in every row. */
export function nullColumn(type: ColumnType, rows: number): ColumnData {
  const valid = new Uint8Array(rows)
  switch (type) {
    case 'int':
    case 'date':
      return { kind: 'int32', values: new Int32Array(rows), valid }
    case 'float':
      return { kind: 'float32', values: new Float32Array(rows), valid }
    case 'double':
      return { kind: 'float64', values: new Float64Array(rows), valid }
    case 'string':
    case 'list<string>':
    case 'map<string,string>':
      return { kind: 'dictionary', entries: [] as string[], indexes: new Int32Array(rows).fill(-1) }
    case 'binary':
      return { kind: 'bytes', plain: new Uint8Array(0), valid }
    default:
      return { kind: 'int64', values: new BigInt64Array(rows), valid }
  }
}

/** Strings as a dictionary column, entries in order of appearance. */
export function dictionaryOf(values: readonly (string | null)[]): DictionaryColumn<string> {
  const ids = new Map<string, number>()
  const indexes = Int32Array.from(values, value => {
    if (value === null) return -1
    let id = ids.get(value)
    if (id === undefined) ids.set(value, (id = ids.size))
    return id
  })
  return { kind: 'dictionary', entries: [...ids.keys()], indexes }
}

/** Byte strings as a PLAIN column; null is not empty. */
export function bytesOf(values: readonly (Uint8Array | null)[]): BytesColumn {
  let size = 0
  for (const value of values) if (value !== null) size += 4 + value.length
  const plain = new Uint8Array(size)
  const view = new DataView(plain.buffer)
  const valid = new Uint8Array(values.length)
  let at = 0
  values.forEach((value, row) => {
    if (value === null) return
    valid[row] = 1
    view.setUint32(at, value.length, true)
    plain.set(value, at + 4)
    at += 4 + value.length
  })
  return { kind: 'bytes', plain, valid }
}

/** A growing buffer in Parquet's PLAIN byte-array layout. */
export interface PlainWriter {
  bytes: Buffer
  length: number
}

/** Makes room for `more` bytes behind the writer's length. */
export function reservePlain(writer: PlainWriter, more: number): void {
  if (writer.length + more <= writer.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(writer.bytes.length * 2, writer.length + more))
  writer.bytes.copy(larger, 0, 0, writer.length)
  writer.bytes = larger
}

/** Appends source[start, end) with its length before it. Short values are copied by hand: cheaper than a call into native code. */
export function appendPlain(writer: PlainWriter, source: Uint8Array, start: number, end: number): void {
  const length = end - start
  reservePlain(writer, length + 4)
  const { bytes } = writer
  let at = writer.length
  bytes[at++] = length & 255
  bytes[at++] = (length >>> 8) & 255
  bytes[at++] = (length >>> 16) & 255
  bytes[at++] = length >>> 24
  if (length > 64) bytes.set(source.subarray(start, end), at)
  else for (let i = start; i < end; i++) bytes[at + i - start] = source[i]
  writer.length = at + length
}

/**
 * Writes a whole number between -2^53 and 2^53 as a 64-bit integer into the halves of a BigInt64Array, without a
 * bigint.
 */
export function setLong(halves: Int32Array, row: number, value: number): void {
  halves[row * 2] = value % 4294967296
  halves[row * 2 + 1] = Math.floor(value / 4294967296)
}

/** The 32-bit halves of 64-bit values, low before high (every platform that Node runs on is little-endian). */
export function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
}

/**
 * The least and the greatest value; undefined where there are no values. Compared by halves: reading bigints one by one
 * would make an object of each.
 */
export function longBounds(values: BigInt64Array): { min: bigint; max: bigint } | undefined {
  if (values.length === 0) return undefined
  const halves = halvesOf(values)
  let [least, greatest] = [0, 0]
  for (let i = 1; i < values.length; i++) {
    if (compareLongs(halves, i, least) < 0) least = i
    else if (compareLongs(halves, i, greatest) > 0) greatest = i
  }
  return { min: values[least], max: values[greatest] }
}

/** The order of the 64-bit values at `a` and `b`, given by their halves. */
export function compareLongs(halves: Int32Array, a: number, b: number): number {
  return halves[a * 2 + 1] - halves[b * 2 + 1] || (halves[a * 2] >>> 0) - (halves[b * 2] >>> 0)
}

/** 64-bit integers as numbers, exact up to 2^53: reading bigints one by one would make an object of each. */
export function numbersOf(values: ArrayLike<bigint>, room?: Room): Float64Array {
  const halves = halvesOf(values instanceof BigInt64Array ? values : BigInt64Array.from(values))
  const numbers = floatsIn(room, values.length)
  for (let row = 0; row < numbers.length; row++)
    numbers[row] = halves[row * 2 + 1] * 4294967296 + (halves[row * 2] >>> 0)
  return numbers
}

/** The length of the PLAIN value that begins at `at`; NaN beyond the end. */
export function plainLength(plain: Uint8Array, at: number): number {
  return plain[at] + plain[at + 1] * 256 + plain[at + 2] * 65536 + plain[at + 3] * 16777216
}

/** Byte order of the PLAIN values at `a` and `b`, which is the order of Parquet's string bounds. */
export function comparePlain(plain: Uint8Array, a: number, b: number): number {
  const lengthA = plainLength(plain, a)
  const lengthB = plainLength(plain, b)
  const shared = Math.min(lengthA, lengthB)
  for (let i = 4; i < shared + 4; i++) {
    const difference = plain[a + i] - plain[b + i]
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}
