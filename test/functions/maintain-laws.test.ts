/** Whatever stages and maintenance do in whatever order: no row changes, in any table, now or in any snapshot that is kept. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tradeStream } from '../../domain/streams.ts'
import { candleTable, DLQ_TABLE, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { foldPending } from '../../functions/ohlcv/ohlcv.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { goldRow, goldRows, modelGold } from './gold-support.ts'
import { BRONZE, HOUR_MS, MINUTE_MS, MINUTES, SILVER, snapshotRows, upkeep } from './maintain-support.ts'
import {
  BINANCE,
  commitAll,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  queryRows,
  refineAll,
  rowsOf,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from './support.ts'

const engine = await testEngine()

const TABLES = [BRONZE, SILVER, DLQ_TABLE, GOLD_TABLE, ...TIMEFRAMES.map(candleTable)]

/** A trade of one of 40 ids, some hours old, sometimes under another time than the last of its id. */
const trade = fc.record({ id: fc.nat(39), hour: fc.nat(5), shift: fc.constantFrom(0n, 0n, 0n, 5_000_000n) })
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('feed' as const),
      trades: fc.array(trade, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stages' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('upkeep' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('together' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 16 }) }) },
)

test('any sequence of stage runs and maintenance leaves all rows as the model has them, and as every kept snapshot had them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async steps => {
      const lake = memoryLake({ engine })
      const fed: Trade[][] = []
      const held = new Map<string, string[]>()
      let dead = 0
      for (const next of steps) {
        if (next.kind === 'feed') {
          const trades = next.trades.map(({ id, hour, shift }) =>
            tradeOf(id, { timestamp: START_MICROS - BigInt(hour) * 3_600_000_000n - BigInt(id) * 1_000_000n + shift }),
          )
          await feedWithDead(lake, trades)
          fed.push(trades)
          dead++
        }
        if (next.kind === 'commit') await commitAll(lake)
        if (next.kind === 'stages') await runStages(lake)
        if (next.kind === 'upkeep') await upkeep(lake)
        if (next.kind === 'together') await Promise.all([upkeep(lake), runStages(lake)])
        lake.clock.advance(next.kind === 'pass' ? next.hours * HOUR_MS : MINUTE_MS)
        await remember(lake, held)
      }
      await runStages(lake)
      lake.clock.advance(30 * HOUR_MS)
      await upkeep(lake)
      await upkeep(lake)
      expect(await rowsOf(lake, BRONZE, ['offset'])).toHaveLength(fed.flat().length + dead)
      expect(await rowsOf(lake, SILVER, ['kafka_offset'])).toHaveLength(fed.flat().length)
      expect(await rowsOf(lake, DLQ_TABLE, ['kafka_offset'])).toHaveLength(dead)
      expect(await goldRows(lake)).toEqual(modelGold(fed).map(goldRow).sort())
      const [counted] = await queryRows(lake, MINUTES, 'SELECT coalesce(sum(trade_count), 0) AS trades FROM t')
      expect(Number(counted?.trades ?? 0)).toBe(modelGold(fed).length)
      await asRemembered(lake, held)
    }),
    { numRuns: 25 },
  )
})

/** Trades and a record that no trade can be made of, through Bronze and Silver. */
async function feedWithDead(lake: MemoryLake, trades: readonly Trade[]): Promise<void> {
  const first = (await rowsOf(lake, BRONZE, ['offset'])).length
  const values = [...trades.map(trade => encodeTrade(trade)), Buffer.from('no trade')]
  const records = values.map((value, i) => ({ partition: 0, offset: first + i, value }))
  await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
  await refineAll(lake, BINANCE)
}

async function runStages(lake: MemoryLake): Promise<void> {
  await commitAll(lake)
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
}

async function kept(lake: MemoryLake): Promise<{ table: TableDefinition; ids: number[] }[]> {
  const found: { table: TableDefinition; ids: number[] }[] = []
  for (const table of TABLES) {
    const loaded = await findTable(lake.ports, table.name)
    found.push({ table, ids: loaded?.metadata.snapshots.map(snapshot => snapshot['snapshot-id']) ?? [] })
  }
  return found
}

/** The rows of each table's newest snapshot. */
async function remember(lake: MemoryLake, held: Map<string, string[]>): Promise<void> {
  for (const { table, ids } of await kept(lake)) {
    const key = `${table.name} ${ids.at(-1)}`
    if (ids.length > 0 && !held.has(key)) held.set(key, await snapshotRows(lake, table, ids.at(-1)))
  }
}

async function asRemembered(lake: MemoryLake, held: ReadonlyMap<string, string[]>): Promise<void> {
  for (const { table, ids } of await kept(lake))
    for (const id of ids) {
      const rows = held.get(`${table.name} ${id}`)
      if (rows) expect(await snapshotRows(lake, table, id), `${table.name} ${id}`).toEqual(rows)
    }
}
