/** Gathers the pages of one column, over row groups and files, into column data; the inverse of pages.ts and dictionary.ts. */

import type { Column } from '../../domain/column-types.ts'
import { appendPlain, type ColumnData, type PlainWriter, plainLength } from '../../domain/columns.ts'
import { createInterner, type Interner, wordsOf } from '../../domain/interner.ts'
import type { ChunkPage } from './chunk.ts'

/** Takes the row group's pages of every leaf of a column (a map has two), in row order. */
export interface ColumnSink {
  add(leaves: readonly Iterable<ChunkPage>[], maxDefinitions: readonly number[]): void
  /** The column; `rows` have been added. */
  finish(): ColumnData
}

/** `plain`: the strings of the column are mostly different, so they come as bytes and not by dictionary. @throws RangeError on a type that no stage reads this way */
export function columnSink(column: Column, rows: number, plain: boolean): ColumnSink {
  switch (column.type) {
    case 'int':
    case 'date':
      return fixedSink(column, new Int32Array(rows), 1)
    case 'string':
      return plain ? plainSink(column, rows) : dictionarySink(rows)
    case 'binary':
      return plainSink(column, rows)
    case 'list<string>':
    case 'map<string,string>':
      return nestedSink(column, rows)
    default:
      if (column.type.startsWith('decimal(38')) throw new RangeError(`Column ${column.name} is too wide to be read so`)
      return fixedSink(column, new BigInt64Array(rows), 2)
  }
}

/** Calls back for each slot's row that holds a value; marks rows in `valid`. @throws Error where a required column has a null */
function markPresent(
  column: Column,
  page: ChunkPage,
  row: number,
  valid: Uint8Array | undefined,
): Int32Array | undefined {
  if (!page.definition) {
    valid?.fill(1, row, row + page.slots)
    return undefined
  }
  if (!valid) throw new Error(`the required column ${column.name} has nulls`)
  const present = new Int32Array(page.present)
  // Flat columns have two levels: 1 is a value.
  for (let i = 0, at = 0; i < page.slots; i++)
    if (page.definition[i] === 1) {
      valid[row + i] = 1
      present[at++] = row + i
    }
  return present
}

/** Integers of one or two 32-bit words. */
function fixedSink(column: Column, values: Int32Array | BigInt64Array, words: 1 | 2): ColumnSink {
  const target = new Int32Array(values.buffer)
  const valid = column.required ? undefined : new Uint8Array(values.length)
  let row = 0
  return {
    add([pages]) {
      for (const page of pages) {
        const source = page.values instanceof Int32Array ? page.dictionary!.plain : page.values
        const aligned =
          wordsOf(source) ??
          new Int32Array(source.buffer.slice(source.byteOffset, source.byteOffset + (source.length & ~3)))
        if (!(page.values instanceof Int32Array) && aligned.length < page.present * words)
          throw new Error(`a page of ${column.name} ends too soon`)
        const rows = markPresent(column, page, row, valid)
        if (!rows && !(page.values instanceof Int32Array))
          target.set(aligned.subarray(0, page.present * words), row * words)
        else
          for (let i = 0; i < page.present; i++) {
            const from = (page.values instanceof Int32Array ? page.values[i] : i) * words
            const to = (rows ? rows[i] : row + i) * words
            target[to] = aligned[from]
            if (words === 2) target[to + 1] = aligned[from + 1]
          }
        row += page.slots
      }
    },
    finish: () => (values instanceof Int32Array ? { kind: 'int32', values, valid } : { kind: 'int64', values, valid }),
  }
}

function plainSink(column: Column, rows: number): ColumnSink {
  const pieces: Uint8Array[] = []
  const valid = column.required ? undefined : new Uint8Array(rows)
  let row = 0
  return {
    add([pages]) {
      for (const page of pages) {
        markPresent(column, page, row, valid)
        pieces.push(
          page.values instanceof Int32Array
            ? expand(page.values, page.dictionary!)
            : page.values.subarray(0, plainEnd(page.values, page.present)),
        )
        row += page.slots
      }
    },
    finish: () => ({ kind: 'bytes', plain: pieces.length === 1 ? pieces[0] : Buffer.concat(pieces), valid }),
  }
}

function expand(indexes: Int32Array, { plain, entries }: { plain: Uint8Array; entries: number }): Uint8Array {
  const starts = plainStarts(plain, entries)
  const writer: PlainWriter = { bytes: Buffer.allocUnsafe(1024), length: 0 }
  for (const index of indexes) appendPlain(writer, plain, starts[index] + 4, starts[index + 1])
  return writer.bytes.subarray(0, writer.length)
}

/** Where `count` PLAIN values end. @throws Error where the bytes end before */
function plainEnd(plain: Uint8Array, count: number): number {
  let at = 0
  for (let i = 0; i < count; i++) at += 4 + plainLength(plain, at)
  if (!(at <= plain.length)) throw new Error(`${count} values take ${at} of ${plain.length} bytes`)
  return at
}

/** Where each of `count` PLAIN values begins, and where the last ends. @throws Error where the bytes end before */
function plainStarts(plain: Uint8Array, count: number): Int32Array {
  const starts = new Int32Array(count + 1)
  let at = 0
  for (let i = 0; i < count; i++) {
    at += 4 + plainLength(plain, at)
    starts[i + 1] = at
  }
  if (!(at <= plain.length)) throw new Error(`${count} values take ${at} of ${plain.length} bytes`)
  return starts
}

function textInterner(): Interner<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
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

function dictionarySink(rows: number): ColumnSink {
  const texts = textInterner()
  const indexes = new Int32Array(rows)
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
  /** Numbers of the texts that stand there. */
  readonly texts: Int32Array
}

function nestedChunk(texts: Interner<string>, pages: Iterable<ChunkPage>, maxDefinition: number): NestedChunk {
  const parts = [...pages].map(page => ({
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
function nestedSink(column: Column, rows: number): ColumnSink {
  const texts = textInterner()
  const sides = column.type === 'list<string>' ? 1 : 2
  const words = (bytes: Uint8Array, start: number, end: number) =>
    [...new Int32Array(bytes.slice(start, end).buffer)].map(number => texts.entries[number])
  const values = createInterner<readonly string[] | ReadonlyMap<string, string>>((bytes, start, end) => {
    const flat = words(bytes, start, end)
    if (sides === 1) return flat
    return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]))
  })
  const indexes = new Int32Array(rows)
  // A row's numbers, and the same memory as the bytes that are interned.
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
      // Below every other level: the column itself is null there.
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
