/** The digest of rows that check_lake.py computes, from Parquet files read by DuckDB. */
import { createHash } from 'node:crypto'
import type { ColumnType } from '../../domain/column-types.ts'
import type { Ports, QueryEngine } from '../../domain/ports.ts'
import { readParquet, tableRows } from '../../domain/sql.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import type { DataFile } from '../../iceberg/types.ts'

/** The query that gives the rows of `from` as the texts that are digested. */
export function textsQuery(table: TableDefinition, from: string): string {
  const columns = table.columns.map(({ name, type }) => `${textSql(`"${name}"`, type)} AS "${name}"`)
  return `SELECT ${columns.join(', ')} FROM ${from}`
}

/** Rows that `textsQuery` gave and their digest, whatever their order. */
export function digestRows(
  table: TableDefinition,
  rows: readonly Readonly<Record<string, unknown>>[],
): { rows: number; digest: string } {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const hashes = rows.map(row => hash(JSON.stringify(table.columns.map(column => row[column.name])))).sort()
  return { rows: rows.length, digest: hash(hashes.join('\n')) }
}

/** Rows of a table's files, of any age, and their digest. */
export async function digestTable(
  { engine, store }: Pick<Ports, 'engine' | 'store'>,
  table: TableDefinition,
  files: readonly Pick<DataFile, 'key'>[],
): Promise<{ rows: number; digest: string }> {
  const paths = await Promise.all(files.map(({ key }) => store.localFile(key)))
  return digestRows(table, await engine.run([textsQuery(table, tableRows(table, paths))]))
}

/** Rows of the files and their digest. */
export async function digestFiles(
  engine: QueryEngine,
  table: TableDefinition,
  paths: readonly string[],
): Promise<{ rows: number; digest: string }> {
  const rows = paths.length === 0 ? [] : await engine.run([textsQuery(table, readParquet(paths))])
  return digestRows(table, rows)
}

function textSql(value: string, type: ColumnType): string {
  switch (type) {
    case 'timestamptz':
      return `epoch_us(${value})::VARCHAR`
    case 'binary':
      return `lower(hex(${value}))`
    case 'list<string>':
      return `to_json(${value})::VARCHAR`
    case 'map<string,string>':
      return `to_json(list_sort([[e.key, e.value] FOR e IN map_entries(${value})]))::VARCHAR`
    default:
      return `${value}::VARCHAR`
  }
}
