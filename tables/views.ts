/** The lake's tables as they are now, and SQL views over their current snapshots. */
import { NotFound } from '../domain/errors.ts'
import type { Exchange } from '../domain/exchanges.ts'
import type { Ports } from '../domain/ports.ts'
import { sqlName, tableRows } from '../domain/sql.ts'
import { allTables, type TableDefinition } from '../domain/tables.ts'
import { type LoadedTable, openTable } from '../iceberg/catalog.ts'
import { planFiles } from '../iceberg/scan.ts'
import type { DataFile } from '../iceberg/types.ts'

/** What views are made of. */
interface ViewedLake {
  readonly exchanges: readonly Exchange[]
  readonly ports: Pick<Ports, 'store' | 'state'>
}

export interface OpenTable {
  readonly definition: TableDefinition
  /** undefined before its first commit. */
  readonly loaded: LoadedTable | undefined
  readonly files: readonly DataFile[]
}

/** Every table of the lake with the files of its current snapshot. */
export async function openTables(lake: ViewedLake): Promise<OpenTable[]> {
  return Promise.all(allTables(lake.exchanges).map(definition => openView(lake, definition)))
}

/** One table with the files of its current snapshot. */
export async function openView({ ports }: Pick<ViewedLake, 'ports'>, definition: TableDefinition): Promise<OpenTable> {
  const loaded = await openTable(ports, definition)
  return { definition, loaded, files: loaded ? await planFiles(ports, loaded) : [] }
}

/** Local paths of a table's files. @throws NotFound where a file is missing */
export async function localPaths(
  { ports }: Pick<ViewedLake, 'ports'>,
  { definition, files }: OpenTable,
): Promise<string[]> {
  return Promise.all(
    files.map(file =>
      ports.store.localFile(file.key).catch(error => {
        if (error instanceof NotFound)
          throw new NotFound(`${definition.name} names ${file.key}, which is missing: run tradelake audit.`)
        throw error
      }),
    ),
  )
}

/** The statement that makes a session's view of the table's name over its files at these local paths; no rows where there are none. */
function viewOf(definition: TableDefinition, paths: readonly string[]): string {
  const columns = definition.columns.map(column => sqlName(column.name)).join(', ')
  return `CREATE TEMP VIEW ${definition.name} AS SELECT ${columns} FROM ${tableRows(definition, paths)}`
}

/** Like `viewOf`, of the table's own files. @throws NotFound where a file is missing */
export async function createView(lake: ViewedLake, table: OpenTable): Promise<string> {
  return viewOf(table.definition, await localPaths(lake, table))
}

/** The views of a query's session, the tables that it names, and the local paths of the files that they read. */
export interface QueryViews {
  readonly tables: readonly LoadedTable[]
  readonly views: readonly string[]
  readonly files: readonly string[]
}

/**
 * Views of all tables. A table that the query does not name has a view without rows: nothing of it is fetched from S3, or in the way
 * where it is damaged. A query that puts a table's name together (`query_table`) may name any.
 * @throws NotFound where a file is missing
 */
export async function queryViews(lake: ViewedLake, query: string): Promise<QueryViews> {
  const text = query.toLowerCase()
  const namesAny = /\bquery(_table)?\s*\(/.test(text)
  const opened = await Promise.all(
    allTables(lake.exchanges).map(async definition => {
      const isNamed = namesAny || text.includes(definition.name)
      const named = isNamed ? await openView(lake, definition) : undefined
      const paths = named ? await localPaths(lake, named) : []
      return { table: named?.loaded, view: viewOf(definition, paths), paths }
    }),
  )
  return {
    tables: opened.flatMap(({ table }) => table ?? []),
    views: opened.map(({ view }) => view),
    files: opened.flatMap(({ paths }) => paths),
  }
}
