/** Gathers the pages of one column, over row groups and files, into column data; the inverse of pages.ts and dictionary.ts. */
import { type Column, isBigDecimal } from '../../domain/column-types.ts'
import { appendPlain, type ColumnData, type PlainWriter, plainLength } from '../../domain/columns.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { wordsOf } from '../../domain/interner.ts'
import { decimalColumn } from '../../domain/long-columns.ts'
import { bytesIn, intsIn, longsIn, type Room } from '../../domain/room.ts'
import type { ChunkPage } from './chunk.ts'
import { type ColumnSink, plainStarts } from './sink.ts'
import { dictionarySink, nestedSink } from './text-sinks.ts'

/** `plain`: the strings of the column are mostly different, so they come as bytes and not by dictionary. `room`: for what does not grow. */
export function columnSink(column: Column, rows: number, plain: boolean, room?: Room): ColumnSink {
  switch (column.type) {
    case 'int':
    case 'date':
      return fixedSink(column, 'int32', intsIn(room, rows), room)
    case 'float':
      return fixedSink(column, 'float32', new Float32Array(rows))
    case 'double':
      return fixedSink(column, 'float64', new Float64Array(rows))
    case 'string':
      return plain ? plainSink(column, rows, room) : dictionarySink(rows, room)
    case 'binary':
      return plainSink(column, rows, room)
    case 'list<string>':
    case 'map<string,string>':
      return nestedSink(column, rows, room)
    default:
      if (isBigDecimal(column.type)) return wideDecimalSink(column, rows, room)
      return fixedSink(column, 'int64', longsIn(room, rows), room)
  }
}

/** Which rows hold a value: none yet. Undefined where all must. */
function validIn(room: Room | undefined, column: Column, rows: number): Uint8Array | undefined {
  return column.required ? undefined : bytesIn(room, rows).fill(0)
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

/** Values of one or two 32-bit words. */
function fixedSink(
  column: Column,
  kind: 'int32' | 'int64' | 'float32' | 'float64',
  values: Int32Array | BigInt64Array | Float32Array | Float64Array,
  room?: Room,
): ColumnSink {
  const valid = validIn(room, column, values.length)
  let row = 0
  return {
    add([pages]) {
      for (const page of pages) {
        addFixed(column, page, row, values, valid)
        row += page.slots
      }
    },
    finish: () => ({ kind, values, valid }) as ColumnData,
  }
}

/** Copies a page's values of one or two words to the rows from `row` on. */
function addFixed(
  column: Column,
  page: ChunkPage,
  row: number,
  values: Int32Array | BigInt64Array | Float32Array | Float64Array,
  valid: Uint8Array | undefined,
): void {
  const words = values.BYTES_PER_ELEMENT / 4
  const target = new Int32Array(values.buffer, values.byteOffset, values.length * words)
  const source = page.values instanceof Int32Array ? page.dictionary!.plain : page.values
  const aligned =
    wordsOf(source) ?? new Int32Array(source.buffer.slice(source.byteOffset, source.byteOffset + (source.length & ~3)))
  if (!(page.values instanceof Int32Array) && aligned.length < page.present * words)
    throw new Error(`a page of ${column.name} ends too soon`)
  const rows = markPresent(column, page, row, valid)
  if (!rows && !(page.values instanceof Int32Array)) target.set(aligned.subarray(0, page.present * words), row * words)
  else
    for (let i = 0; i < page.present; i++) {
      const from = (page.values instanceof Int32Array ? page.values[i] : i) * words
      const to = (rows ? rows[i] : row + i) * words
      target[to] = aligned[from]
      if (words === 2) target[to + 1] = aligned[from + 1]
    }
}

/** Decimals of a type of more than 18 digits: pages of 64-bit integers, or of fixed-length bytes with the highest first. */
function wideDecimalSink(column: Column, rows: number, room: Room | undefined): ColumnSink {
  const values = longsIn(room, rows)
  const wide = new Map<number, bigint>()
  const valid = validIn(room, column, rows)
  let row = 0
  return {
    add([pages]) {
      for (const page of pages) {
        if (page.valueBytes === undefined) addFixed(column, page, row, values, valid)
        else addBytes(page, page.valueBytes)
        row += page.slots
      }
    },
    finish: () => decimalColumn(values, wide, valid),
  }

  function addBytes(page: ChunkPage, width: number): void {
    const indexes = page.values instanceof Int32Array ? page.values : undefined
    const plain = indexes ? page.dictionary!.plain : (page.values as Uint8Array)
    const present = markPresent(column, page, row, valid)
    for (let i = 0; i < page.present; i++) {
      const start = (indexes ? indexes[i] : i) * width
      const value = decimalFromBytes(plain.subarray(start, start + width))
      if (value === undefined || start + width > plain.length) throw new Error(`a page of ${column.name} ends too soon`)
      const to = present ? present[i] : row + i
      values[to] = value
      if (values[to] !== value) wide.set(to, value)
    }
  }
}

function plainSink(column: Column, rows: number, room: Room | undefined): ColumnSink {
  const pieces: Uint8Array[] = []
  const valid = validIn(room, column, rows)
  let row = 0
  return {
    keepsPages: true,
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
    finish: () => ({ kind: 'bytes', plain: joined(pieces), valid }),
  }
}

/** Pages of a room lie one behind the other already. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 0) return new Uint8Array(0)
  const [{ buffer, byteOffset }] = pieces
  let end = byteOffset
  for (const piece of pieces) {
    if (piece.buffer !== buffer || piece.byteOffset !== end) return Buffer.concat(pieces)
    end += piece.length
  }
  return new Uint8Array(buffer, byteOffset, end - byteOffset)
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
