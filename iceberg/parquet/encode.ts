/**
 * Encodes a batch of columns as a Parquet file in memory (data page v2; zstd except for tiny columns).
 * Page headers, run-length encoding and the footer are hyparquet-writer's; the values are copied from columns that are
 * laid out like pages already, which its row-by-row encoder cannot do (docs/adr/0002-parquet-writer.md).
 */
import { constants, zstdCompressSync } from 'node:zlib'
import type { ColumnChunk, CompressionCodec, Encoding, RowGroup } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
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
import { CHECKSUM_KEY, NO_CHECKSUM, pageCrc, sealFile } from './checksum.ts'
import type { LeafPage } from './levels.ts'
import { encodeLeaf } from './pages.ts'
import { type Leaf, parquetSchema } from './schema.ts'

/**
 * Rows of a row group: a query engine's threads divide a file among them by row groups, and a commit's file has 120,000
 * rows at most.
 */
const ROW_GROUP_ROWS = 30_720
const ZSTD_LEVEL = { [constants.ZSTD_c_compressionLevel]: 1 }
/** A compressed record rarely takes more: the first buffer is sized by it, since one that grows is copied each time. */
const ROW_BYTES = 64
const MAGIC = 0x31524150 // "PAR1"
/** Smaller column chunks are stored as they are: compressing them costs more time than it saves bytes. */
const MIN_COMPRESSED_BYTES = 512

/**
 * The bytes of a Parquet file that holds the batch.
 * @throws RangeError where a required column is missing, one has another length, or a decimal has more digits than its type
 */
export function encodeParquet(table: TableDefinition, batch: Batch, rowGroupRows = ROW_GROUP_ROWS): Uint8Array {
  const { stored, columns } = fileOf(table, batch)
  const { elements, leaves } = parquetSchema(stored)
  const writer = new ByteWriter(64 * 1024 + batch.rows * ROW_BYTES)
  writer.appendUint32(MAGIC)
  const groups: RowGroup[] = []
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
    groups.push({
      columns: chunks.map(({ chunk }) => chunk),
      total_byte_size: chunks.reduce((sum, { chunk }) => sum + (chunk.meta_data?.total_uncompressed_size ?? 0n), 0n),
      num_rows: BigInt(to - from),
      total_compressed_size: BigInt(writer.offset - start),
    })
  }
  for (const [data, position] of positions)
    if (data.kind === 'bytes' && position !== data.plain.length)
      throw new RangeError(`A byte column for ${table.name} has other bytes than those of ${batch.rows} values`)
  writeMetadata(writer, {
    version: 2,
    created_by: 'tradelake',
    schema: elements,
    num_rows: BigInt(batch.rows),
    row_groups: groups,
    key_value_metadata: [{ key: CHECKSUM_KEY, value: NO_CHECKSUM }],
    metadata_length: 0,
  })
  writer.appendUint32(MAGIC)
  const file = writer.getBytes()
  sealFile(file)
  return file
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
    stored: { ...table, columns: found.map(({ column }) => column) },
    columns: Object.fromEntries(found.map(({ column, data }) => [column.name, data])),
  }
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

/** In one piece: by default zlib gives its output in buffers of 16 KB. */
function zstd(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { params: ZSTD_LEVEL, chunkSize: bytes.length + 1024 })
}

function writeChunk(writer: ByteWriter, leaf: Leaf, page: LeafPage): ColumnChunk {
  const start = writer.offset
  const size = page.values.length + (page.dictionary?.plain.length ?? 0)
  const codec: CompressionCodec = size < MIN_COMPRESSED_BYTES ? 'UNCOMPRESSED' : 'ZSTD'
  const compress = (bytes: Uint8Array) => (codec === 'ZSTD' ? zstd(bytes) : bytes)
  let uncompressed = 0
  let dictionaryOffset: bigint | undefined
  if (page.dictionary) {
    dictionaryOffset = BigInt(writer.offset)
    const compressed = compress(page.dictionary.plain)
    writePageHeader(writer, {
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: page.dictionary.plain.length,
      compressed_page_size: compressed.length,
      crc: pageCrc(compressed),
      dictionary_page_header: { num_values: page.dictionary.entries, encoding: 'PLAIN' },
    })
    uncompressed += writer.offset - start + page.dictionary.plain.length
    writer.appendBytes(compressed)
  }
  const dataOffset = writer.offset
  const encoding: Encoding = page.dictionary ? 'RLE_DICTIONARY' : 'PLAIN'
  const levels = page.repetitionLevels.length + page.definitionLevels.length
  const compressed = compress(page.values)
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels + page.values.length,
    compressed_page_size: levels + compressed.length,
    crc: pageCrc(page.repetitionLevels, page.definitionLevels, compressed),
    data_page_header_v2: {
      num_values: page.valueCount,
      num_nulls: page.nullCount,
      num_rows: page.rows,
      encoding,
      definition_levels_byte_length: page.definitionLevels.length,
      repetition_levels_byte_length: page.repetitionLevels.length,
      is_compressed: codec === 'ZSTD',
    },
  })
  uncompressed += writer.offset - dataOffset + levels + page.values.length
  writer.appendBytes(page.repetitionLevels)
  writer.appendBytes(page.definitionLevels)
  writer.appendBytes(compressed)
  return {
    file_offset: BigInt(start),
    meta_data: {
      type: leaf.element.type ?? 'BYTE_ARRAY',
      encodings: page.dictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
      path_in_schema: [...leaf.path],
      codec,
      num_values: BigInt(page.valueCount),
      total_uncompressed_size: BigInt(uncompressed),
      total_compressed_size: BigInt(writer.offset - start),
      data_page_offset: BigInt(dataOffset),
      dictionary_page_offset: dictionaryOffset,
      // Lists and maps have no bounds.
      statistics: {
        null_count: BigInt(page.nullCount),
        ...(leaf.maxRepetition === 0 ? { min_value: page.min, max_value: page.max } : {}),
      },
    },
  }
}
