/** `tradelake sql`: DuckDB over the current snapshots of all tables, a view each. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { BadInput } from '../domain/errors.ts'
import type { QuerySession, SqlRow, SqlValue } from '../domain/ports.ts'
import { sqlText } from '../domain/sql.ts'
import { createView, openTables } from '../tables/views.ts'
import { command } from './command.ts'
import { formatTable } from './format.ts'
import { LAKE_OPTIONS, openToRead } from './open-lake.ts'

const FORMATS = ['table', 'csv', 'json', 'parquet']

export const sql = command({
  name: 'sql',
  usage: '"SELECT …" [--format table|csv|json|parquet] [--data DIR | --stack NAME]',
  options: {
    format: { type: 'string', value: 'FORMAT', help: 'table, csv, json or parquet', default: 'table' },
    ...LAKE_OPTIONS,
  },
  async run(values, positionals) {
    const { format } = values
    const query = positionals.join(' ').trim().replace(/;$/, '')
    if (!FORMATS.includes(format)) throw new BadInput(`--format ${format} is none of ${FORMATS.join(', ')}.`)
    if (query === '') throw new BadInput('Give a query: tradelake sql "SELECT count(*) FROM gold_crypto_trades".')
    if (format === 'parquet' && process.stdout.isTTY)
      throw new BadInput('Parquet is not for a terminal: add > FILE.parquet.')
    const lake = await openToRead(values)
    const session = await lake.ports.engine.session()
    const scratch = lake.ports.scratch.path(`answer.${format}`)
    try {
      // Only what the query names: a view has to open a file.
      for (const table of await openTables(lake))
        if (query.toLowerCase().includes(table.definition.name)) await session.run(await createView(lake, table))
      if (format === 'csv' || format === 'parquet') {
        await session.run(
          `COPY (${query}) TO ${sqlText(scratch)} (FORMAT ${format}${format === 'csv' ? ', HEADER' : ''})`,
        )
        await pipeline(createReadStream(scratch), process.stdout, { end: false })
      } else if (format === 'json') await writeJson(session.stream(query), await nestedColumns(session, query))
      else console.log(tableOf(await session.run(query)))
      return 0
    } finally {
      lake.ports.scratch.remove(scratch)
      session.close()
      lake.close()
    }
  },
})

function tableOf(rows: readonly SqlRow[]): string {
  if (rows.length === 0) return '(no rows)'
  const names = Object.keys(rows[0])
  const cells = rows.map(row => names.map(name => (row[name] === null ? '' : textOf(row[name]))))
  return `${formatTable(names, cells)}\n(${rows.length} row${rows.length === 1 ? '' : 's'})`
}

function textOf(value: SqlValue): string {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}

/** Columns that the engine gives as JSON text, because they are lists, maps or structs. */
async function nestedColumns(session: QuerySession, query: string): Promise<Set<string>> {
  if (!/^\s*(select|with|from|values)\b/i.test(query)) return new Set()
  const columns = await session.run(`DESCRIBE ${query}`)
  const nested = columns.filter(column => /\[\d*\]$|^(MAP|STRUCT|UNION)\b/.test(String(column.column_type)))
  return new Set(nested.map(column => String(column.column_name)))
}

/**
 * An array of row objects. Decimals are text already; an integer beyond 2^53 becomes text, bytes hexadecimal digits.
 */
async function writeJson(chunks: AsyncIterable<SqlRow[]>, nested: ReadonlySet<string>): Promise<void> {
  let before = '['
  for await (const rows of chunks)
    for (const row of rows) {
      const fields = Object.entries(row).map(([name, value]) => {
        const text = nested.has(name) && typeof value === 'string' ? value : jsonValue(value)
        return `${JSON.stringify(name)}:${text}`
      })
      // A reader that is slower than the query holds it up.
      if (!process.stdout.write(`${before}{${fields.join(',')}}`)) await once(process.stdout, 'drain')
      before = ',\n'
    }
  process.stdout.write(before === '[' ? '[]\n' : ']\n')
}

function jsonValue(value: SqlValue): string {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value))
  return value instanceof Uint8Array ? JSON.stringify(Buffer.from(value).toString('hex')) : JSON.stringify(value)
}
