/** What is known of a lake as it is asked for: of the real API over a lake in memory, through connections that break. */
import { describe, expect, test } from 'vitest'
import { LOCAL_PACE } from '../../../cli/terminal/figures.ts'
import type { AskApi } from '../../../cli/terminal/requests.ts'
import { createWatch, type Looked } from '../../../cli/terminal/watch.ts'
import { tradeStream } from '../../../domain/streams.ts'
import { DLQ_TABLE } from '../../../domain/tables.ts'
import { ingest } from '../../../functions/bronze/bronze.ts'
import { commitTable } from '../../../functions/commit/commit.ts'
import { liveApi } from '../../api/live/support.ts'
import { addTrades, marketLake, NOW, publishReports, REPORTS, report } from '../../api/market/market-lake.ts'
import type { FakeTimers } from '../../feeds/fake-timers.ts'
import { BINANCE, kafkaEvent, refineAll } from '../../functions/support.ts'

const lake = await marketLake()

/** Lets time pass until something holds. */
async function until(timers: FakeTimers, holds: () => boolean, mostMs = 60_000): Promise<void> {
  for (let passed = 0; passed < mostMs && !holds(); passed += 100) {
    await timers.advance(100)
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  expect(holds()).toBe(true)
}

function watched(looked: Looked = { view: 'overview', opened: undefined }) {
  const api = liveApi(lake.ports)
  const { timers } = api
  const paths: string[] = []
  let isDown = false
  const ask: AskApi = async (path, signal) => {
    paths.push(path)
    if (isDown) throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:8080') })
    signal.throwIfAborted()
    return api.ask(path)
  }
  const watch = createWatch(
    { place: 'memory', log: undefined },
    timers,
    () => looked,
    () => {},
  )
  watch.follow({ place: 'memory', log: undefined, ask, pace: LOCAL_PACE })
  return {
    ...{ watch, timers, paths },
    down(isNow: boolean) {
      isDown = isNow
    },
  }
}

describe('a lake that is watched', () => {
  test('has markets, prices and figures, and a trade is seen with its direction', async () => {
    const { watch, timers } = watched()
    await until(timers, () => watch.seen().quotes.size === 4 && watch.seen().stats?.candle_check !== undefined)
    const { markets, connection, stats } = watch.seen()
    expect(markets?.map(({ exchange, symbol }) => `${exchange}:${symbol}`)).toEqual([
      'BINANCE:BTCUSDT',
      'BINANCE:ETHUSDT',
      'COINBASE:BTCUSD',
      'KRAKEN:BTCUSD',
    ])
    expect(connection.kind).toBe('live')
    expect(stats?.feeds).toMatchObject({ open: 2, lost: 2, unreadable: 1 })
    const before = watch.seen().quotes.get('BINANCE:BTCUSDT')
    expect(Number(before?.price)).toBeGreaterThan(0)
    await addTrades(lake, [{ timestamp: NOW + 1_000_000n, price: 1_234_567_890n * 10n ** 10n }])
    await until(timers, () => watch.seen().quotes.get('BINANCE:BTCUSDT')?.price === '1234567890')
    expect(watch.seen().quotes.get('BINANCE:BTCUSDT')?.direction).toBe(1)
    await watch.stop()
    expect(timers.pending()).toBe(0)
  })

  test('is asked for what costs little each second, and for the rest rarely', async () => {
    const { watch, timers, paths } = watched()
    await until(timers, () => watch.seen().quotes.size === 4)
    paths.length = 0
    for (let second = 0; second < 30; second++) await until(timers, () => true).then(() => timers.advance(1_000))
    const parts = paths.filter(path => path.startsWith('stats'))
    expect(parts.length).toBeGreaterThan(20)
    expect(parts.filter(path => path.includes('candle_check')).length).toBeLessThanOrEqual(3)
    // Nobody looks at the gaps.
    expect(paths.filter(path => path.startsWith('coverage'))).toEqual([])
    await watch.stop()
  })

  test('whose connection breaks says so, keeps its figures, and is live again', async () => {
    const { watch, timers, down } = watched()
    await until(timers, () => watch.seen().stats !== undefined && watch.seen().connection.kind === 'live')
    down(true)
    await until(timers, () => watch.seen().connection.kind === 'broken')
    expect(watch.seen().connection).toMatchObject({ reason: 'No answer: connect ECONNREFUSED 127.0.0.1:8080.' })
    expect(watch.seen().stats?.tables.length).toBeGreaterThan(3)
    down(false)
    await until(timers, () => watch.seen().connection.kind === 'live')
    await watch.stop()
  })

  test('is counted for gaps while they are looked at', async () => {
    const { watch, timers } = watched({ view: 'gaps', opened: undefined })
    await until(timers, () => watch.seen().coverage !== undefined)
    expect(watch.seen().coverage?.some(({ status }) => status === 'gap')).toBe(true)
    await watch.stop()
  })

  test('has the outages of the last day while feeds are looked at; of connections that others keep it knows nothing', async () => {
    const away = { kind: 'disconnect', status: 'checked', fromId: null, toId: null, cause: 'broken: reset' } as const
    const times = { fromTime: NOW - 120_000_000n, toTime: NOW - 60_000_000n, reportedAt: NOW }
    await publishReports(lake, [report('kraken', { ...away, ...times })], REPORTS.length)
    const { watch, timers } = watched({ view: 'feeds', opened: undefined })
    await until(timers, () => watch.seen().ends !== undefined)
    expect(watch.seen().ends?.feeds).toBeUndefined()
    expect(watch.seen().ends?.outages.map(({ exchange, cause }) => [exchange, cause])).toEqual([
      ['KRAKEN', 'broken: reset'],
    ])
    await watch.stop()
  })

  test('has the last day of the market that is opened, by the minute', async () => {
    const { watch, timers } = watched({ view: 'markets', opened: 'KRAKEN:BTCUSD' })
    await until(timers, () => watch.seen().candles !== undefined)
    const { market, rows } = watch.seen().candles ?? { market: '', rows: [] }
    expect([market, rows.length]).toEqual(['KRAKEN:BTCUSD', 1_440])
    const lastTraded = rows.findLast(({ close }) => close !== null)
    expect(lastTraded?.start).toBe('2026-11-20T11:59:00Z')
    await watch.stop()
  })

  test('has candles of the length and up to the time that are asked for', async () => {
    const until_ = Number(NOW / 1000n) - 30 * 60_000
    const looked = { view: 'markets', opened: 'KRAKEN:BTCUSD', timeframe: '1h', until: until_ } as const
    const { watch, timers } = watched(looked)
    await until(timers, () => watch.seen().candles !== undefined)
    const { timeframe, rows } = watch.seen().candles ?? { timeframe: '', rows: [] }
    expect([timeframe, rows.at(-1)?.start, rows.at(-1)?.end]).toEqual([
      ...['1h', '2026-11-20T11:00:00Z', '2026-11-20T12:00:00Z'],
    ])
    await watch.stop()
  })

  test('has the averages and the largest trade of the market that is opened, as the API tells them', async () => {
    const { watch, timers, paths } = watched({ view: 'markets', opened: 'BINANCE:BTCUSDT' })
    await until(timers, () => watch.seen().figures !== undefined)
    const { market, told, corrected } = watch.seen().figures ?? {}
    const some = lake.trades.filter(
      ({ exchange, symbol, timestamp }) =>
        exchange === 'BINANCE' && symbol === 'BTCUSDT' && timestamp >= NOW - 3_600_000_000n,
    )
    const largest = some.reduce((a, b) => (b.quantity > a.quantity ? b : a))
    const volume = some.reduce((sum, { quantity }) => sum + quantity, 0n)
    const worth = some.reduce((sum, { quantity, price }) => sum + quantity * price, 0n)
    expect([market, corrected?.size, told?.ofDay.length]).toEqual(['BINANCE:BTCUSDT', 0, 1])
    expect(told?.largest.map(({ id }) => id)).toEqual([largest.tradeId])
    expect(Number(told?.ofHour[0]?.price)).toBeCloseTo(Number(worth / volume) / 1e10, 6)
    expect(paths.filter(path => path.startsWith('largest'))).toHaveLength(1)
    await watch.stop()
  })

  test('has the records of the kind of refusal that is opened, as the API tells them', async () => {
    await ingest(
      lake.ports,
      tradeStream(BINANCE),
      kafkaEvent(BINANCE, [{ partition: 0, offset: 100_000, value: Buffer.from('not Avro') }]),
    )
    await refineAll(lake, BINANCE)
    await commitTable(lake.ports, DLQ_TABLE, Number.POSITIVE_INFINITY)
    const kind = 'BINANCE deserialization_failed_or_null_fields'
    const { watch, timers } = watched({ view: 'dlq', opened: kind })
    await until(timers, () => watch.seen().letters !== undefined)
    expect(watch.seen().letters?.kind).toBe(kind)
    expect(watch.seen().letters?.rows.map(({ offset, raw }) => [offset, raw])).toEqual([
      [100_000, Buffer.from('not Avro').toString('base64')],
    ])
    await watch.stop()
  })

  test.each([
    ['before the first trade', Date.UTC(2020, 0, 1), 2_001_000n, '2026-11-20T12:00:02.001000Z'],
    ['after the last', Date.UTC(2030, 0, 1), 3_002_000n, '2026-11-20T12:00:03.002000Z'],
  ])(
    'has no candles %s, and when the market was traded as the API tells it then',
    async (_, outside, afterNow, last) => {
      const looked: { view: 'markets'; opened: string; until: number | undefined } = {
        ...{ view: 'markets', opened: 'BINANCE:BTCUSDT', until: undefined },
      }
      const { watch, timers } = watched(looked)
      await until(timers, () => watch.seen().candles !== undefined)
      await addTrades(lake, [{ timestamp: NOW + afterNow, price: 100n * 10n ** 10n }])
      looked.until = outside
      await until(timers, () => watch.seen().candles?.traded?.last_trade === last)
      expect(watch.seen().candles?.rows).toEqual([])
      await watch.stop()
    },
  )
})
