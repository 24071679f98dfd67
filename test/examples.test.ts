/** The examples run as their reader would run them, and print what they promise. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { systemScratch } from '../adapters/system.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const scratch = systemScratch()

function run(example: string, ...args: string[]): string {
  const options = [
    '--disable-warning=ExperimentalWarning',
    '--conditions=source',
    `${ROOT}examples/${example}`,
    ...args,
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { cwd: ROOT, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

test('every example is run here', () => {
  // Those for Spark run where Spark is (test/integration/catalog-clients.test.ts).
  expect(readdirSync(`${ROOT}examples`).sort()).toEqual([
    ...['decode-frames.ts', 'fold-candles.ts', 'spark', 'write-iceberg.ts'],
  ])
})

test('decode-frames: a frame becomes an exact trade and a Kafka value', () => {
  expect(run('decode-frames.ts')).toBe(`BINANCE-3012345 BTCUSDT SELL 0.01250000 at 36512.3400000000
message_id 12a660c7-ee46-5a53-8e24-47cfb4937636
168 bytes, framed for schema 7
`)
})

test('fold-candles: open and close are by time, and vwap is quote volume over volume', () => {
  expect(run('fold-candles.ts')).toBe(`open 30000.0000000000, close 40000.0000000000, trades 2
volume 4.00000000, vwap 37500.0000000000
`)
})

test('write-iceberg: the table’s file holds the rows, and its metadata is printed', async () => {
  const folder = scratch.path('lake')
  const [rows, metadata] = run('write-iceberg.ts', folder).trim().split('\n')
  expect(rows).toBe('2 rows in 1 file(s)')
  expect(metadata).toMatch(/^file:\/\/.*\/market_data\/listings\/metadata\/\d{5}-[\w-]+\.gz\.metadata\.json$/)
  const engine = await duckDbEngine({ threads: 1, memoryLimit: '200MB', tempDirectory: scratch.path('duckdb') })
  const [first, second] = await engine.run([
    `SELECT symbol, epoch_us(listed_at) AS micros FROM read_parquet('${folder}/objects/market_data/listings/data/**/*.parquet') ORDER BY symbol`,
  ])
  engine.close()
  expect([first, second]).toEqual([
    { symbol: 'BTCUSDT', micros: 1_728_000_000_000_000n },
    { symbol: 'ETHUSDT', micros: 1_728_000_060_000_000n },
  ])
  // A second run appends: the table is the same.
  expect(run('write-iceberg.ts', folder)).toMatch(/^4 rows in 2 file\(s\)\n/)
})
