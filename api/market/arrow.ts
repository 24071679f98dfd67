/**
 * Answers as Arrow's IPC streams (Arrow columnar format, "IPC Streaming Format"), which pandas, polars, DuckDB and R read without a copy.
 * Decimals are decimal128, times timestamp[us, UTC], names dictionaries.
 */
import {
  type Data,
  type DataType,
  Decimal,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  tableToIPC,
  Utf8,
} from 'apache-arrow'
import { AsyncByteQueue } from 'apache-arrow/io/stream'
import { type ArrayBufferViewInput, toUint8Array } from 'apache-arrow/util/buffer'
import { type Batch, type BytesColumn, type ColumnData, type DictionaryColumn, halvesOf } from '../../domain/columns.ts'
import { rowStarts } from '../../domain/take.ts'
import type { ColumnShape, Numbers } from './formats.ts'
import { DECIMAL_DIGITS } from './row-batch.ts'

/** A whole answer. */
export function arrowBytes(columns: readonly ColumnShape[], batch: Batch, numbers: Numbers): Uint8Array {
  const encode = arrowEncoder(columns, numbers)
  const record = encode(batch)
  return tableToIPC(new Table(record.schema, [record]), 'stream')
}

/** Bytes as they are written, for who takes them at once: the library's own queue waits for a reader. */
class Pieces extends AsyncByteQueue {
  readonly taken: Uint8Array[] = []
  override write(bytes: ArrayBufferViewInput): void {
    const piece = toUint8Array(bytes)
    if (piece.length > 0) this.taken.push(piece)
  }
}

/**
 * An answer as its batches come, a piece for each; of no batches too it says its columns. `names`: what columns of few texts may hold, so
 * that their dictionaries are sent once: Polars takes none that grow.
 */
export async function* arrowPieces(
  columns: readonly ColumnShape[],
  batches: AsyncIterable<Batch>,
  numbers: Numbers,
  names: Readonly<Record<string, readonly string[]>>,
): AsyncGenerator<Uint8Array> {
  const encode = arrowEncoder(columns, numbers, names)
  const sink = new Pieces()
  const writer = new RecordBatchStreamWriter()
  const written = (record?: RecordBatch) => {
    if (record) writer.write(record)
    else writer.finish()
    return Buffer.concat(sink.taken.splice(0))
  }
  let isOpen = false
  const open = (record: RecordBatch) => {
    if (!isOpen) writer.reset(sink as never, record.schema)
    isOpen = true
    return record
  }
  for await (const batch of batches) yield written(open(encode(batch)))
  if (!isOpen) yield written(open(encode(emptyBatch(columns))))
  yield written()
}

function emptyBatch(columns: readonly ColumnShape[]): Batch {
  const empty = ({ type }: ColumnShape): ColumnData =>
    type === 'text'
      ? { kind: 'dictionary', entries: [], indexes: new Int32Array(0) }
      : { kind: 'int64', values: new BigInt64Array(0) }
  return { rows: 0, columns: Object.fromEntries(columns.map(column => [column.name, empty(column)])) }
}

/** One schema for all batches of an answer, and dictionaries that only grow: what a batch adds is sent with it. */
function arrowEncoder(
  columns: readonly ColumnShape[],
  numbers: Numbers,
  names: Readonly<Record<string, readonly string[]>> = {},
): (batch: Batch) => RecordBatch {
  const fields = columns.map((column, at) => new Field(column.name, typeOf(column, at, numbers), true))
  const schema = new Schema(fields)
  const dictionaries = fields.map(({ name }) => growingDictionary(names[name] ?? []))
  return ({ rows, columns: data }) => {
    const children = fields.map(({ name, type }, at) => dataOf(type, data[name], rows, dictionaries[at]))
    return new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows, nullCount: 0, children }))
  }
}

type GrowingDictionary = ReturnType<typeof growingDictionary>

function growingDictionary(first: readonly string[]) {
  const places = new Map(first.map((entry, place) => [entry, place]))
  const chunks = first.length > 0 ? [utf8(first)] : []
  return {
    /** The place of each entry. */
    add(entries: readonly string[]): number[] {
      const fresh = entries.filter(entry => !places.has(entry))
      for (const entry of fresh) places.set(entry, places.size)
      if (fresh.length > 0 || chunks.length === 0) chunks.push(utf8(fresh))
      return entries.map(entry => places.get(entry) as number)
    },
    vector: () => makeVector(chunks),
  }
}

