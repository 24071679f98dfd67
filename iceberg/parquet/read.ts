/**
 * Reads columns of a Parquet file exactly: decimals, timestamps and dates come as their stored integers, because
 * hyparquet would make floats and millisecond dates of them.
 */
import { type AsyncBuffer, type DecodedArray, type FileMetaData, parquetMetadata, parquetRead } from 'hyparquet'
import { sumOf } from '../../domain/counts.ts'
import { Corrupt, messageOf } from '../../domain/errors.ts'
import { checkPages } from './check.ts'
import { parquetCompressors } from './chunk.ts'

const TAIL_BYTES = 8

export type ColumnValues = DecodedArray

/**
 * The named top-level columns as arrays of all rows (typed ones for required integers): number (int, date), bigint (long, timestamp in microseconds, decimal
 * unscaled up to 18 digits), string, Uint8Array (binary; decimals of more digits, big-endian), null. `name` is for messages.
 * @throws Corrupt where the bytes are no Parquet file or lack a column
 */
export async function readColumns(
  name: string,
  bytes: Uint8Array,
  columns: readonly string[],
): Promise<{ rows: number; values: Record<string, ColumnValues> }> {
  try {
    const metadata = withoutConversions(parquetMetadata(footerOf(bytes)))
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
    const joined = Object.fromEntries(columns.map(column => [column, join(values[column])]))
    for (const column of columns)
      if (joined[column].length !== rows)
        throw new Error(`column ${column} has ${joined[column].length} of ${rows} rows`)
    return { rows, values: joined }
  } catch (error) {
    throw new Corrupt(
      `${name} cannot be read as Parquet: ${messageOf(error)}. Restore the file or run tradelake audit.`,
      { cause: error },
    )
  }
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
