/**
 * Lineage of a whole lake, from the feeds to a rebuild: its events are what OpenLineage's own client takes, and their rows add up to those
 * that DuckDB counts in the tables.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Dataset, RunEvent } from '../../domain/openlineage.ts'
import { allTables } from '../../domain/tables.ts'
import { hasPython } from '../../localstack/python.ts'
import { lineageServer } from '../adapters/openlineage-server.ts'
import { newFolder, output, queryRows, startCommandIn } from '../cli/support.ts'
import { lineagePython } from './python.ts'

const run = promisify(execFile)
const python3 = hasPython()
if (!python3) console.warn("Skipped: checking events with OpenLineage's client needs python3 with venv.")
const CHECK = join(import.meta.dirname, 'check_openlineage.py')

const readEvents = (path: string): RunEvent[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

/** What the client found in the events. */
async function checked(path: string): Promise<{ events: number; facets: Readonly<Record<string, number>> }> {
  const { stdout } = await run(await lineagePython(), [CHECK, path])
  return JSON.parse(stdout)
}

type Counts = Readonly<Record<string, number>>
const metricsOf = ({ outputFacets }: Dataset) =>
  (outputFacets?.iceberg_commit_report?.commitMetrics ?? { addedRecords: 0, removedRecords: 0 }) as Counts
const tableOf = ({ name }: Pick<Dataset, 'name'>) => name.slice(name.lastIndexOf('/') + 1)

/** Rows that the events of each table say are in it. */
function rowsOf(events: readonly RunEvent[]): Record<string, number> {
  const rows: Record<string, number> = {}
  for (const { outputs } of events)
    for (const written of outputs) {
      const { addedRecords, removedRecords } = metricsOf(written)
      rows[tableOf(written)] = (rows[tableOf(written)] ?? 0) + addedRecords - removedRecords
    }
  return rows
}

async function countedRows(data: string, tables: readonly string[]): Promise<Record<string, number>> {
  const counts = tables.map(table => `SELECT '${table}' AS name, count(*) AS rows FROM ${table}`)
  const rows = await queryRows(data, counts.join(' UNION ALL '))
  return Object.fromEntries(rows.map(({ name, rows: count }) => [String(name), Number(count)]))
}