function typeOf({ type, scale = 0, isUnique }: ColumnShape, id: number, numbers: Numbers): DataType {
  if (type === 'time') return new TimestampMicrosecond('UTC')
  if (type === 'count') return new Int64()
  if (type === 'text') return isUnique ? new Utf8() : new Dictionary(new Utf8(), new Int32(), id)
  return numbers === 'float' ? new Float64() : new Decimal(scale, DECIMAL_DIGITS, 128)
}

function dataOf(type: DataType, data: ColumnData, length: number, dictionary: GrowingDictionary): Data {
  switch (data.kind) {
    case 'dictionary': {
      const texts = data as DictionaryColumn<string>
      if (type instanceof Utf8) return utf8(Array.from(texts.indexes, index => texts.entries[index]))
      const places = dictionary.add(texts.entries)
      const valid = texts.indexes.some(index => index < 0)
        ? Uint8Array.from(texts.indexes, index => (index < 0 ? 0 : 1))
        : undefined
      return makeData({
        ...{ type: type as Dictionary, length, ...nullsOf(valid) },
        ...{ data: texts.indexes.map(index => (index < 0 ? 0 : places[index])), dictionary: dictionary.vector() },
      })
    }
    case 'bytes':
      return makeData({ type: type as Utf8, length, ...nullsOf(data.valid), ...unpacked(data, length) })
    case 'float64':
      return makeData({ type: type as Float64, length, ...nullsOf(data.valid), data: data.values })
    case 'int64':
    case 'bigdecimal': {
      const nulls = nullsOf(data.valid)
      if (type instanceof Decimal) return makeData({ type, length, ...nulls, data: words(data.values) })
      const longs = data.values instanceof BigInt64Array ? data.values : BigInt64Array.from(data.values)
      return makeData({ type: type as Int64, length, ...nulls, data: longs })
    }
    default:
      throw new RangeError(`An answer has no columns of ${data.kind}`)
  }
}

const NONE = { nullCount: 0, nullBitmap: undefined }

/** A bit for each row, lowest first, which is 1 where there is a value. */
function nullsOf(valid: Uint8Array | undefined): { nullCount: number; nullBitmap: Uint8Array | undefined } {
  const nullCount = valid ? valid.reduce((count, each) => count + 1 - each, 0) : 0
  if (!valid || nullCount === 0) return NONE
  const nullBitmap = new Uint8Array(Math.ceil(valid.length / 8))
  valid.forEach((each, row) => {
    if (each === 1) nullBitmap[row >> 3] |= 1 << (row & 7)
  })
  return { nullCount, nullBitmap }
}

/** 128-bit integers, as four words each, the lowest first. Those of 64 bits are copied: a bigint for each takes many times as long. */
function words(values: ArrayLike<bigint>): Int32Array {
  if (values instanceof BigInt64Array) {
    const [longs, wide] = [halvesOf(values), new Int32Array(values.length * 4)]
    for (let row = 0; row < values.length; row++) {
      const high = longs[row * 2 + 1]
      wide[row * 4] = longs[row * 2]
      wide[row * 4 + 1] = high
      wide[row * 4 + 2] = high >> 31
      wide[row * 4 + 3] = high >> 31
    }
    return wide
  }
  const halves = new BigInt64Array(values.length * 2)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    halves[row * 2] = value
    halves[row * 2 + 1] = value >> 64n
  }
  return new Int32Array(halves.buffer)
}

function utf8(texts: readonly string[]): Data<Utf8> {
  const bytes = texts.map(text => Buffer.from(text))
  const valueOffsets = new Int32Array(texts.length + 1)
  bytes.forEach((each, at) => {
    valueOffsets[at + 1] = valueOffsets[at] + each.length
  })
  return makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data: Buffer.concat(bytes) })
}

/** Bytes with their lengths before them as bytes alone, and where each begins. */
function unpacked({ plain, valid }: BytesColumn, rows: number) {
  const starts = rowStarts({ kind: 'bytes', plain, ...(valid && { valid }) }, rows)
  const valueOffsets = new Int32Array(rows + 1)
  const data = new Uint8Array(plain.length)
  let to = 0
  for (let row = 0; row < rows; row++) {
    if (starts[row + 1] > starts[row]) {
      data.set(plain.subarray(starts[row] + 4, starts[row + 1]), to)
      to += starts[row + 1] - starts[row] - 4
    }
    valueOffsets[row + 1] = to
  }
  return { valueOffsets, data: data.subarray(0, to) }
}
