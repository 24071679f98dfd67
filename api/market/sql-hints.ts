/** Why a query may have found nothing, or was refused: it names a value that its table does not have, or a table that the lake does not. */
import type { Reader } from '../../adapters/duckdb-reader.ts'
import { sqlName } from '../../domain/sql.ts'
import { allTables } from '../../domain/tables.ts'
import { noneText } from '../../figures/nearest.ts'

/** An error of DuckDB's about a table or a column that there is not, with the nearest of those that there are; any other as it is. */
export function sqlProblem(message: string, query: string): string {
  const [, table] = /Table with name (\S+) does not exist/.exec(message) ?? []
  const names = allTables().map(({ name }) => name)
  if (table !== undefined) return noneText('table', table, names, 'there are none')
  const [, column] =
    /(?:Referenced column "([^"]+)" not found|does not have a column named "([^"]+)")/
      .exec(message)
      ?.filter(found => found !== undefined) ?? []
  if (column === undefined) return message
  const [, candidates = ''] = /Candidate bindings: *:? *(.*)/.exec(message) ?? []
  const near = [...candidates.matchAll(/"([^"]+)"/g)].map(([, name]) => name.split('.').at(-1) ?? name)
  const here = tablesIn(query).flatMap(({ columns }) => columns.map(({ name }) => name))
  return noneText('column', column, new Set([...near, ...here]), 'DESCRIBE lists those of a table')
}

const tablesIn = (query: string) => {
  const text = query.toLowerCase()
  return allTables().filter(({ name }) => text.includes(name))
}

/** Columns of few values, which people filter by. */
const COLUMNS = ['exchange', 'symbol', 'side', 'currency', 'asset_class', 'error_type', 'kind', 'status']

/** One line for each value that a filter names and the tables of the query do not have. */
export async function hintsOf(reader: Reader, query: string): Promise<string[]> {
  const tables = tablesIn(query)
  const hints: string[] = []
  for (const column of COLUMNS) {
    const wanted = valuesOf(query, column)
    if (wanted.length === 0) continue
    for (const table of tables.filter(({ columns }) => columns.some(({ name }) => name === column))) {
      const held = await distinct(reader, `SELECT DISTINCT ${sqlName(column)} FROM ${table.name} ORDER BY 1`)
      for (const value of wanted.filter(value => !held.includes(value)))
        hints.push(noneText(column, value, held, 'it has no rows', ` in ${table.name}`))
    }
  }
  return hints
}

/** The texts that a column is compared with: `exchange = 'KRAKEN'`, `exchange IN ('KRAKEN', 'BINANCE')`. */
function valuesOf(query: string, column: string): string[] {
  const filter = new RegExp(`\\b${column}"?\\s*(?:=|in)\\s*(\\([^)]*\\)|'(?:[^']|'')*')`, 'gi')
  return [...query.matchAll(filter)].flatMap(([, values]) =>
    [...values.matchAll(/'((?:[^']|'')*)'/g)].map(([, value]) => value.replaceAll("''", "'")),
  )
}

async function distinct(reader: Reader, query: string): Promise<string[]> {
  const values: string[] = []
  for await (const rows of (await reader.query(query)).rows)
    for (const [value] of rows) if (typeof value === 'string') values.push(value)
  return values
}