describe.runIf(python3)("events that OpenLineage's client takes", () => {
  test('tell of every commit, from the feeds to a rebuild, and add up to the rows of the tables', async () => {
    const folder = newFolder()
    const data = join(folder, 'lake')
    const lineage = ['--lineage', folder, '--data', data]
    const path = join(folder, 'openlineage.ndjson')
    // The market began over an hour ago: an hour of Gold is over, and its files are joined.
    const begin = new Date(Date.now() - 70 * 60_000).toISOString()
    await output('start', '--for', '15s', '--rate', '10', '--market-start', begin, '--port', '0', ...lineage)
    const flowed = readEvents(path)
    await output('maintain', '--closed-after', '0s', ...lineage)
    await output('rebuild', 'silver', '--from', '2020-01-01T00:00:00Z', '--exchange', 'kraken', ...lineage)
    const events = readEvents(path)
    expect((await checked(path)).events).toBe(events.length)

    // Every run begins once and ends once, the end right behind the beginning.
    const ends = events.filter(({ eventType }) => eventType === 'COMPLETE')
    expect(events.map(({ eventType }) => eventType)).toEqual(ends.flatMap(() => ['START', 'COMPLETE']))
    expect(events.map(({ run: { runId } }) => runId)).toEqual(ends.flatMap(({ run: { runId } }) => [runId, runId]))
    expect(new Set(ends.map(({ run: { runId } }) => runId)).size).toBe(ends.length)

    const tables = [...new Set(ends.flatMap(({ outputs }) => outputs.map(tableOf)))]
    const known = allTables().map(({ name }) => name)
    expect(tables.length).toBeGreaterThan(10)
    for (const table of tables) expect(known).toContain(table)
    const counted = await countedRows(data, tables)
    expect(rowsOf(ends)).toEqual(counted)
    expect(counted.gold_crypto_trades).toBeGreaterThan(3_000)

    // The last event of a table has the snapshot that the table has now, and its totals.
    const now: { table: string; snapshot_id: number | null; rows: number }[] = JSON.parse(
      await output('tables', '--json', '--data', data),
    )
    for (const { table, snapshot_id, rows } of now) {
      const last = ends.flatMap(({ outputs }) => outputs).findLast(each => tableOf(each) === table)
      if (!last || snapshot_id === null) continue
      expect([table, last.facets?.version?.datasetVersion]).toEqual([table, String(snapshot_id)])
      if (last.outputFacets) expect([table, metricsOf(last).totalRecords]).toEqual([table, rows])
    }

    // Bronze and Silver only grow while data flows: what their runs wrote is what they hold.
    const wrote = (name: string) =>
      flowed
        .flatMap(({ job, outputs }) => (job.name === name ? outputs : []))
        .reduce((sum, { outputFacets }) => sum + Number(outputFacets?.outputStatistics?.rowCount ?? 0), 0)
    expect(wrote('bronze.bronze_binance_trades')).toBe(counted.bronze_binance_trades)
    expect(wrote('silver.silver_binance_trades')).toBe(counted.silver_binance_trades)

    const flow = (name: string) => {
      const found = ends.findLast(({ job, inputs }) => job.name === name && inputs.length > 0)
      return found && [found.inputs.map(tableOf), found.outputs.map(tableOf)]
    }
    expect(flow('bronze.bronze_binance_trades')).toEqual([['market.crypto.trades.binance'], ['bronze_binance_trades']])
    expect(flow('silver.silver_binance_trades')).toEqual([['bronze_binance_trades'], ['silver_binance_trades']])
    expect(flow('gold.gold_crypto_trades')).toEqual([
      ['silver_binance_trades', 'silver_kraken_trades', 'silver_coinbase_trades'],
      ['gold_crypto_trades'],
    ])
    expect(flow('candles.gold_ohlcv_1m')).toEqual([['gold_crypto_trades'], ['gold_ohlcv_1m']])
    expect(flow('candles.gold_ohlcv_5m')).toEqual([['gold_crypto_trades', 'gold_ohlcv_1m'], ['gold_ohlcv_5m']])
    expect(flow('maintain.gold_crypto_trades')).toEqual([['gold_crypto_trades'], ['gold_crypto_trades']])
    expect(flow('rebuild.silver_kraken_trades')).toEqual([['bronze_kraken_trades'], ['silver_kraken_trades']])
  })

  test('are posted to a server as they happen, under its key', async () => {
    const server = await lineageServer()
    onTestFinished(() => server.close())
    const data = join(newFolder(), 'lake')
    const env = { ...process.env, OPENLINEAGE_URL: server.url, OPENLINEAGE_API_KEY: 'k1', OPENLINEAGE_NAMESPACE: 'dev' }
    const { status, stderr } = await startCommandIn(env, 'start', '--for', '5s', '--no-serve', '--data', data).finished
    expect([status, stderr]).toEqual([0, ''])
    const ends = server.events.filter(({ eventType }) => eventType === 'COMPLETE')
    expect(rowsOf(ends)).toEqual(await countedRows(data, Object.keys(rowsOf(ends))))
    expect(new Set(server.events.map(({ job }) => job.namespace))).toEqual(new Set(['dev']))
    expect(new Set(server.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer k1']))
  })
})

test('a lake whose lineage server is gone runs as ever, and says once that nobody takes its lineage', async () => {
  const server = await lineageServer()
  await server.close()
  const data = join(newFolder(), 'lake')
  const stdout = await output('start', '--for', '5s', '--no-serve', '--lineage', server.url, '--data', data)
  expect(stdout).toContain('All six laws hold')
  const log = readFileSync(join(data, 'tradelake.log'), 'utf8')
  expect(log.match(/lineage is not taken/g)).toHaveLength(1)
  expect(log.match(/lineage of the last commits was not taken/g)).toHaveLength(1)
})
