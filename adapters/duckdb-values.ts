/**
 * DuckDB's values as ours: BIGINT, UBIGINT and HUGEINT bigint; smaller integers and floats number; BOOLEAN boolean; BLOB bytes;
 * DECIMAL text with all its digits after the point; DATE `2026-11-20`; TIMESTAMP and TIMESTAMPTZ ISO text with as many digits as
 * needed (`2026-11-20 10:11:12.000001`, and `+00` after it, as time zone is UTC); lists, maps and structs JSON text with decimals
 * and large integers as strings; everything else DuckDB's text.
 */
import {
  type DuckDBDataChunk,
  type DuckDBResult,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api'
import type { SqlValue } from '../domain/ports.ts'

/** Makes the cells of a result's chunks, row by row, in the order of its columns. */
export function cellReader(result: DuckDBResult): (chunk: DuckDBDataChunk) => SqlValue[][] {
  const readers = result.columnTypes().map(readerOf)
  return chunk => {
    const columns = readers.map((read, index) => {
      const vector = chunk.getColumnVector(index)
      return Array.from({ length: chunk.rowCount }, (_, row) => {
        const value = vector.getItem(row)
        return value === null || value === undefined ? null : read(value as DuckDBValue)
      })
    })
    return Array.from({ length: chunk.rowCount }, (_, row) => columns.map(column => column[row]))
  }
}

const NESTED: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
])

/** Whether a column's values come as JSON text. */
export function isNested({ typeId }: DuckDBType): boolean {
  return NESTED.has(typeId)
}

function readerOf(type: DuckDBType): (value: DuckDBValue) => SqlValue {
  switch (type.typeId) {
    case DuckDBTypeId.BLOB:
      return value => (value as { bytes: Uint8Array }).bytes
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
    case DuckDBTypeId.STRUCT:
      return value => JSON.stringify(JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter))
    case DuckDBTypeId.MAP:
      return value => JSON.stringify(mapObject(JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter)))
    default:
      return value => (typeof value === 'object' ? String(value) : (value as Exclude<SqlValue, Uint8Array | null>))
  }
}

/** DuckDB gives a map as its entries, because keys may be of any type; ours are text. */
function mapObject(entries: Json | null): unknown {
  return Object.fromEntries((entries as { key: Json; value: Json }[]).map(({ key, value }) => [String(key), value]))
}
