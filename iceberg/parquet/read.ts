/**
 * Reads columns of a Parquet file exactly: decimals, timestamps and dates come as their stored integers, because
 * hyparquet would make floats and millisecond dates of them.
 */
import { type AsyncBuffer, type DecodedArray, type FileMetaData, parquetMetadata, parquetRead } from 'hyparquet'
import { sumOf } from '../../domain/counts.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { Corrupt, messageOf } from '../../domain/errors.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { checkPages } from './check.ts'
import { parquetCompressors } from './chunk.ts'
import { namesInFile } from './schema.ts'

const TAIL_BYTES = 8

export type ColumnValues = DecodedArray

/**
 * The named top-level columns as arrays of all rows (typed ones for required integers): number (int, date), bigint (long, timestamp
 * in microseconds, decimal unscaled), string, Uint8Array (binary), null. `table` gives the names, or the table whose definition
 * they are of: an optional column that the file was written before is null then, and a narrower value is widened.
 * `name` is for messages.
 * @throws Corrupt where the bytes are no Parquet file or lack a column
 */
export async function readColumns(
  name: string,
  bytes: Uint8Array,
  columns: readonly string[],
  table?: TableDefinition,
): Promise<{ rows: number; values: Record<string, ColumnValues> }> {
  try {
    const parsed = parquetMetadata(footerOf(bytes))
    const rows = Number(parsed.num_rows)
    const named = table ? namesInFile(parsed.schema, table) : new Map(columns.map(column => [column, column]))
    const present = columns.flatMap(column => named.get(column) ?? [])
    const stored = await readPresent(bytes, parsed, present)
    const values = columns.map(column => {
      const definition = table?.columns.find(candidate => candidate.name === column)
      const found = stored[named.get(column) ?? '']
      if (found) return [column, definition?.type === 'long' ? longs(found) : found] as const
      if (!definition || definition.required) throw new Error(`it has no column ${column}`)
      return [column, new Array(rows).fill(null)] as const
    })
    return { rows, values: Object.fromEntries(values) }
  } catch (error) {
    throw new Corrupt(
      `${name} cannot be read as Parquet: ${messageOf(error)}. Restore the file or run tradelake audit.`,
      { cause: error },
    )
  }
}

async function readPresent(
  bytes: Uint8Array,
  parsed: FileMetaData,
  columns: readonly string[],
): Promise<Record<string, ColumnValues>> {
  const metadata = withoutConversions(parsed)
  checkPages(bytes, metadata, columns)
  const values: Record<string, ColumnValues[]> = Object.fromEntries(columns.map(column => [column, []]))
  await parquetRead({
    file: asyncBuffer(bytes),
    metadata,
    columns: [...columns],
    compressors: parquetCompressors,
    utf8: false,
    onChunk: ({ columnName, columnData }) => {
      values[columnName].push(columnData)
    },
  })
  const rows = Number(metadata.num_rows)
  const decimals = new Set(parsed.schema.flatMap(element => (element.converted_type === 'DECIMAL' ? element.name : [])))
  const joined = columns.map(column => [column, join(values[column])] as const)
  for (const [column, { length }] of joined)
    if (length !== rows) throw new Error(`column ${column} has ${length} of ${rows} rows`)
  return Object.fromEntries(joined.map(([column, all]) => [column, decimals.has(column) ? unscaled(all) : all]))
}

/** Decimals come in 4 or 8 bytes as integers, or in more as bytes. */
function unscaled(values: ColumnValues): ColumnValues {
  if (values instanceof BigInt64Array) return values
  return Array.from(values, value => (value instanceof Uint8Array ? decimalFromBytes(value) : longOf(value)))
}

/** An int column that became a long. */
function longs(values: ColumnValues): ColumnValues {
  return values instanceof BigInt64Array ? values : Array.from(values, longOf)
}

function longOf(value: unknown): unknown {
  return typeof value === 'number' ? BigInt(value) : value
}

/** Footer and magic as a buffer of their own: the metadata reader takes the end of a file. */
function footerOf(bytes: Uint8Array): ArrayBuffer {
  if (bytes.length < 12) throw new Error(`${bytes.length} bytes are too few`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = view.getUint32(bytes.length - TAIL_BYTES, true)
  const start = Math.max(0, bytes.length - length - TAIL_BYTES)
  return copyOf(bytes, start, bytes.length)
}

function asyncBuffer(bytes: Uint8Array): AsyncBuffer {
  return {
    byteLength: bytes.length,
    slice: (start, end = bytes.length) => copyOf(bytes, start, end),
  }
}

/** Bytes start..end in a buffer of their own (a Buffer's own slice would share its pool). */
function copyOf(bytes: Uint8Array, start: number, end: number): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + end) as ArrayBuffer
}

function withoutConversions(metadata: FileMetaData): FileMetaData {
  const schema = metadata.schema.map(element =>
    element.type === undefined || element.converted_type === 'UTF8'
      ? element
      : { ...element, converted_type: undefined, logical_type: undefined },
  )
  return { ...metadata, schema }
}

/** Chunks of required integers stay typed arrays. */
function join(chunks: readonly ColumnValues[]): ColumnValues {
  if (chunks.length === 1) return chunks[0]
  const rows = sumOf(chunks, chunk => chunk.length)
  if (chunks.length > 0 && chunks.every(chunk => chunk instanceof BigInt64Array)) {
    const joined = new BigInt64Array(rows)
    fill(chunks, (chunk, at) => joined.set(chunk as BigInt64Array, at))
    return joined
  }
  if (chunks.length > 0 && chunks.every(chunk => chunk instanceof Int32Array)) {
    const joined = new Int32Array(rows)
    fill(chunks, (chunk, at) => joined.set(chunk as Int32Array, at))
    return joined
  }
  const joined: unknown[] = []
  for (const chunk of chunks) for (const value of chunk) joined.push(value)
  return joined
}

function fill(chunks: readonly ColumnValues[], set: (chunk: ColumnValues, at: number) => void): void {
  let at = 0
  for (const chunk of chunks) {
    set(chunk, at)
    at += chunk.length
  }
}
