/** Gathers texts, lists and maps of texts by dictionary: each different value is made once. The inverse of dictionary.ts. */
import type { Column } from '../../domain/column-types.ts'
import type { ColumnData } from '../../domain/columns.ts'
import { createInterner, type Interner } from '../../domain/interner.ts'
import { intsIn, type Room } from '../../domain/room.ts'
import type { ChunkPage } from './chunk.ts'
import { type ColumnSink, plainStarts } from './sink.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textInterner(): Interner<string> {
  return createInterner((bytes, start, end) => decoder.decode(bytes.subarray(start, end)))
}

/** The number of each value of a page. */
function internPage(texts: Interner<string>, page: ChunkPage): Int32Array {
  const indexed = page.values instanceof Int32Array
  const { plain, entries } = indexed ? page.dictionary! : { plain: page.values as Uint8Array, entries: page.present }
  const starts = plainStarts(plain, entries)
  const numbers = new Int32Array(entries)
  for (let i = 0; i < entries; i++) numbers[i] = texts.intern(plain, starts[i] + 4, starts[i + 1])
  if (!indexed) return numbers
  const indexes = page.values as Int32Array
  for (let i = 0; i < indexes.length; i++) indexes[i] = numbers[indexes[i]]
  return indexes
}

export function dictionarySink(rows: number, room?: Room): ColumnSink {
  const texts = textInterner()
  const indexes = intsIn(room, rows)
  let row = 0
  return {
    add([pages]) {
      for (const page of pages) {
        const numbers = internPage(texts, page)
        if (!page.definition) indexes.set(numbers, row)
        else
          for (let i = 0, at = 0; i < page.slots; i++) indexes[row + i] = page.definition[i] === 1 ? numbers[at++] : -1
        row += page.slots
      }
    },
    finish: () => ({ kind: 'dictionary', entries: texts.entries, indexes }),
  }
}

/** A chunk of a list's elements, or of one side of a map. */
interface NestedChunk {
  readonly repetition: Uint8Array
  readonly definition: Uint8Array
  /** Numbers of the texts that are present. */
  readonly texts: Int32Array
}

function nestedChunk(texts: Interner<string>, pages: Iterable<ChunkPage>, maxDefinition: number): NestedChunk {
  // One page at a time: the next one may lie where it lay.
  const parts = Array.from(pages, page => ({
    repetition: page.repetition ?? new Uint8Array(page.slots),
    definition: page.definition ?? new Uint8Array(page.slots).fill(maxDefinition),
    texts: internPage(texts, page),
  }))
  if (parts.length === 1) return parts[0]
  const join = <T extends Uint8Array | Int32Array>(arrays: T[], empty: (length: number) => T) => {
    const joined = empty(arrays.reduce((sum, array) => sum + array.length, 0))
    let at = 0
    for (const array of arrays) {
      joined.set(array, at)
      at += array.length
    }
    return joined
  }
  return {
    repetition: join(
      parts.map(part => part.repetition),
      length => new Uint8Array(length),
    ),
    definition: join(
      parts.map(part => part.definition),
      length => new Uint8Array(length),
    ),
    texts: join(
      parts.map(part => part.texts),
      length => new Int32Array(length),
    ),
  }
}

/** Lists and maps: the numbers of a row's texts name its value, so equal rows share one. */
export function nestedSink(column: Column, rows: number, room?: Room): ColumnSink {
  const texts = textInterner()
  const sides = column.type === 'list<string>' ? 1 : 2
  const words = (bytes: Uint8Array, start: number, end: number) =>
    [...new Int32Array(bytes.slice(start, end).buffer)].map(number => texts.entries[number])
  const values = createInterner<readonly string[] | ReadonlyMap<string, string>>((bytes, start, end) => {
    const flat = words(bytes, start, end)
    if (sides === 1) return flat
    return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]))
  })
  const indexes = intsIn(room, rows)
  // A row's numbers, and a view of the same memory as bytes, for the interner.
  let scratch = new Int32Array(64)
  let scratchBytes = new Uint8Array(scratch.buffer)
  let row = 0

  function add(leaves: readonly Iterable<ChunkPage>[], [maxDefinition]: readonly number[]): void {
    const chunks = leaves.map(pages => nestedChunk(texts, pages, maxDefinition))
    const { repetition, definition } = chunks[0]
    const slots = definition.length
    if (chunks.some(chunk => chunk.definition.length !== slots || chunk.texts.length !== chunks[0].texts.length))
      throw new Error(`the keys and values of ${column.name} do not pair`)
    let at = 0
    for (let slot = 0; slot < slots; row++) {
      let length = 0
      const first = definition[slot]
      do {
        if (definition[slot] === maxDefinition) {
          if (length + sides > scratch.length) {
            scratch = grown(scratch)
            scratchBytes = new Uint8Array(scratch.buffer)
          }
          for (let side = 0; side < sides; side++) scratch[length++] = chunks[side].texts[at]
          at++
        }
        slot++
      } while (slot < slots && repetition[slot] !== 0)
      // The lowest level: the column itself is null there.
      indexes[row] = first === 0 && !column.required ? -1 : values.intern(scratchBytes, 0, length * 4)
    }
  }

  return { add, finish: () => ({ kind: 'dictionary', entries: values.entries, indexes }) as ColumnData }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}
