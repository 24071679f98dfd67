/** Rows of a simulated lake's tables, read once for each distinct file of a process. */
import type { TableDefinition } from '../../domain/tables.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import { byContent } from './by-content.ts'
import { listedFiles } from './iceberg-reader.ts'
import { truePorts, type World } from './world.ts'

export type Row = Readonly<Record<string, unknown>>

const rowsByContent = byContent<Promise<readonly Row[]>>(1_500)

/** What a table's current snapshot holds, and what is wrong with its files. */
export interface TableRows {
  readonly rows: Row[]
  readonly problems: string[]
}

export async function readTable(world: World, definition: TableDefinition): Promise<TableRows> {
  const ports = truePorts(world)
  const rows: Row[] = []
  const problems: string[] = []
  for (const file of await listedFiles(ports, definition.name)) {
    const info = await ports.store.head(file.key)
    if (info?.bytes !== file.bytes) {
      problems.push(`${file.key} has ${info?.bytes ?? 'no'} bytes, its manifest says ${file.bytes}`)
      continue
    }
    const found = await rowsOf(definition, file.key, await ports.store.get(file.key))
    if (found.length !== file.records)
      problems.push(`${file.key} has ${found.length} rows, its manifest says ${file.records}`)
    for (const { source, transform, name } of definition.partition)
      if (transform !== 'month' && found.some(row => row[source] !== file.partition[name]))
        problems.push(`${file.key} holds rows of another ${name} than ${file.partition[name]}`)
    rows.push(...found)
  }
  return { rows, problems }
}

/** The rows of a data file. */
export function rowsOf(definition: TableDefinition, key: string, bytes: Uint8Array): Promise<readonly Row[]> {
  return rowsByContent(definition.name, bytes, async () => {
    const columns = definition.columns.filter(column => !column.nestedIds).map(column => column.name)
    const { rows, values } = await readColumns(key, bytes, columns, definition)
    return Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(columns.map(column => [column, values[column][row]])),
    )
  })
}
