/** Holds a lake against the generator's manifest: counts of every table, sums of Gold and of the candles. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sumOf } from '../domain/counts.ts'
import { readParquet } from '../domain/sql.ts'
import { allTables, candleTable, GOLD_TABLE } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { findTable } from '../iceberg/catalog.ts'
import { planFiles } from '../iceberg/scan.ts'
import type { Manifest } from './data.ts'
import { benchEngine, benchLake } from './lake.ts'

export interface Verified {
  readonly mismatches: string[]
  /** Bytes of the tables' data files, by layer. */
  readonly bytes: Record<'bronze' | 'silver' | 'gold' | 'candles', number>
}

/** Verifies in a process of its own, whose memory is nobody's figure. */
export function verifyApart(folder: string, manifest: Manifest): Verified {
  const input = JSON.stringify({ folder, manifest })
  const options = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url)]
  return JSON.parse(execFileSync(process.execPath, options, { input, encoding: 'utf8' })) as Verified
}

async function verify(folder: string, manifest: Manifest): Promise<Verified> {
  const engine = await benchEngine()
  const { ports, close } = benchLake(folder, engine)
  const mismatches: string[] = []
  const bytes = { bronze: 0, silver: 0, gold: 0, candles: 0 }
  const counts = { bronze: 0, silver: 0, dlq: 0, gold: 0 }
  const paths = new Map<string, string[]>()
  for (const { name } of allTables()) {
    const table = await findTable(ports, name)
    const files = table ? await planFiles(ports, table) : []
    paths.set(name, await Promise.all(files.map(file => ports.store.localFile(file.key))))
    const rows = sumOf(files, file => file.records)
    const size = sumOf(files, file => file.bytes)
    const layer = name.startsWith('bronze')
      ? 'bronze'
      : name.startsWith('silver')
        ? 'silver'
        : name.startsWith('gold_ohlcv')
          ? 'candles'
          : 'gold'
    bytes[layer] += size
    if (name === 'silver_dlq_trades') counts.dlq += rows
    else if (layer !== 'candles') counts[layer] += rows
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
  close()
  engine.close()
  return { mismatches, bytes }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { folder, manifest } = JSON.parse(readFileSync(0, 'utf8'))
  console.log(JSON.stringify(await verify(folder, manifest)))
}
