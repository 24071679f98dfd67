/** One page of a leaf column: its levels, values, null count and bounds, from column data (parquet-format, Encodings.md). */
import {
  type BytesColumn,
  type ColumnData,
  comparePlain,
  type DictionaryColumn,
  halvesOf,
  longBounds,
  plainLength,
} from '../../domain/columns.ts'
import { nestedPage, stringPage } from './dictionary.ts'
import { countNulls, type LeafPage, NONE, validityLevels } from './levels.ts'
import type { Leaf } from './schema.ts'

/** The page of rows [from, to). `position` is where a byte column's values for `from` begin. @throws RangeError on a kind that is not the column's type */
export function encodeLeaf(leaf: Leaf, data: ColumnData, from: number, to: number, position: number): LeafPage {
  switch (data.kind) {
    case 'int32':
      return fixedPage(leaf, data.values, data.valid, from, to)
    case 'int64':
    case 'float32':
    case 'float64':
      return fixedPage(leaf, data.values, data.valid, from, to)
    case 'bigdecimal':
      return bigDecimalPage(leaf, data.values, data.valid, from, to)
    case 'bytes':
      return bytesPage(leaf, data, from, to, position)
    case 'dictionary':
      if (leaf.column.type === 'list<string>')
        return nestedPage(leaf, data as DictionaryColumn<readonly string[]>, from, to, list => list)
      if (leaf.column.type === 'map<string,string>')
        return nestedPage(leaf, data as DictionaryColumn<ReadonlyMap<string, string>>, from, to, map =>
          leaf.path.at(-1) === 'key' ? [...map.keys()] : [...map.values()],
        )
      return stringPage(leaf, data as DictionaryColumn<string>, from, to)
  }
}

/** Counts and levels of a page whose rows hold one value each, or null. */
function flat(leaf: Leaf, valid: Uint8Array | undefined, from: number, to: number, nulls: number) {
  return {
    rows: to - from,
    valueCount: to - from,
    nullCount: nulls,
    repetitionLevels: NONE,
    definitionLevels: validityLevels(leaf, valid, from, to, nulls),
  }
}

type Fixed = Int32Array | BigInt64Array | Float32Array | Float64Array

function fixedPage(leaf: Leaf, values: Fixed, valid: Uint8Array | undefined, from: number, to: number): LeafPage {
  const group: Fixed = values.subarray(from, to)
  const nulls = valid ? countNulls(valid, from, to) : 0
  const present = nulls === 0 ? group : keepValid(group, valid as Uint8Array, from)
  const { min, max } = boundsOf(present) ?? {}
  return {
    ...flat(leaf, valid, from, to, nulls),
    values: new Uint8Array(present.buffer, present.byteOffset, present.byteLength),
    min,
    max,
  }
}

function boundsOf(values: Fixed): { min: number | bigint; max: number | bigint } | undefined {
  if (values instanceof BigInt64Array) return longBounds(values)
  return values instanceof Int32Array ? intBounds(values) : floatBounds(values)
}

/** No bounds where a value is NaN: it would lie outside them. A zero bounds both zeros (parquet.thrift, Statistics). */
function floatBounds(values: Float32Array | Float64Array): { min: number; max: number } | undefined {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (Number.isNaN(value)) return undefined
    if (value < min) min = value
    if (value > max) max = value
  }
  if (values.length === 0) return undefined
  return { min: min === 0 ? -0 : min, max: max === 0 ? 0 : max }
}

function intBounds(values: Int32Array): { min: number; max: number } | undefined {
  if (values.length === 0) return undefined
  let [min, max] = [values[0], values[0]]
  for (let i = 1; i < values.length; i++) {
    if (values[i] < min) min = values[i]
    else if (values[i] > max) max = values[i]
  }
  return { min, max }
}

/** Longs are copied by their halves: reading bigints one by one would make an object of each. */
function keepValid<T extends Fixed>(values: T, valid: Uint8Array, from: number): T {
  if (!(values instanceof BigInt64Array))
    return values.filter((_: number | bigint, i: number) => valid[from + i] === 1) as T
  const kept = new BigInt64Array(values.length)
  const [source, target] = [halvesOf(values), halvesOf(kept)]
  let count = 0
  for (let i = 0; i < values.length; i++) {
    if (valid[from + i] !== 1) continue
    target[2 * count] = source[2 * i]
    target[2 * count + 1] = source[2 * i + 1]
    count++
  }
  return kept.subarray(0, count) as T
}

function bigDecimalPage(
  leaf: Leaf,
  all: readonly bigint[],
  valid: Uint8Array | undefined,
  from: number,
  to: number,
): LeafPage {
  const nulls = valid ? countNulls(valid, from, to) : 0
  const group = all.slice(from, to)
  const values = nulls === 0 ? group : group.filter((_, i) => (valid as Uint8Array)[from + i] === 1)
  const width = leaf.element.type_length ?? 0
  const bytes = new Uint8Array(values.length * width)
  const whole = new DataView(new ArrayBuffer(16))
  const part = new Uint8Array(whole.buffer, 16 - width)
  let min = values[0]
  let max = min
  values.forEach((value, i) => {
    // The encoder has checked that the value fits.
    whole.setBigInt64(0, value >> 64n)
    whole.setBigUint64(8, BigInt.asUintN(64, value))
    bytes.set(part, i * width)
    if (value < min) min = value
    if (value > max) max = value
  })
  return {
    ...flat(leaf, valid, from, to, nulls),
    values: bytes,
    min,
    max,
  }
}

function bytesPage(leaf: Leaf, data: BytesColumn, from: number, to: number, position: number): LeafPage {
  const { plain, valid } = data
  const nulls = valid ? countNulls(valid, from, to) : 0
  // Bounds of raw records would not help any reader.
  const bounded = leaf.column.type === 'string'
  let at = position
  let minStart = -1
  let maxStart = -1
  for (let row = from; row < to; row++) {
    if (valid && valid[row] === 0) continue
    if (bounded) {
      if (minStart < 0) minStart = maxStart = at
      else if (comparePlain(plain, at, minStart) < 0) minStart = at
      else if (comparePlain(plain, at, maxStart) > 0) maxStart = at
    }
    at += 4 + plainLength(plain, at)
  }
  return {
    ...flat(leaf, valid, from, to, nulls),
    values: plain.subarray(position, at),
    min: minStart < 0 ? undefined : plainValue(plain, minStart),
    max: maxStart < 0 ? undefined : plainValue(plain, maxStart),
    position: at,
  }
}

/** In memory of its own: bounds stay when the columns are written over. */
function plainValue(plain: Uint8Array, at: number): Uint8Array {
  return new Uint8Array(plain.subarray(at + 4, at + 4 + plainLength(plain, at)))
}
