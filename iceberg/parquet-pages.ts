/** One page of a leaf column: its levels, values, null count and bounds, from column data (parquet-format, Encodings.md). */
import { ByteWriter } from 'hyparquet-writer'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import type { BytesColumn, ColumnData, DictionaryColumn } from '../domain/columns.ts'
import type { Leaf } from './parquet-schema.ts'

export interface LeafPage {
  readonly rows: number
  /** Values including nulls, empty lists and empty maps. */
  readonly valueCount: number
  readonly nullCount: number
  readonly repetitionLevels: Uint8Array
  readonly definitionLevels: Uint8Array
  /** Uncompressed: PLAIN values, or the dictionary indexes with their bit width before them. */
  readonly values: Uint8Array
  readonly dictionary?: { readonly plain: Uint8Array; readonly entries: number }
  readonly min?: number | bigint | Uint8Array
  readonly max?: number | bigint | Uint8Array
  /** For byte columns: where the next group's values begin. */
  readonly position?: number
}

const NONE = new Uint8Array(0)
const encoder = new TextEncoder()

/** The page of rows [from, to). `position` is where a byte column's values for `from` begin. @throws RangeError on a kind that is not the column's type */
export function encodeLeaf(leaf: Leaf, data: ColumnData, from: number, to: number, position: number): LeafPage {
  switch (data.kind) {
    case 'int32':
      return fixedPage(leaf, data.values, data.valid, from, to)
    case 'int64':
      return fixedPage(leaf, data.values, data.valid, from, to)
    case 'bigdecimal':
      return bigDecimalPage(data.values.slice(from, to))
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

function fixedPage(
  leaf: Leaf,
  values: Int32Array | BigInt64Array,
  valid: Uint8Array | undefined,
  from: number,
  to: number,
): LeafPage {
  const rows = to - from
  const group: Int32Array | BigInt64Array = values.subarray(from, to)
  const nulls = valid ? countNulls(valid, from, to) : 0
  const present = nulls === 0 ? group : keepValid(group, valid as Uint8Array, from)
  let min: number | bigint | undefined = present[0]
  let max = min
  for (let i = 1; i < present.length; i++) {
    const value = present[i]
    if (value < min) min = value
    else if (value > max) max = value
  }
  return {
    rows,
    valueCount: rows,
    nullCount: nulls,
    repetitionLevels: NONE,
    definitionLevels: validityLevels(leaf, valid, from, to, nulls),
    values: new Uint8Array(present.buffer, present.byteOffset, present.byteLength),
    min,
    max,
  }
}

function keepValid<T extends Int32Array | BigInt64Array>(values: T, valid: Uint8Array, from: number): T {
  return values.filter((_: number | bigint, i: number) => valid[from + i] === 1) as T
}

function bigDecimalPage(values: readonly bigint[]): LeafPage {
  const bytes = new Uint8Array(values.length * 16)
  const view = new DataView(bytes.buffer)
  let min = values[0]
  let max = min
  values.forEach((value, i) => {
    view.setBigInt64(i * 16, value >> 64n)
    view.setBigUint64(i * 16 + 8, BigInt.asUintN(64, value))
    if (value < min) min = value
    if (value > max) max = value
  })
  return {
    rows: values.length,
    valueCount: values.length,
    nullCount: 0,
    repetitionLevels: NONE,
    definitionLevels: NONE,
    values: bytes,
    min,
    max,
  }
}

function bytesPage(leaf: Leaf, data: BytesColumn, from: number, to: number, position: number): LeafPage {
  const { plain, valid } = data
  const nulls = valid ? countNulls(valid, from, to) : 0
  // Bounds of raw records would be of no use to any reader.
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
    rows: to - from,
    valueCount: to - from,
    nullCount: nulls,
    repetitionLevels: NONE,
    definitionLevels: validityLevels(leaf, valid, from, to, nulls),
    values: plain.subarray(position, at),
    min: minStart < 0 ? undefined : plainValue(plain, minStart),
    max: maxStart < 0 ? undefined : plainValue(plain, maxStart),
    position: at,
  }
}

function plainLength(plain: Uint8Array, at: number): number {
  return plain[at] | (plain[at + 1] << 8) | (plain[at + 2] << 16) | (plain[at + 3] << 24)
}

function plainValue(plain: Uint8Array, at: number): Uint8Array {
  return plain.subarray(at + 4, at + 4 + plainLength(plain, at))
}

/** Byte order of the values at `a` and `b`, which is the order of Parquet's string bounds. */
function comparePlain(plain: Uint8Array, a: number, b: number): number {
  const lengthA = plainLength(plain, a)
  const lengthB = plainLength(plain, b)
  const shared = Math.min(lengthA, lengthB)
  for (let i = 4; i < shared + 4; i++) {
    const difference = plain[a + i] - plain[b + i]
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

function stringPage(leaf: Leaf, data: DictionaryColumn<string>, from: number, to: number): LeafPage {
  const { entries } = data
  const indexes = data.indexes.subarray(from, to)
  const used = new Uint8Array(entries.length)
  let nulls = 0
  for (let i = 0; i < indexes.length; i++) {
    if (indexes[i] < 0) nulls++
    else used[indexes[i]] = 1
  }
  const { renumbered, plain, sizes } = keepUsed(entries, used)
  const present = new Int32Array(indexes.length - nulls)
  for (let i = 0, at = 0; i < indexes.length; i++) if (indexes[i] >= 0) present[at++] = renumbered[indexes[i]]
  const bounds = stringBounds(entries.filter((_, i) => used[i] === 1))
  const valid = nulls === 0 ? undefined : Uint8Array.from(indexes, index => (index < 0 ? 0 : 1))
  return {
    rows: to - from,
    valueCount: to - from,
    nullCount: nulls,
    repetitionLevels: NONE,
    definitionLevels: validityLevels(leaf, valid, 0, to - from, nulls),
    ...encodeIndexes(present, plain, sizes),
    ...bounds,
  }
}

/** A list or one side of a map: every row's entry laid out flat, with Dremel levels. */
function nestedPage<T>(
  leaf: Leaf,
  data: DictionaryColumn<T>,
  from: number,
  to: number,
  textsOf: (entry: T) => readonly string[],
): LeafPage {
  const ids = new Map<string, number>()
  // What a row adds, once per distinct entry: its texts by number.
  const parts = data.entries.map(entry =>
    Int32Array.from(textsOf(entry), text => {
      let id = ids.get(text)
      if (id === undefined) ids.set(text, (id = ids.size))
      return id
    }),
  )
  const indexes = data.indexes.subarray(from, to)
  let slots = 0
  let present = 0
  for (let i = 0; i < indexes.length; i++) {
    const length = indexes[i] < 0 ? 0 : parts[indexes[i]].length
    slots += length || 1
    present += length
  }
  const repetition = new Uint8Array(slots)
  const definition = new Uint8Array(slots)
  const texts = new Int32Array(present)
  const empty = leaf.maxDefinition - 1
  let slot = 0
  let at = 0
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]
    const part = index < 0 ? undefined : parts[index]
    if (part === undefined || part.length === 0) {
      definition[slot++] = part === undefined ? 0 : empty
      continue
    }
    for (let j = 0; j < part.length; j++) {
      repetition[slot] = j === 0 ? 0 : 1
      definition[slot++] = leaf.maxDefinition
      texts[at++] = part[j]
    }
  }
  const { plain, sizes } = keepUsed([...ids.keys()], new Uint8Array(ids.size).fill(1))
  return {
    rows: to - from,
    valueCount: slots,
    nullCount: slots - present,
    repetitionLevels: levels(repetition, 1),
    definitionLevels: levels(definition, leaf.maxDefinition),
    ...encodeIndexes(texts, plain, sizes),
  }
}

/** The entries that are used, in PLAIN layout, and each entry's new number. */
function keepUsed(entries: readonly string[], used: Uint8Array) {
  const renumbered = new Int32Array(entries.length)
  const chunks: Uint8Array[] = []
  let size = 0
  entries.forEach((entry, i) => {
    if (used[i] === 0) return
    renumbered[i] = chunks.length
    const bytes = encoder.encode(entry)
    chunks.push(bytes)
    size += 4 + bytes.length
  })
  const plain = new Uint8Array(size)
  const view = new DataView(plain.buffer)
  let at = 0
  for (const bytes of chunks) {
    view.setUint32(at, bytes.length, true)
    plain.set(bytes, at + 4)
    at += 4 + bytes.length
  }
  return { renumbered, plain, sizes: chunks.map(chunk => chunk.length + 4) }
}

/** Indexes into a dictionary page, or the values themselves where nearly every one is another. */
function encodeIndexes(
  indexes: Int32Array,
  plain: Uint8Array,
  sizes: readonly number[],
): Pick<LeafPage, 'values' | 'dictionary'> {
  if (sizes.length > 1000 && sizes.length > indexes.length / 2) return { values: expand(indexes, plain, sizes) }
  const bitWidth = sizes.length <= 1 ? 0 : 32 - Math.clz32(sizes.length - 1)
  const writer = new ByteWriter(64 + ((indexes.length * bitWidth) >> 3))
  writer.appendUint8(bitWidth)
  writeRleBitPackedHybrid(writer, indexes as unknown as number[], bitWidth)
  return { values: writer.getBytes(), dictionary: { plain, entries: sizes.length } }
}

function expand(indexes: Int32Array, plain: Uint8Array, sizes: readonly number[]): Uint8Array {
  const starts = new Int32Array(sizes.length)
  for (let i = 1; i < sizes.length; i++) starts[i] = starts[i - 1] + sizes[i - 1]
  let size = 0
  for (const index of indexes) size += sizes[index]
  const values = new Uint8Array(size)
  let at = 0
  for (const index of indexes) {
    values.set(plain.subarray(starts[index], starts[index] + sizes[index]), at)
    at += sizes[index]
  }
  return values
}

function stringBounds(values: readonly string[]): { min?: Uint8Array; max?: Uint8Array } {
  if (values.length === 0) return {}
  const sorted = values.map(value => Buffer.from(value)).sort(Buffer.compare)
  return { min: sorted[0], max: sorted.at(-1) }
}

function countNulls(valid: Uint8Array, from: number, to: number): number {
  let nulls = 0
  for (let row = from; row < to; row++) nulls += 1 - valid[row]
  return nulls
}

function validityLevels(
  leaf: Leaf,
  valid: Uint8Array | undefined,
  from: number,
  to: number,
  nulls: number,
): Uint8Array {
  if (leaf.maxDefinition === 0) {
    if (nulls > 0) throw new RangeError(`Required column ${leaf.column.name} has ${nulls} nulls`)
    return NONE
  }
  // No nulls: one run, told without looking at every row again.
  const rows = nulls === 0 ? new Uint8Array(to - from).fill(1) : (valid as Uint8Array).subarray(from, to)
  return levels(rows, 1)
}

function levels(values: Uint8Array, max: number): Uint8Array {
  const writer = new ByteWriter(256)
  writeRleBitPackedHybrid(writer, values as unknown as number[], 32 - Math.clz32(max))
  return writer.getBytes()
}
