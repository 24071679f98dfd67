/** How new a table's trades are, as its snapshots say it. */
import { expect, test } from 'vitest'
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import { watermarksEntry, watermarksOf } from '../../tables/watermarks.ts'
import { commit, someTrades } from '../api/live/live-lake.ts'
import { memoryLake, START_MICROS, testEngine } from '../functions/support.ts'

const snapshot = (summary: Record<string, string>) =>
  ({
    'snapshot-id': 1,
    'timestamp-ms': 1_763_640_009_000,
    summary: { operation: 'append', ...summary },
  }) as unknown as Snapshot

test('a commit moves the marks of its exchanges on and never back, and leaves the others', () => {
  const parent = snapshot({ watermarks: 'BINANCE=1763640005,KRAKEN=1763640004' })
  const entry = watermarksEntry(parent, [
    { exchange: 'KRAKEN', lastTradeTime: 1_763_640_008_999_999n },
    { exchange: 'BINANCE', lastTradeTime: 1_763_640_001_000_000n },
    { exchange: 'COINBASE', lastTradeTime: 1_763_640_002_000_000n },
  ])
  expect(entry).toEqual({ watermarks: 'BINANCE=1763640005,COINBASE=1763640002,KRAKEN=1763640008' })
  const marks = watermarksOf(snapshot(entry))
  expect(['BINANCE', 'KRAKEN', 'OTHER'].map(marks)).toEqual([1_763_640_005_000_000n, 1_763_640_008_000_000n, undefined])
})

test('a snapshot that does not say it counts as its commit', () => {
  expect(watermarksOf(snapshot({}))('BINANCE')).toBe(1_763_640_009_000_000n)
  expect(watermarksOf(undefined)('BINANCE')).toBeUndefined()
})

test('commits that fold nothing hand them on', async () => {
  const lake = memoryLake({ engine: await testEngine() })
  await commit(lake, someTrades(lake, 3, 5_000))
  const open = async () => {
    const table = await openTable(lake.ports, candleTable(TIMEFRAMES[0]))
    if (!table) throw new Error('There are no candles')
    return table
  }
  const { write } = await stageSnapshot(lake.ports, { table: await open(), operation: 'replace' })
  await lake.ports.state.transact([write], lake.ports.ids.uuid())
  const head = currentSnapshot((await open()).metadata)
  expect(head?.summary.operation).toBe('replace')
  expect(['BINANCE', 'KRAKEN'].map(watermarksOf(head))).toEqual([START_MICROS - 5_000_000n, START_MICROS - 5_000_000n])
})
