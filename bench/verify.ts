/** Compares tables with the generator's manifest: counts of every table, sums of Gold and of the candles. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sumOf } from '../domain/counts.ts'
import type { QueryEngine } from '../domain/ports.ts'
import { readParquet } from '../domain/sql.ts'
import { allTables, candleTable, GOLD_TABLE } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { findTable } from '../iceberg/catalog.ts'
import { planFiles } from '../iceberg/scan.ts'
import type { Manifest } from './data.ts'
import { benchEngine, benchLake } from './lake.ts'

/** A lake, or a folder in which each table has a folder of its name with all its files below data/. */
export type Tables = { readonly lake: string } | { readonly folder: string }

/** Bytes of the tables' data files, by layer. */
export type LayerBytes = Readonly<Record<'bronze' | 'silver' | 'gold' | 'candles', number>>

/**
 * Verifies in a process of its own, whose memory is not measured, and gives the sizes.
 * @throws Error with every count and sum that is another than the manifest's
 */
export function requireRight(tables: Tables, manifest: Manifest): LayerBytes {
  const input = JSON.stringify({ tables, manifest })
  const options = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url)]
  const { mismatches, bytes } = JSON.parse(execFileSync(process.execPath, options, { input, encoding: 'utf8' }))
  if (mismatches.length > 0) throw new Error(`Wrong result: ${mismatches.join('; ')}`)
  return bytes
}

async function verify(tables: Tables, manifest: Manifest) {
  const engine = await benchEngine()
  const paths = 'lake' in tables ? await filesOfLake(tables.lake) : filesOfFolder(tables.folder)
  const mismatches: string[] = []
  const bytes = { bronze: 0, silver: 0, gold: 0, candles: 0 }
  const counts = { bronze: 0, silver: 0, dlq: 0, gold: 0 }
  for (const [name, files] of paths) {
    const layer = layerOf(name)
    bytes[layer] += sumOf(files, file => statSync(file).size)
    if (name === 'silver_dlq_trades') counts.dlq += await rowsOf(engine, files)
    else if (layer !== 'candles') counts[layer] += await rowsOf(engine, files)
  }
  const expect = (what: string, found: unknown, expected: unknown) => {
    if (String(found) !== String(expected)) mismatches.push(`${what}: ${found}, expected ${expected}`)
  }
  for (const name of ['bronze', 'silver', 'dlq', 'gold'] as const) expect(name, counts[name], manifest[name])
  const units = (column: string) => `CAST(sum(${column}) * 100000000 AS HUGEINT)`
  const gold = readParquet(paths.get(GOLD_TABLE.name) ?? [])
  const [sums] = await engine.run([
    `SELECT ${units('price::DECIMAL(28,8)')} AS price, ${units('quantity::DECIMAL(28,8)')} AS quantity FROM ${gold}`,
  ])
  expect('gold price', sums.price, manifest.gold_sum_price_e8)
  expect('gold quantity', sums.quantity, manifest.gold_sum_quantity_e8)
  for (const timeframe of TIMEFRAMES) {
    const expected = manifest.ohlcv[timeframe.name]
    if (!expected) continue
    const candles = readParquet(paths.get(candleTable(timeframe).name) ?? [])
    const [found] = await engine.run([
      `SELECT count(*) AS candles, ${['open', 'high', 'low', 'close'].map(field => `${units(`${field}_price::DECIMAL(28,8)`)} AS sum_${field}_e8`).join(', ')},
        CAST(sum(volume::DECIMAL(30,8)) * 100000000 AS HUGEINT) AS sum_volume_e8, sum(trade_count) AS sum_trades FROM ${candles}`,
    ])
    for (const [name, value] of Object.entries(expected)) expect(`${timeframe.name} ${name}`, found[name], value)
  }
  engine.close()
  return { mismatches, bytes }
}

/** The files of the tables' current snapshots. */
async function filesOfLake(folder: string): Promise<Map<string, string[]>> {
  const { ports, close } = benchLake(folder, undefined)
  const paths = new Map<string, string[]>()
  for (const { name } of allTables()) {
    const table = await findTable(ports, name)
    const files = table ? await planFiles(ports, table) : []
    paths.set(name, await Promise.all(files.map(file => ports.store.localFile(file.key))))
  }
  close()
  return paths
}

function filesOfFolder(folder: string): Map<string, string[]> {
  return new Map(
    allTables().map(({ name }) => {
      const data = join(folder, name, 'data')
      const names = existsSync(data) ? readdirSync(data, { recursive: true, encoding: 'utf8' }) : []
      return [name, names.filter(path => path.endsWith('.parquet')).map(path => join(data, path))]
    }),
  )
}

function layerOf(table: string): keyof LayerBytes {
  if (table.startsWith('bronze')) return 'bronze'
  if (table.startsWith('silver')) return 'silver'
  return table.startsWith('gold_ohlcv') ? 'candles' : 'gold'
}

async function rowsOf(engine: QueryEngine, files: readonly string[]): Promise<number> {
  if (files.length === 0) return 0
  const [{ rows }] = await engine.run([`SELECT count(*) AS rows FROM ${readParquet(files)}`])
  return Number(rows)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { tables, manifest } = JSON.parse(readFileSync(0, 'utf8'))
  console.log(JSON.stringify(await verify(tables, manifest)))
}
