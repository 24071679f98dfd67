/** Reads columns of a table's Parquet files as one batch: pages into typed arrays, without an object for each row. */
import {
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadata,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet'
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getSchemaPath, getTreePath } from 'hyparquet/src/schema.js'
import type { Column } from '../../domain/column-types.ts'
import type { Batch } from '../../domain/columns.ts'
import { sumOf } from '../../domain/counts.ts'
import { Corrupt, messageOf, TradelakeError } from '../../domain/errors.ts'
import type { Room } from '../../domain/room.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { chunkRange } from './check.ts'
import { type ChunkPage, type LeafLevels, readPages } from './chunk.ts'
import { promotePages } from './promote.ts'
import { namesInFile } from './schema.ts'
import { columnSink } from './sinks.ts'

/** Bytes of a file, in memory or behind a port. */
export interface ByteSource {
  /** For error messages. */
  readonly name: string
  readonly bytes: number
  /** Bytes start up to but not including end. */
  read(start: number, end: number): Promise<Uint8Array>
}

export interface BatchOptions {
  readonly columns: readonly string[]
  /** Columns of mostly different strings, which come as bytes instead of by dictionary. */
  readonly plain: ReadonlySet<string>
  /** Where the columns lie, for as long as the room's owner lets them. */
  readonly room?: Room
  /** Leaves row groups out. */
  readonly keep?: (group: RowGroup) => boolean
}

/** Enough for the footer of nearly every file of a commit. */
const TAIL_BYTES = 64 * 1024
const TRAILER_BYTES = 8

export function sourceOf(name: string, bytes: Uint8Array): ByteSource {
  return { name, bytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) }
}

/**
 * The rows of all files, in their order, as the definition is today: an optional column that is newer than a file is
 * null there, and narrower values are widened. Strings come as `bytes` or `dictionary`, lists and maps as `dictionary`, decimals
 * unscaled.
 * @throws Corrupt naming the file that cannot be read or lacks a required column
 */
export async function readBatch(
  table: TableDefinition,
  sources: readonly ByteSource[],
  options: BatchOptions,
): Promise<Batch> {
  const files = await openFiles(table, sources, options)
  return files.read(options)
}

/** Files whose columns are read one after the other, each when it is needed; `keep` as for all of them together. */
export interface OpenedFiles {
  readonly rows: number
  /** As `readBatch`. */
  read(options: Omit<BatchOptions, 'keep'>): Promise<Batch>
}

/** @throws Corrupt naming the file whose footer cannot be read */
export async function openFiles(
  table: TableDefinition,
  sources: readonly ByteSource[],
  { keep }: Pick<BatchOptions, 'keep'> = {},
): Promise<OpenedFiles> {
  const files = await Promise.all(sources.map(source => open(table, source, keep)))
  const groups = files.flatMap(({ groups, ...file }) => groups.map(group => ({ ...file, group })))
  return { rows: rowsOf(groups), read: options => readInto(table, groups, options) }
}

/** The rows of one file, a row group at a time. @throws Corrupt */
export async function* readGroups(
  table: TableDefinition,
  source: ByteSource,
  options: BatchOptions,
): AsyncGenerator<Batch> {
  const { groups, ...file } = await open(table, source, options.keep)
  for (const group of groups) yield readInto(table, [{ ...file, group }], options)
}

interface PlacedGroup {
  readonly source: ByteSource
  readonly schema: SchemaTree
  /** The names of the table's columns in the file. */
  readonly names: ReadonlyMap<string, string>
  readonly group: RowGroup
}

async function open(table: TableDefinition, source: ByteSource, keep: BatchOptions['keep']) {
  const metadata = await named(source, () => readMetadata(source))
  const names = namesInFile(metadata.schema, table)
  const [schema] = getSchemaPath(metadata.schema, [])
  return { source, schema, names, groups: metadata.row_groups.filter(group => keep?.(group) ?? true) }
}

function rowsOf(groups: readonly PlacedGroup[]): number {
  return sumOf(groups, ({ group }) => Number(group.num_rows))
}

