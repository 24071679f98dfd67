/** Why a query may have found nothing, or was refused: it names a value that its table does not have, or a table that the lake does not. */
import type { Reader } from '../../adapters/duckdb-reader.ts'
import { sqlName } from '../../domain/sql.ts'
import { allTables } from '../../domain/tables.ts'
import { nearest } from './nearest.ts'

/** An error of DuckDB's with the tables that there are, where it is about one that there is not; else as it is. */
export function withTables(message: string): string {
  const [, wrong] = /Table with name (\S+) does not exist/.exec(message) ?? []
  if (wrong === undefined) return message
  const names = allTables().map(({ name }) => name)
  const [first] = message.split('\n')
  const near = nearest(wrong, names) ?? ''
  // Else it lists some of them.
  const hint = near.startsWith('the nearest') ? `T${near.slice(1)}. ` : ''
  return `${first.replace(/\s*Did you mean.*$/, '')} ${hint}The tables are ${names.join(', ')}.`
}

/** Columns of few values, which people filter by. */
const COLUMNS = ['exchange', 'symbol', 'side', 'currency', 'asset_class', 'error_type', 'kind', 'status']
const SHOWN = 12

/** One line for each value that a filter names and the tables of the query do not have. */
export async function hintsOf(reader: Reader, query: string): Promise<string[]> {
  const text = query.toLowerCase()
  const tables = allTables().filter(({ name }) => text.includes(name))
  const hints: string[] = []
  for (const column of COLUMNS) {
    const wanted = valuesOf(query, column)
    if (wanted.length === 0) continue
    for (const table of tables.filter(({ columns }) => columns.some(({ name }) => name === column))) {
      const held = await distinct(reader, `SELECT DISTINCT ${sqlName(column)} FROM ${table.name} ORDER BY 1`)
      for (const value of wanted.filter(value => !held.includes(value)))
        hints.push(
          `${table.name} has no ${column} '${value}': ${held.length === 0 ? 'it has no rows' : `it has ${listOf(held)}`}.`,
        )
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

function listOf(values: readonly string[]): string {
  const more = values.length - SHOWN
  return `${values.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
