/**
 * Encodes a batch of columns as a Parquet file in memory (data page v2; zstd except for tiny columns).
 * Run-length encoding and the schema are hyparquet-writer's; the values are copied from columns that are laid out like pages
 * already, which its row-by-row encoder cannot do (docs/adr/0002-parquet-writer.md).
 */
import { ByteWriter } from 'hyparquet-writer'
import { type Column, type ColumnType, decimalType, isBigDecimal, narrowed } from '../../domain/column-types.ts'
import {
  type Batch,
  type BigDecimalColumn,
  type ColumnData,
  type Int64Column,
  longBounds,
  nullColumn,
} from '../../domain/columns.ts'
import { fitsDigits, LONG_DIGITS } from '../../domain/decimal.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { pageCrc, sealFile } from './checksum.ts'
import type { FileMetaData } from './footer-thrift.ts'
import {
  type FileLayout,
  fileLayout,
  footerOf,
  MAGIC,
  pageBounds,
  type WrittenChunk,
  type WrittenGroup,
  writeFooter,
} from './footer-write.ts'
import type { LeafPage } from './levels.ts'
import { writeDataHeader, writeDictionaryHeader } from './page-headers.ts'
import { encodeLeaf } from './pages.ts'
import type { Leaf } from './schema.ts'
import { zstd } from './zstd.ts'

/**
 * Rows of a row group: a query engine's threads divide a file among them by row groups, and a commit's file has 120,000
 * rows at most.
 */
const ROW_GROUP_ROWS = 30_720
/** A compressed record rarely takes more: the first buffer is sized by it, since one that grows is copied each time. */
const ROW_BYTES = 64
const FIRST_BYTES = 8 * 1024
/** Smaller column chunks are stored as they are: compressing them costs more time than it saves bytes. */
const MIN_COMPRESSED_BYTES = 512

/**
 * The bytes of a Parquet file that holds the batch.
 * @throws RangeError where a required column is missing, one has another length, or a decimal has more digits than its type
 */
export function encodeParquet(table: TableDefinition, batch: Batch, rowGroupRows = ROW_GROUP_ROWS): Uint8Array {
  return encodeFile(table, batch, rowGroupRows).bytes
}

export interface EncodedFile {
  readonly bytes: Uint8Array
  /** As `readFooter` would read it from the bytes. */
  readonly footer: FileMetaData
}

/** Like `encodeParquet`, with the footer, which need not be read again then. */
export function encodeFile(table: TableDefinition, batch: Batch, rowGroupRows = ROW_GROUP_ROWS): EncodedFile {
  const { layout, columns } = fileOf(table, batch)
  const { leaves } = layout
  const writer = new ByteWriter(FIRST_BYTES + batch.rows * ROW_BYTES)
  writer.appendUint32(MAGIC)
  const groups: WrittenGroup[] = []
  // A byte column is walked only once: each group hands on where the next one's values begin.
  const positions = new Map<ColumnData, number>()
  for (let from = 0; from < batch.rows; from += rowGroupRows) {
    const to = Math.min(from + rowGroupRows, batch.rows)
    const start = writer.offset
    const chunks = leaves.map(leaf => {
      const data = columns[leaf.column.name]
      requireRows(leaf, data, batch.rows)
      const page = encodeLeaf(leaf, data, from, to, positions.get(data) ?? 0)
      return { data, page, chunk: writeChunk(writer, leaf, page) }
    })
    for (const { data, page } of chunks) if (page.position !== undefined) positions.set(data, page.position)
    groups.push({ rows: to - from, bytes: writer.offset - start, chunks: chunks.map(({ chunk }) => chunk) })
  }
  for (const [data, position] of positions)
    if (data.kind === 'bytes' && position !== data.plain.length)
      throw new RangeError(`A byte column for ${table.name} has other bytes than those of ${batch.rows} values`)
  writeFooter(writer, layout, batch.rows, groups)
  const bytes = writer.getBytes()
  sealFile(bytes)
  return { bytes, footer: footerOf(layout, batch.rows, groups) }
}

/**
 * The table's columns as this file has them: nulls for an optional one that the batch lacks, values as wide as the table's type. A
 * narrow column is stored with 18 digits where all values fit: readers widen it (spec, "Schema Evolution";
 * docs/adr/0015-wide-decimals.md).
 */