async function readInto(
  table: TableDefinition,
  groups: readonly PlacedGroup[],
  options: Omit<BatchOptions, 'keep'>,
): Promise<Batch> {
  const rows = rowsOf(groups)
  const sinks = options.columns.map(name => {
    const column = table.columns.find(candidate => candidate.name === name)
    if (!column) throw new RangeError(`${table.name} has no column ${name}`)
    return { column, sink: columnSink(column, rows, options.plain.has(name), options.room) }
  })
  for (const placed of groups)
    await named(placed.source, async () => {
      const chunks = await Promise.all(sinks.map(({ column }) => readChunks(placed, column)))
      sinks.forEach(({ column, sink }, i) => {
        const leaves = chunks[i]
        if (leaves)
          sink.add(
            leaves.map(({ bytes, chunk, levels, stored }) =>
              promotePages(readPages(bytes, chunk, levels, sink.keepsPages === true, options.room), stored, column),
            ),
            leaves.map(({ levels }) => levels.maxDefinition),
          )
        else sink.add(...nulls(column, Number(placed.group.num_rows)))
      })
    })
  return { rows, columns: Object.fromEntries(sinks.map(({ column, sink }) => [column.name, sink.finish()])) }
}

async function named<T>(source: ByteSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TradelakeError) throw error
    throw new Corrupt(
      `${source.name} cannot be read as Parquet: ${messageOf(error)}. Restore the file or run tradelake audit.`,
      {
        cause: error,
      },
    )
  }
}

async function readMetadata(source: ByteSource): Promise<FileMetaData> {
  const readTail = (bytes: number) => source.read(Math.max(0, source.bytes - bytes), source.bytes)
  let tail = await readTail(TAIL_BYTES)
  if (tail.length < TRAILER_BYTES + 4) throw new Error(`${tail.length} bytes are too few`)
  const footer = new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(
    tail.length - TRAILER_BYTES,
    true,
  )
  if (footer + TRAILER_BYTES > tail.length && tail.length < source.bytes) tail = await readTail(footer + TRAILER_BYTES)
  return parquetMetadata(tail.buffer.slice(tail.byteOffset, tail.byteOffset + tail.byteLength) as ArrayBuffer)
}

interface LeafChunk {
  readonly bytes: Uint8Array
  readonly chunk: ColumnMetaData
  readonly levels: LeafLevels
  readonly stored: SchemaElement
}

/** The chunks of a column: one, or a map's two; undefined where the column is newer than the file. */
async function readChunks(
  { source, schema, names, group }: PlacedGroup,
  column: Column,
): Promise<LeafChunk[] | undefined> {
  const name = names.get(column.name)
  const chunks = group.columns.flatMap(({ meta_data: chunk }) =>
    chunk && chunk.path_in_schema[0] === name ? [chunk] : [],
  )
  if (chunks.length === 0) {
    if (column.required) throw new Error(`it has no column ${column.name}`)
    return undefined
  }
  return Promise.all(
    chunks.map(async chunk => {
      const path = getTreePath(schema, chunk.path_in_schema)
      const levels = { maxDefinition: getMaxDefinitionLevel(path), maxRepetition: getMaxRepetitionLevel(path) }
      const { start, end } = chunkRange(chunk)
      if (!(start >= 4 && start < end && end <= source.bytes))
        throw new Error(`column ${column.name} lies outside the file`)
      return { bytes: await source.read(start, end), chunk, levels, stored: path[path.length - 1].element }
    }),
  )
}

/** Pages of a column that is all null, and the levels that a value would have. */
function nulls({ nestedIds = [] }: Column, rows: number): [ChunkPage[][], number[]] {
  const page: ChunkPage = {
    slots: rows,
    present: 0,
    repetition: undefined,
    definition: new Uint8Array(rows),
    values: new Uint8Array(0),
    dictionary: undefined,
  }
  const leaves = Array.from({ length: Math.max(1, nestedIds.length) })
  return [leaves.map(() => [page]), leaves.map(() => 1 + nestedIds.length)]
}
