/**
 * Encodes a batch of columns as a Parquet file in memory (data page v2; zstd except for tiny columns).
 * Run-length encoding and the schema are hyparquet-writer's; the values are copied from columns that are laid out like pages
 * already, which its row-by-row encoder cannot do (docs/adr/0002-parquet-writer.md).
 */
import { ByteWriter } from 'hyparquet-writer'
import type { Column, ColumnType } from '../../domain/column-types.ts'
import { type Batch, type ColumnData, nullColumn } from '../../domain/columns.ts'
import { sparesOf } from '../../domain/spares.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { pageCrc, sealFile } from './checksum.ts'
import { asStored } from './fit.ts'
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
import { type Leaf, parquetSchema } from './schema.ts'
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
  const encoder = createFileEncoder(table, batch.rows, rowGroupRows)
  for (const { name } of table.columns) if (batch.columns[name]) encoder.add(name, batch.columns[name])
  return encoder.finish()
}

export interface FileEncoder {
  /**
   * Encodes a column: its values for all rows, which are not needed any more then.
   * @throws RangeError where it has another length, or a decimal has more digits than its type
   */
  add(name: string, data: ColumnData): void
  /** The file, with nulls for optional columns that were not added. @throws RangeError where a required one was not */
  finish(): EncodedFile
}

/** Pages of files that are being encoded, before they are in their files' order: buffers that are used again. */
const pageBuffers = sparesOf<ByteWriter>(4)
const MAX_SPARE_BYTES = 32 * 1024 * 1024

/** A file of so many rows, column by column, so that they need not be in memory together. */
export function createFileEncoder(table: TableDefinition, rows: number, rowGroupRows = ROW_GROUP_ROWS): FileEncoder {
  const expected = FIRST_BYTES + rows * ROW_BYTES
  const spare = pageBuffers.take()
  // One that is too small would be copied into a larger one.
  const pages = spare && spare.buffer.byteLength >= expected ? spare : new ByteWriter(expected)
  pages.offset = pages.index = 0
  /** By column: how it is stored, and its chunks by leaf and row group. */
  const encoded = new Map<string, { readonly stored: Column; readonly chunks: readonly WrittenChunk[][] }>()

  function add(name: string, data: ColumnData): void {
    const column = table.columns.find(candidate => candidate.name === name)
    if (!column) throw new RangeError(`${table.name} has no column ${name}`)
    const fitted = asStored(column, data)
    const stored = { ...column, type: fitted.type }
    const chunks = leavesOf(column, stored).map(leaf => encodeChunks(leaf, fitted.data))
    encoded.set(name, { stored, chunks })
  }

  /** The leaf's chunk of each row group. */
  function encodeChunks(leaf: Leaf, data: ColumnData): WrittenChunk[] {
    requireRows(leaf, data, rows)
    const chunks: WrittenChunk[] = []
    // A byte column is walked only once: each group hands on where the next one's values begin.
    let position = 0
    for (let from = 0; from < rows; from += rowGroupRows) {
      const page = encodeLeaf(leaf, data, from, Math.min(from + rowGroupRows, rows), position)
      position = page.position ?? position
      chunks.push(writeChunk(pages, leaf, page))
    }
    if (data.kind === 'bytes' && position !== data.plain.length)
      throw new RangeError(`A byte column for ${table.name} has other bytes than those of ${rows} values`)
    return chunks
  }

  function finish(): EncodedFile {
    for (const { name, type, required } of table.columns) {
      if (encoded.has(name)) continue
      if (required) throw new RangeError(`Column ${name} of ${table.name} is missing from the batch`)
      add(name, nullColumn(type, rows))
    }
    const columns = table.columns.flatMap(({ name }) => encoded.get(name) ?? [])
    const layout = layoutOf(
      table,
      columns.map(({ stored }) => stored),
    )
    const leaves = columns.flatMap(({ chunks }) => chunks)
    const writer = new ByteWriter(FIRST_BYTES + pages.index)
    writer.appendUint32(MAGIC)
    const groups: WrittenGroup[] = []
    for (let from = 0; from < rows; from += rowGroupRows) {
      const start = writer.offset
      const chunks = leaves.map(byGroup => moved(writer, pages, byGroup[groups.length]))
      groups.push({ rows: Math.min(rowGroupRows, rows - from), bytes: writer.offset - start, chunks })
    }
    if (pages.buffer.byteLength <= MAX_SPARE_BYTES) pageBuffers.give(pages)
    writeFooter(writer, layout, rows, groups)
    const bytes = writer.getBytes()
    sealFile(bytes)
    return { bytes, footer: footerOf(layout, rows, groups) }
  }

  return { add, finish }
}

/** The chunk in its place in the file. */
function moved(writer: ByteWriter, pages: ByteWriter, chunk: WrittenChunk): WrittenChunk {
  const start = writer.offset
  writer.appendBytes(new Uint8Array(pages.buffer, chunk.start, chunk.bytes))
  return { ...chunk, start, dataStart: start + chunk.dataStart - chunk.start }
}

/** By a column and the type that a file stores it with. */
const columnLeaves = new WeakMap<Column, Map<ColumnType, readonly Leaf[]>>()

function leavesOf(column: Column, stored: Column): readonly Leaf[] {
  const known = columnLeaves.get(column) ?? new Map<ColumnType, readonly Leaf[]>()
  columnLeaves.set(column, known)
  let leaves = known.get(stored.type)
  if (!leaves) known.set(stored.type, (leaves = parquetSchema([stored]).leaves))
  return leaves
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
