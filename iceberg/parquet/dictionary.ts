/**
 * Pages of columns with few different values: strings by dictionary, and lists and maps whose distinct values are laid
 * out flat.
 */
import { bytesOf, type DictionaryColumn } from '../../domain/columns.ts'
import { bytesIn, emptied, intsIn, newRoom } from '../../domain/room.ts'
import { encodeHybrid } from './hybrid.ts'
import { type LeafPage, levels, NONE, validityLevels } from './levels.ts'
import type { Leaf } from './schema.ts'

const encoder = new TextEncoder()
/** Numbers and levels of a page, until they are packed. */
const numbers = newRoom()

/** Strings of rows [from, to): the entries that are used, and an index for each row. */
export function stringPage(leaf: Leaf, data: DictionaryColumn<string>, from: number, to: number): LeafPage {
  const { entries } = data
  const indexes = data.indexes.subarray(from, to)
  const used = new Uint8Array(entries.length)
  let nulls = 0
  for (let i = 0; i < indexes.length; i++) {
    if (indexes[i] < 0) nulls++
    else used[indexes[i]] = 1
  }
  const { renumbered, plain, sizes } = keepUsed(entries, used)
  const present = nulls === 0 && sizes.length === entries.length ? indexes : renumberedOf(indexes, renumbered, nulls)
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

/** The new numbers of the values that are not null. */
function renumberedOf(indexes: Int32Array, renumbered: Int32Array, nulls: number): Int32Array {
  const present = intsIn(emptied(numbers), indexes.length - nulls)
  for (let i = 0, at = 0; i < indexes.length; i++) if (indexes[i] >= 0) present[at++] = renumbered[indexes[i]]
  return present
}

/** A list or one side of a map: every row's entry laid out flat, with Dremel levels. */
export function nestedPage<T>(
  leaf: Leaf,
  data: DictionaryColumn<T>,
  from: number,
  to: number,
  textsOf: (entry: T) => readonly string[],
): LeafPage {
  const ids = new Map<string, number>()
  // What a row adds, found once for each distinct entry of these rows: its texts by number.
  const parts: Int32Array[] = new Array(data.entries.length)
  const partOf = (index: number) =>
    (parts[index] ??= Int32Array.from(textsOf(data.entries[index]), text => {
      let id = ids.get(text)
      if (id === undefined) ids.set(text, (id = ids.size))
      return id
    }))
  const indexes = data.indexes.subarray(from, to)
  let slots = 0
  let present = 0
  for (let i = 0; i < indexes.length; i++) {
    const length = indexes[i] < 0 ? 0 : partOf(indexes[i]).length
    slots += length || 1
    present += length
  }
  emptied(numbers)
  const repetition = bytesIn(numbers, slots)
  const definition = bytesIn(numbers, slots)
  const texts = intsIn(numbers, present)
  const empty = leaf.maxDefinition - 1
  let slot = 0
  let at = 0
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]
    const part = index < 0 ? undefined : parts[index]
    if (part === undefined && empty === 0) throw new RangeError(`Required column ${leaf.column.name} has nulls`)
    if (part === undefined || part.length === 0) {
      repetition[slot] = 0
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
  entries.forEach((entry, i) => {
    if (used[i] === 0) return
    renumbered[i] = chunks.length
    chunks.push(encoder.encode(entry))
  })
  const { plain } = bytesOf(chunks)
  return { renumbered, plain, sizes: chunks.map(chunk => chunk.length + 4) }
}

/** Indexes into a dictionary page, or the values themselves where nearly all differ. */
function encodeIndexes(
  indexes: Int32Array,
  plain: Uint8Array,
  sizes: readonly number[],
): Pick<LeafPage, 'values' | 'dictionary'> {
  if (sizes.length > 1000 && sizes.length > indexes.length / 2) return { values: expand(indexes, plain, sizes) }
  const bitWidth = sizes.length <= 1 ? 0 : 32 - Math.clz32(sizes.length - 1)
  const values = encodeHybrid(indexes, bitWidth, 1)
  values[0] = bitWidth
  return { values, dictionary: { plain, entries: sizes.length } }
}

function expand(indexes: Int32Array, plain: Uint8Array, sizes: readonly number[]): Uint8Array {
  const starts = new Int32Array(sizes.length)
  for (let i = 1; i < sizes.length; i++) starts[i] = starts[i - 1] + sizes[i - 1]
  let size = 0
  for (let i = 0; i < indexes.length; i++) size += sizes[indexes[i]]
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
