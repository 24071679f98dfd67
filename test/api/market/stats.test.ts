/** How the lake is, for who asks over HTTP. */
import { expect, test } from 'vitest'
import { tradeStream } from '../../../domain/streams.ts'
import { candleTable, DLQ_TABLE } from '../../../domain/tables.ts'
import { TIMEFRAMES } from '../../../domain/timeframes.ts'
import { ingest } from '../../../functions/bronze/bronze.ts'
import { commitTable } from '../../../functions/commit/commit.ts'
import { type LoadedTable, openTable } from '../../../iceberg/catalog.ts'
import { stageSnapshot } from '../../../iceberg/commit.ts'
import { planFiles } from '../../../iceberg/scan.ts'
import { feed } from '../../functions/gold-support.ts'
import { BINANCE, commitAll, kafkaEvent, refineAll, tradeOf, unifyAll } from '../../functions/support.ts'
import { HOUR, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
await commitAll(lake)
const stats = async (): Promise<Json> => (await lake.get('stats')).json()

test('the tables have their rows, each exchange its newest trade, each stage what waits', async () => {
  const { tables, exchanges, stages, feeds } = await stats()
  const rows = Object.fromEntries(tables.map(({ table, rows }: Json) => [table, rows]))
  expect([rows.gold_crypto_trades, rows.feed_gaps]).toEqual([420, 6])
  expect(exchanges.map(({ exchange, markets, last_trade }: Json) => [exchange, markets, last_trade])).toEqual([
    ['BINANCE', 2, '2026-11-20T11:59:59.999Z'],
    ['COINBASE', 1, '2026-11-20T11:59:59.999Z'],
    ['KRAKEN', 1, '2026-11-20T11:59:59.999Z'],
  ])
  expect(stages.length).toBeGreaterThan(4)
  expect(stages.every(({ waiting, lag_seconds }: Json) => waiting === 0 && lag_seconds === 0)).toBe(true)
  expect(feeds).toMatchObject({ open: 2, lost: 2, unreadable: 1 })
  expect(
    feeds.markets.map((row: Json) => [row.status, row.exchange, row.symbol, row.trades, row.from, row.to]),
  ).toEqual([
    ['open', 'KRAKEN', 'BTCUSD', 2, '2026-11-20T09:00:00Z', '2026-11-20T09:02:00Z'],
    ['lost', 'BINANCE', 'BTCUSDT', 2, '2026-11-19T12:00:00Z', '2026-11-19T12:00:00Z'],
    ['unreadable', 'BINANCE', 'ETHUSDT', 1, '2026-11-18T12:00:00Z', '2026-11-18T12:00:00Z'],
  ])
})

test('an answer has the parts that are asked for, and a part that there is not is refused', async () => {
  const some: Json = await (await lake.get('stats?parts=tables,stages')).json()
  expect(Object.keys(some)).toEqual(['time', 'stages', 'tables'])
  const { tables, stages } = await stats()
  expect(some).toMatchObject({ tables, stages })
  const wrong = await lake.get('stats?parts=tables,prices')
  expect([wrong.status, ((await wrong.json()) as Json).detail]).toEqual([
    400,
    'parts has prices: give some of exchanges, stages, tables, dead_letters, feeds, candle_check.',
  ])
})

test('what waits is counted, with how long it does; what was refused, by what was wrong', async () => {
  await ingest(
    lake.ports,
    tradeStream(BINANCE),
    kafkaEvent(BINANCE, [{ partition: 0, offset: 100_000, value: Buffer.from('not Avro') }]),
  )
  lake.clock.advance(7_000)
  const waiting = (await stats()).stages.filter(({ waiting }: Json) => waiting > 0)
  expect(waiting[0]).toMatchObject({ waiting: 1, lag_seconds: 7 })
  await refineAll(lake, BINANCE)
  await commitTable(lake.ports, DLQ_TABLE, Number.POSITIVE_INFINITY)
  expect((await stats()).dead_letters).toEqual([
    { exchange: 'BINANCE', error_type: 'deserialization_failed_or_null_fields', count: 1 },
  ])
})

test('candles of the last whole hour are worked out again from its trades', async () => {
  const { candle_check: check } = await stats()
  const some = lake.trades.filter(({ timestamp }) => timestamp >= NOW - HOUR && timestamp < NOW)
  expect(check).toMatchObject({ start: '2026-11-20T10:00:00.000Z', holds: true, differing: 0 })
  lake.clock.advance(15 * 60_000)
  expect((await stats()).candle_check).toMatchObject({
    start: '2026-11-20T11:00:00.000Z',
    trades: some.length,
    holds: true,
  })
  const table = await openTable(lake.ports, candleTable(TIMEFRAMES[0]))
  const files = table
    ? await planFiles(lake.ports, table, { where: [{ column: 'window_start', ranges: [{ lower: NOW - HOUR }] }] })
    : []
  const remove = new Set(files.map(({ key }) => key))
  const staged = await stageSnapshot(lake.ports, { table: table as LoadedTable, add: [], remove, operation: 'delete' })
  await lake.ports.state.transact([staged.write], lake.ports.ids.uuid())
  const damaged = (await stats()).candle_check
  expect([damaged.differing > 0, damaged.holds, damaged.candles]).toEqual([true, false, 0])
  await feed(lake, [tradeOf(900_001, { timestamp: NOW - HOUR / 2n })], { kafkaMillis: lake.clock.now() })
  await unifyAll(lake)
  expect((await stats()).candle_check.trades).toBe(some.length + 1)
})
