/**
 * `tradelake sql`: DuckDB over the current snapshots of all tables, a view each. It only reads (adapters/duckdb-reader.ts), unless
 * --unsafe is given.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { openReader, type Reader } from '../adapters/duckdb-reader.ts'
import { hintsOf, sqlProblem } from '../api/market/sql-hints.ts'
import { BadInput, messageOf } from '../domain/errors.ts'
import { queryViews } from '../tables/views.ts'
import { command, LAKE_OPTIONS } from './command.ts'
import { openToRead } from './open-lake.ts'
import { writeCsv, writeJson, writeTable } from './sql-output.ts'
import { parseDuration, parseNumber } from './values.ts'

const FORMATS = ['table', 'csv', 'json', 'parquet']

export const sql = command({
  name: 'sql',
  usage: '"SELECT …" [--format table|csv|json|parquet] [--limit N] [--data DIR | --stack NAME]',
  takesWords: true,
  options: {
    format: { type: 'string', value: 'FORMAT', help: 'table, csv, json or parquet', default: 'table' },
    limit: { type: 'string', value: 'N', help: 'rows that the table format shows', default: '1000' },
    timeout: { type: 'string', value: 'TIME', help: 'end a query that takes longer', default: '5m' },
    memory: { type: 'string', value: 'SIZE', help: 'memory of a query; more goes to disk', default: '400MB' },
    unsafe: {
      type: 'boolean',
      help: 'run anything that DuckDB can do: several statements, other files, COPY. It can destroy the lake',
    },
    ...LAKE_OPTIONS,
  },
  async run(values, positionals) {
    const { format, unsafe } = values
    const query = positionals.join(' ').trim()
    if (!FORMATS.includes(format)) throw new BadInput(`--format ${format} is not one of ${FORMATS.join(', ')}.`)
    if (query === '') throw new BadInput('Give a query: tradelake sql "SELECT count(*) FROM gold_crypto_trades".')
    if (format === 'parquet' && process.stdout.isTTY)
      throw new BadInput('Parquet cannot be printed to a terminal: add > FILE.parquet.')
    if (!/^\d+(\.\d+)?\s?[KMG]i?B$/.test(values.memory))
      throw new BadInput(`--memory ${values.memory} is not a size: write 400MB or 2GB.`)
    const limits = { timeoutMs: parseDuration(values.timeout), memoryLimit: values.memory }
    const rowLimit = parseNumber('limit', values.limit, 1, true)
    const lake = await openToRead(values)
    const { scratch } = lake.ports
    const output = format === 'parquet' ? scratch.path('answer.parquet') : undefined
    let reader: Reader | undefined
    try {
      const options = { threads: 2, tempDirectory: scratch.path('duckdb'), ...limits, output, unsafe }
      reader = await openReader({ ...options, ...(await queryViews(lake, query)), isCommand: true })
      if (output !== undefined) {
        await reader.writeParquet(query.replace(/;\s*$/, ''))
        await pipeline(createReadStream(output), process.stdout, { end: false })
        return 0
      }
      const answer = await reader.query(query)
      const isEmpty =
        format === 'csv'
          ? await writeCsv(answer)
          : format === 'json'
            ? await writeJson(answer)
            : await writeTable(answer, rowLimit)
      // An empty answer may come from a filter that names a value no row has.
      if (isEmpty) for (const hint of await hintsOf(reader, query)) console.error(hint)
      return 0
    } catch (error) {
      const told = messageOf(error)
      const problem = sqlProblem(told, query)
      throw problem === told ? error : new BadInput(problem, { cause: error })
    } finally {
      reader?.close()
      if (output !== undefined) scratch.remove(output)
      lake.close()
    }
  },
})
