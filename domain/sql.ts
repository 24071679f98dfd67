/** Pieces of SQL that several stages write (DuckDB's dialect). */
import { type ColumnType, decimalType } from './column-types.ts'
import type { SqlValue } from './ports.ts'
import type { TableDefinition } from './tables.ts'

export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Columns that `read_parquet` gives besides the files' own. */
export type FileColumn = 'filename' | 'file_row_number'

/**
 * A table function over local Parquet files, read for the columns that stand in them: folder names mean nothing. For
 * files that belong to no table, or not yet; a table's files are read with `tableRows`.
 */
export function readParquet(paths: readonly string[]): string {
  return parquet(paths, '')
}

function parquet(paths: readonly string[], options: string): string {
  return `read_parquet([${paths.map(sqlText).join(', ')}], hive_partitioning = false${options})`
}

/**
 * The rows of a table's files at these local paths, as the definition is today: a column that is newer than a file is
 * null there, and narrower values are widened. Where there are no files: no rows, but the table's columns.
 *
 * The empty branch names all columns and their types; the union by name brings files of any age under them. Names are as good as
 * field ids, since no column is ever renamed (docs/adr/0013-tables-that-evolve.md says what it costs).
 */
export function tableRows(table: TableDefinition, paths: readonly string[], more: readonly FileColumn[] = []): string {
  const columns = table.columns.map(({ name, type }) => `NULL::${sqlType(type)} AS ${sqlName(name)}`)
  const none = `SELECT ${columns.join(', ')} WHERE false`
  if (paths.length === 0) return `(${none})`
  const options = [', union_by_name = true', ...more.map(column => `, ${column} = true`)].join('')
  return `(${none} UNION ALL BY NAME FROM ${parquet(paths, options)})`
}

/** A timestamptz constant of microseconds since 1970. */
export function sqlTimestamp(micros: bigint): string {
  return `make_timestamptz(${micros})`
}

/**
 * A COPY of a table's rows into a file, with the field ids that Iceberg readers use; zstd. A small limit for
 * dictionaries keeps ids and prices, nearly all different, from building one that is thrown away (a third of a copy's
 * time, 2 % of its size). `metadata` goes into the file's footer.
 */
export function copyToParquet(
  table: TableDefinition,
  select: string,
  path: string,
  metadata: Readonly<Record<string, string>> = {},
): string {
  const ids = table.columns.map(({ name, id, nestedIds }) => {
    const [first, second] = nestedIds ?? []
    if (second !== undefined) return `${sqlName(name)}: {__duckdb_field_id: ${id}, key: ${first}, value: ${second}}`
    if (first !== undefined) return `${sqlName(name)}: {__duckdb_field_id: ${id}, element: ${first}}`
    return `${sqlName(name)}: ${id}`
  })
  const entries = Object.entries(metadata).map(([key, value]) => `${sqlName(key)}: ${sqlText(value)}`)
  const noted = entries.length > 0 ? `, KV_METADATA {${entries.join(', ')}}` : ''
  return `COPY (${select}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${table.upkeep.rowGroupRows}, DICTIONARY_SIZE_LIMIT 4096, FIELD_IDS {${ids.join(', ')}}${noted})`
}

/** DuckDB's name of a column type. */
export function sqlType(type: ColumnType): string {
  if (decimalType(type)) return type.toUpperCase()
  const names: Record<string, string> = {
    int: 'INTEGER',
    long: 'BIGINT',
    float: 'FLOAT',
    double: 'DOUBLE',
    date: 'DATE',
    timestamptz: 'TIMESTAMPTZ',
    string: 'VARCHAR',
    binary: 'BLOB',
    'list<string>': 'VARCHAR[]',
    'map<string,string>': 'MAP(VARCHAR, VARCHAR)',
  }
  return names[type]
}

/** A cell as JSON: decimals are text already; an integer beyond 2^53 and a number that is not finite become text, bytes hexadecimal digits. */
export function cellJson({ nested }: { readonly nested: boolean }, value: SqlValue): string {
  if (nested && typeof value === 'string') return value
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value))
  return value instanceof Uint8Array ? JSON.stringify(Buffer.from(value).toString('hex')) : JSON.stringify(value)
}