function fileOf(table: TableDefinition, { rows, columns }: Batch) {
  const found = table.columns.map(column => {
    const { name, type, required } = column
    const data = columns[name]
    if (!data && required) throw new RangeError(`Column ${name} of ${table.name} is missing from the batch`)
    const fitted = layOut(column, data ? widened(type, data) : nullColumn(type, rows))
    return { column: { ...column, type: fitted.type }, data: fitted.data }
  })
  return {
    layout: layoutOf(
      table,
      found.map(({ column }) => column),
    ),
    columns: Object.fromEntries(found.map(({ column, data }) => [column.name, data])),
  }
}

/** By a table's columns and the types that a file stores them with. */
const layouts = new WeakMap<readonly Column[], Map<string, FileLayout>>()

function layoutOf(table: TableDefinition, stored: readonly Column[]): FileLayout {
  const known = layouts.get(table.columns) ?? new Map<string, FileLayout>()
  layouts.set(table.columns, known)
  const types = stored.map(({ type }) => type).join(' ')
  let layout = known.get(types)
  if (!layout) known.set(types, (layout = fileLayout({ ...table, columns: stored })))
  return layout
}

/** Widens a column that was made with a narrower type than the table's. */
function widened(type: ColumnType, data: ColumnData): ColumnData {
  const { kind } = data
  if (type === 'long' && kind === 'int32')
    return { ...data, kind: 'int64', values: BigInt64Array.from(data.values, BigInt) }
  if (type === 'double' && kind === 'float32')
    return { ...data, kind: 'float64', values: Float64Array.from(data.values) }
  return data
}

/** A decimal's values in the layout that the file gives them. @throws RangeError where the type does not hold them */
function layOut({ name, type, narrow }: Column, data: ColumnData): { type: ColumnType; data: ColumnData } {
  const decimal = decimalType(type)
  if (!decimal || (data.kind !== 'int64' && data.kind !== 'bigdecimal')) return { type, data }
  const { min, max } = decimalBounds(data)
  const fits = (digits: number) => fitsDigits(min, digits) && fitsDigits(max, digits)
  if (!fits(decimal.precision)) throw new RangeError(`A value of column ${name} has more digits than ${type}`)
  if (!isBigDecimal(type) || (narrow && fits(LONG_DIGITS)))
    return {
      type: isBigDecimal(type) ? narrowed(type) : type,
      data: data.kind === 'int64' ? data : { ...data, kind: 'int64', values: BigInt64Array.from(data.values) },
    }
  return { type, data: data.kind === 'int64' ? { ...data, kind: 'bigdecimal', values: [...data.values] } : data }
}

function decimalBounds({ values }: Int64Column | BigDecimalColumn): { min: bigint; max: bigint } {
  if (values instanceof BigInt64Array) return longBounds(values) ?? { min: 0n, max: 0n }
  let [min, max] = [0n, 0n]
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}

/** How many values a byte column without nulls has is known only after walking it to its end. */
function requireRows(leaf: Leaf, data: ColumnData, rows: number): void {
  const values = data.kind === 'dictionary' ? data.indexes : data.kind === 'bytes' ? data.valid : data.values
  if (values && values.length !== rows)
    throw new RangeError(`Column ${leaf.column.name} has ${values.length} rows and its batch ${rows}`)
}

function writeChunk(writer: ByteWriter, leaf: Leaf, page: LeafPage): WrittenChunk {
  const start = writer.offset
  const { dictionary, values, repetitionLevels, definitionLevels } = page
  const isCompressed = values.length + (dictionary?.plain.length ?? 0) >= MIN_COMPRESSED_BYTES
  const compress = (bytes: Uint8Array) => (isCompressed ? zstd.compress(bytes) : bytes)
  let uncompressedBytes = 0
  if (dictionary) {
    const { plain, entries } = dictionary
    const stored = compress(plain)
    writeDictionaryHeader(writer, plain.length, stored.length, pageCrc(stored), entries)
    uncompressedBytes += writer.offset - start + plain.length
    writer.appendBytes(stored)
  }
  const dataStart = writer.offset
  const levels = repetitionLevels.length + definitionLevels.length
  const stored = compress(values)
  const crc = pageCrc(repetitionLevels, definitionLevels, stored)
  writeDataHeader(writer, page, levels + values.length, levels + stored.length, crc, isCompressed)
  uncompressedBytes += writer.offset - dataStart + levels + values.length
  writer.appendBytes(repetitionLevels)
  writer.appendBytes(definitionLevels)
  writer.appendBytes(stored)
  return {
    leaf,
    isCompressed,
    hasDictionary: dictionary !== undefined,
    values: page.valueCount,
    nulls: page.nullCount,
    start,
    dataStart,
    bytes: writer.offset - start,
    uncompressedBytes,
    ...pageBounds(leaf, page),
  }
}
