/** The lake's tables as they are now, and SQL views over their current snapshots. */
import { NotFound } from '../domain/errors.ts'
import type { ReadableLake } from '../domain/lake.ts'
import { sqlName, tableRows } from '../domain/sql.ts'
import { allTables, type TableDefinition } from '../domain/tables.ts'
import { type LoadedTable, openTable } from '../iceberg/catalog.ts'
import { planFiles } from '../iceberg/scan.ts'
import type { DataFile } from '../iceberg/types.ts'

export interface OpenTable {
  readonly definition: TableDefinition
  /** undefined before its first commit. */
  readonly loaded: LoadedTable | undefined
  readonly files: readonly DataFile[]
}

/** Every table of the lake with the files of its current snapshot. */
export async function openTables(lake: Pick<ReadableLake, 'exchanges' | 'ports'>): Promise<OpenTable[]> {
  return Promise.all(allTables(lake.exchanges).map(definition => openView(lake, definition)))
}

/** One table with the files of its current snapshot. */
export async function openView(
  { ports }: Pick<ReadableLake, 'ports'>,
  definition: TableDefinition,
): Promise<OpenTable> {
  const loaded = await openTable(ports, definition)
  return { definition, loaded, files: loaded ? await planFiles(ports, loaded) : [] }
}

/** Local paths of a table's files. @throws NotFound where a file is missing */
export async function localPaths(lake: ReadableLake, { definition, files }: OpenTable): Promise<string[]> {
  return Promise.all(
    files.map(file =>
      lake.ports.store.localFile(file.key).catch(error => {
        if (error instanceof NotFound)
          throw new NotFound(`${definition.name} names ${file.key}, which is missing: run tradelake audit.`)
        throw error
      }),
    ),
  )
}

/** The statement that makes a session's view of the table's name over its files at these local paths; no rows where there are none. */
export function viewOf(definition: TableDefinition, paths: readonly string[]): string {
  const columns = definition.columns.map(column => sqlName(column.name)).join(', ')
  return `CREATE TEMP VIEW ${definition.name} AS SELECT ${columns} FROM ${tableRows(definition, paths)}`
}

/** Like `viewOf`, of the table's own files. @throws NotFound where a file is missing */
export async function createView(lake: ReadableLake, table: OpenTable): Promise<string> {
  return viewOf(table.definition, await localPaths(lake, table))
}
