/** Pieces of SQL that several stages write (DuckDB's dialect). */
import { decimalType } from './column-types.ts'
import type { TableDefinition } from './tables.ts'

export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A table function over local Parquet files, read for the columns that stand in them: folder names mean nothing. */
export function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(sqlText).join(', ')}], hive_partitioning = false)`
}

/** The rows of a table's files at these local paths; none, with the table's columns, where there are no files. */
export function tableRows(table: TableDefinition, paths: readonly string[]): string {
  if (paths.length > 0) return readParquet(paths)
  const columns = table.columns.map(({ name, type }) => `NULL::${sqlType(type)} AS ${sqlName(name)}`)
  return `(SELECT ${columns.join(', ')} WHERE false)`
}

/** A timestamptz constant of microseconds since 1970. */
export function sqlTimestamp(micros: bigint): string {
  return `make_timestamptz(${micros})`
}

/**
 * Where the copy of a table's rows goes, with the field ids that Iceberg readers go by; zstd. A small limit for dictionaries
 * spares ids and prices, nearly all different, a dictionary that is thrown away (a third of a copy's time, 2 % of its size).
 */
export function copyToParquet(table: TableDefinition, select: string, path: string): string {
  const ids = table.columns.map(({ name, id, nestedIds }) => {
    const [first, second] = nestedIds ?? []
    if (second !== undefined) return `${sqlName(name)}: {__duckdb_field_id: ${id}, key: ${first}, value: ${second}}`
    if (first !== undefined) return `${sqlName(name)}: {__duckdb_field_id: ${id}, element: ${first}}`
    return `${sqlName(name)}: ${id}`
  })
  return `COPY (${select}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${table.upkeep.rowGroupRows}, DICTIONARY_SIZE_LIMIT 4096, FIELD_IDS {${ids.join(', ')}})`
}

/** DuckDB's name of a column type. */
function sqlType(type: string): string {
  if (decimalType(type as never)) return type.toUpperCase()
  const names: Record<string, string> = {
    int: 'INTEGER',
    long: 'BIGINT',
    date: 'DATE',
    timestamptz: 'TIMESTAMPTZ',
    string: 'VARCHAR',
    binary: 'BLOB',
    'list<string>': 'VARCHAR[]',
    'map<string,string>': 'MAP(VARCHAR, VARCHAR)',
  }
  return names[type]
}
