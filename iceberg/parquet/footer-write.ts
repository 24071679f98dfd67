/**
 * Writes footers, as page-headers.ts the headers of pages, straight as Thrift (parquet.thrift; compact protocol): hyparquet-writer makes
 * an object for each structure and looks its fields up by name, which took half the time of a small file. What does not hang on the
 * values, the schema before all, hyparquet-writer writes once for each layout. A test holds both ways byte for byte equal.
 */
import { CompressionCodecs, Encodings, ParquetTypes } from 'hyparquet/src/constants.js'
import { ByteWriter } from 'hyparquet-writer'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { unconvertMinMax } from 'hyparquet-writer/src/unconvert.js'
import { sumOf } from '../../domain/counts.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { CHECKSUM_KEY, NO_CHECKSUM } from './checksum.ts'
import { type FileMetaData, readFooter, type SchemaElement, TRAILER_BYTES } from './footer-thrift.ts'
import type { LeafPage } from './levels.ts'
import { type Leaf, parquetSchema } from './schema.ts'
import { structEnd } from './thrift-copy.ts'
import { BINARY, bytes, FALSE, field, I32, int, LIST, list, long, STRUCT, stop } from './thrift-write.ts'

/** What the footers of files of one layout have in common. */
export interface FileLayout {
  readonly leaves: readonly Leaf[]
  readonly schema: readonly SchemaElement[]
  /** The fields of FileMetaData before `num_rows`, and those after `row_groups` with the structure's end. */
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** A column chunk that was written; offsets in the file, sizes in bytes with page headers. */
export interface WrittenChunk {
  readonly leaf: Leaf
  readonly isCompressed: boolean
  readonly hasDictionary: boolean
  readonly values: number
  readonly nulls: number
  readonly start: number
  readonly dataStart: number
  readonly bytes: number
  readonly uncompressedBytes: number
  /** In plain encoding; undefined where there are none. */
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
  readonly isMinCut: boolean
  readonly isMaxCut: boolean
}

export interface WrittenGroup {
  readonly rows: number
  readonly bytes: number
  readonly chunks: readonly WrittenChunk[]
}

export function fileLayout(table: TableDefinition): FileLayout {
  const { elements, leaves } = parquetSchema(table.columns)
  const writer = new ByteWriter()
  writeMetadata(writer, {
    version: 2,
    created_by: 'tradelake',
    schema: elements,
    num_rows: 0n,
    row_groups: [],
    key_value_metadata: [{ key: CHECKSUM_KEY, value: NO_CHECKSUM }],
    metadata_length: 0,
  })
  writer.appendUint32(MAGIC)
  const bytes = writer.getBytes()
  const [SCHEMA_FIELD, GROUPS_FIELD] = [2, 4]
  return {
    leaves,
    schema: readFooter(bytes).schema,
    before: bytes.slice(0, structEnd(bytes, SCHEMA_FIELD)),
    after: bytes.slice(structEnd(bytes, GROUPS_FIELD), bytes.length - TRAILER_BYTES),
  }
}

export const MAGIC = 0x31524150 // "PAR1"

/** The bounds of a page as a footer holds them: in plain encoding, long texts cut. */
export function pageBounds(
  { element, maxRepetition }: Leaf,
  { min, max }: LeafPage,
): Pick<WrittenChunk, 'min' | 'max' | 'isMinCut' | 'isMaxCut'> {
  // Lists and maps have no bounds.
  if (maxRepetition > 0) return { min: undefined, max: undefined, isMinCut: false, isMaxCut: false }
  if (element.type === 'INT64') return { min: plainLong(min), max: plainLong(max), isMinCut: false, isMaxCut: false }
  const low = unconvertMinMax(min, element, false)
  const high = unconvertMinMax(max, element, true)
  return {
    min: low,
    max: high,
    isMinCut: min instanceof Uint8Array && low !== min,
    isMaxCut: max instanceof Uint8Array && high !== max,
  }
}

function plainLong(value: LeafPage['min']): Uint8Array | undefined {
  if (typeof value !== 'bigint') return undefined
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

/** The footer and all that follows it. */
export function writeFooter(
  writer: ByteWriter,
  layout: FileLayout,
  rows: number,
  groups: readonly WrittenGroup[],
): void {
  const start = writer.offset
  writer.appendBytes(layout.before)
  long(writer, 1, rows)
  field(writer, 1, LIST)
  list(writer, groups.length, STRUCT)
  for (const group of groups) writeGroup(writer, group)
  writer.appendBytes(layout.after)
  writer.appendUint32(writer.offset - start)
  writer.appendUint32(MAGIC)
}

function writeGroup(writer: ByteWriter, { rows, bytes, chunks }: WrittenGroup): void {
  field(writer, 1, LIST)
  list(writer, chunks.length, STRUCT)
  for (const chunk of chunks) writeChunk(writer, chunk)
  long(
    writer,
    1,
    sumOf(chunks, chunk => chunk.uncompressedBytes),
  )
  long(writer, 1, rows)
  const [ROWS_FIELD, BYTES_FIELD] = [3, 6]
  long(writer, BYTES_FIELD - ROWS_FIELD, bytes)
  stop(writer)
}

/** ColumnChunk, ColumnMetaData and Statistics. */
function writeChunk(writer: ByteWriter, chunk: WrittenChunk): void {
  const { leaf } = chunk
  long(writer, 2, chunk.start)
  field(writer, 1, STRUCT)
  int(writer, 1, ParquetTypes.indexOf(leaf.element.type ?? 'BYTE_ARRAY'))
  field(writer, 1, LIST)
  const encodings = chunk.hasDictionary ? DICTIONARY_ENCODINGS : PLAIN_ENCODINGS
  list(writer, encodings.length, I32)
  for (const encoding of encodings) writer.appendZigZag(encoding)
  field(writer, 1, LIST)
  list(writer, leaf.path.length, BINARY)
  for (const name of leaf.path) bytes(writer, Buffer.from(name))
  int(writer, 1, CompressionCodecs.indexOf(chunk.isCompressed ? 'ZSTD' : 'UNCOMPRESSED'))
  long(writer, 1, chunk.values)
  long(writer, 1, chunk.uncompressedBytes)
  long(writer, 1, chunk.bytes)
  const [BYTES_FIELD, DATA_FIELD, DICTIONARY_FIELD, STATISTICS_FIELD] = [7, 9, 11, 12]
  long(writer, DATA_FIELD - BYTES_FIELD, chunk.dataStart)
  if (chunk.hasDictionary) long(writer, DICTIONARY_FIELD - DATA_FIELD, chunk.start)
  field(writer, STATISTICS_FIELD - (chunk.hasDictionary ? DICTIONARY_FIELD : DATA_FIELD), STRUCT)
  writeStatistics(writer, chunk)
  stop(writer)
  stop(writer)
}

const PLAIN_ENCODINGS = [Encodings.indexOf('PLAIN'), Encodings.indexOf('RLE')]
const DICTIONARY_ENCODINGS = [...PLAIN_ENCODINGS, Encodings.indexOf('RLE_DICTIONARY')]

function writeStatistics(writer: ByteWriter, { nulls, min, max, isMinCut, isMaxCut }: WrittenChunk): void {
  const NULLS_FIELD = 3
  long(writer, NULLS_FIELD, nulls)
  let last = NULLS_FIELD
  for (const [number, value] of [
    [5, max],
    [6, min],
  ] as const)
    if (value) {
      field(writer, number - last, BINARY)
      bytes(writer, value)
      last = number
    }
  for (const [number, isCut] of [
    [7, isMaxCut],
    [8, isMinCut],
  ] as const)
    if (isCut) {
      field(writer, number - last, FALSE)
      last = number
    }
  stop(writer)
}

/** The footer as `readFooter` would read it. */
export function footerOf(layout: FileLayout, rows: number, groups: readonly WrittenGroup[]): FileMetaData {
  return {
    schema: layout.schema,
    num_rows: BigInt(rows),
    row_groups: groups.map(({ chunks }) => ({
      columns: chunks.map(chunk => ({
        num_values: BigInt(chunk.values),
        total_compressed_size: BigInt(chunk.bytes),
        data_page_offset: BigInt(chunk.dataStart),
        dictionary_page_offset: chunk.hasDictionary ? BigInt(chunk.start) : undefined,
        statistics: {
          null_count: BigInt(chunk.nulls),
          min_value: chunk.min,
          max_value: chunk.max,
          min: undefined,
          max: undefined,
        },
      })),
    })),
  }
}
