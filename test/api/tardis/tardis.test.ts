/** tardis-machine's shape over the lake: its messages of the trades that were put in, worked out here one by one. */
import { describe, expect, test } from 'vitest'
import { createApi } from '../../../api/app.ts'
import { formatDecimal } from '../../../domain/decimal.ts'
import { createFakeTimers } from '../../feeds/fake-timers.ts'
import { memoryLake, testEngine } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { commit, someTrades } from '../live/live-lake.ts'
import { readerOf } from '../live/support.ts'
import { DAY, HOUR, type MarketLake, MINUTE, marketLake, NOW, publishReports, report } from '../market/market-lake.ts'

const lake: MarketLake = await marketLake()
// biome-ignore lint/suspicious/noExplicitAny: messages are whatever was sent
type Json = any

function asked(ports: MarketLake['ports'], timers = createFakeTimers(ports.clock.now())) {
  const api = createApi({ ports, log: SILENT, auth: 'none', live: { timers, isStreaming: true } })
  return (path: string, options: unknown) =>
    api.request(`http://localhost:8080/${path}?options=${encodeURIComponent(JSON.stringify(options))}`, {
      headers: { host: 'localhost:8080' },
    }) as Promise<Response>
}
const ask = asked(lake.ports)
const iso = (micros: bigint) => {
  const text = `${new Date(Number(micros / 1000n)).toISOString().slice(0, 23)}`
  return micros % 1000n === 0n ? `${text}Z` : `${text}${String(micros % 1000n).padStart(3, '0')}Z`
}
async function lines(options: unknown): Promise<Json[]> {
  const answer = await ask('replay-normalized', options)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}

const NAMES: Record<string, readonly [exchange: string, symbol: string]> = {
  'BINANCE BTCUSDT': ['binance', 'BTCUSDT'],
  'BINANCE ETHUSDT': ['binance', 'ETHUSDT'],
  'KRAKEN BTCUSD': ['kraken', 'XBT/USD'],
  'COINBASE BTCUSD': ['coinbase', 'BTC-USD'],
}

function naiveTrades(from: bigint, to: bigint, isWanted: (name: string) => boolean) {
  return lake.trades
    .filter(
      ({ timestamp, exchange, symbol }) => timestamp >= from && timestamp < to && isWanted(`${exchange} ${symbol}`),
    )
    .sort((a, b) => {
      if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1
      const [x, y] = [`${a.exchange}|${a.symbol}`, `${b.exchange}|${b.symbol}`]
      return x === y ? Number(a.tradeId.split('-')[1]) - Number(b.tradeId.split('-')[1]) : x < y ? -1 : 1
    })
    .map(trade => {
      const [exchange, symbol] = NAMES[`${trade.exchange} ${trade.symbol}`]
      return {
        ...{ type: 'trade', symbol, exchange, id: trade.tradeId.split('-')[1], side: trade.side.toLowerCase() },
        ...{ price: Number(formatDecimal(trade.price, 10)), amount: Number(formatDecimal(trade.quantity, 8)) },
        ...{ timestamp: iso(trade.timestamp), localTimestamp: iso(trade.timestamp) },
      }
    })
}

describe('a normalized replay', () => {
  test('has every trade of the markets, with their own names, also of a range under a minute', async () => {
    for (const [from, to] of [
      [NOW - 41n * DAY, NOW],
      [NOW - HOUR, NOW - HOUR + 30_000_000n],
      [NOW - 12n * HOUR - 1n, NOW - 12n * HOUR + 1n],
    ]) {
      const range = { from: iso(from), to: iso(to), dataTypes: ['trade'] }
      const all = ['binance', 'kraken', 'coinbase'].map(exchange => ({ exchange, ...range }))
      expect(await lines(all)).toEqual(naiveTrades(from, to, () => true))
      const some = { exchange: 'kraken', symbols: ['xbt/usd'], ...range }
      expect(await lines(some)).toEqual(naiveTrades(from, to, name => name === 'KRAKEN BTCUSD'))
    }
  })

  test('has a bar of each whole window that has trades, when it ends, before the trades behind it', async () => {
    const [from, to] = [NOW - 6n * HOUR, NOW - MINUTE / 2n]
    const found = await lines([
      { exchange: 'binance', symbols: ['BTCUSDT'], from: iso(from), to: iso(to), dataTypes: ['trade', 'trade_bar_5m'] },
      { exchange: 'coinbase', from: iso(from), to: iso(to), dataTypes: ['trade_bar_300s'] },
    ])
    expect(found.filter(({ type }) => type === 'trade')).toEqual(
      naiveTrades(from, to, name => name === 'BINANCE BTCUSDT'),
    )
    const bars = found.filter(({ type }) => type === 'trade_bar')
    const trades = naiveTrades(from, to, name => name === 'BINANCE BTCUSDT' || name === 'COINBASE BTCUSD')
    const groups = Map.groupBy(
      trades,
      ({ symbol, timestamp }) => `${symbol} ${Math.floor(Date.parse(timestamp) / 300_000)}`,
    )
    const expected = [...groups]
      .map(([key, some]) => {
        const end = (Number(key.split(' ')[1]) + 1) * 300_000
        const prices = some.map(({ price }) => price)
        const sum = (side?: string) =>
          some.reduce((total, trade) => total + (side === undefined || trade.side === side ? trade.amount : 0), 0)
        const vwap = some.reduce((total, { price, amount }) => total + price * amount, 0) / sum()
        const near = (value: number) => expect.closeTo(value, 4)
        return {
          ...{ type: 'trade_bar', symbol: some[0].symbol, exchange: some[0].exchange, interval: 300_000, kind: 'time' },
          name: some[0].exchange === 'binance' ? 'trade_bar_5m' : 'trade_bar_300s',
          ...{ open: prices[0], high: Math.max(...prices), low: Math.min(...prices), close: prices.at(-1) },
          ...{ volume: near(sum()), buyVolume: near(sum('buy')), sellVolume: near(sum('sell')), vwap: near(vwap) },
          ...{ trades: some.length, openTimestamp: some[0].timestamp, closeTimestamp: some.at(-1)?.timestamp },
          ...{ timestamp: new Date(end).toISOString(), localTimestamp: new Date(end).toISOString() },
        }
      })
      .filter(({ timestamp }) => Date.parse(timestamp) <= Number(to / 1000n))
      .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || (a.exchange < b.exchange ? -1 : 1))
    expect(expected.length).toBeGreaterThan(10)
    expect(bars).toEqual(expected)
    const times = found.map(({ timestamp }) => Date.parse(timestamp))
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  test('says when a feed was down, where that is asked for', async () => {
    const range = { from: iso(NOW - 31n * DAY), to: iso(NOW), dataTypes: ['trade_bar_1m'] }
    const down = { type: 'disconnect', exchange: 'coinbase', localTimestamp: iso(NOW - 30n * DAY) }
    const of = async (option: Json) => (await lines(option)).filter(({ type }) => type === 'disconnect')
    expect(await of({ exchange: 'coinbase', ...range, withDisconnectMessages: true })).toEqual([down])
    expect(await of({ exchange: 'coinbase', ...range })).toEqual([])
    expect(await of({ exchange: 'binance', ...range, withDisconnectMessages: true })).toEqual([])
  })

  test.each([
    ['no JSON', '{', /^options is not JSON/],
    [
      'another exchange',
      { exchange: 'bitmex', dataTypes: ['trade'] },
      /^There is no exchange bitmex here: binance, kraken, coinbase\./,
    ],
    ['a book', { exchange: 'binance', dataTypes: ['book_change'] }, /There is no order book/],
    [
      'bars of seconds',
      { exchange: 'binance', dataTypes: ['trade_bar_10s'] },
      /^dataTypes has trade_bar_10s: there are trade, and trade_bar_… of whole minutes/,
    ],
    ['bars by ticks', { exchange: 'binance', dataTypes: ['trade_bar_100ticks'] }, /no bar by ticks/],
    ['no data types', { exchange: 'binance' }, /^options has dataTypes wrong/],
    ['no range', { exchange: 'binance', dataTypes: ['trade'] }, /^options lacks from or to/],
    [
      'a range backwards',
      { exchange: 'binance', dataTypes: ['trade'], from: '2026-11-20', to: '2026-11-19' },
      /not before/,
    ],
    [
      'several ranges',
      ['2026-11-18', '2026-11-19'].map(from => ({ exchange: 'binance', dataTypes: ['trade'], from, to: '2026-11-20' })),
      /several ranges/,
    ],
  ])('of %s is refused in words', async (_, options, detail) => {
    const answer =
      options === '{'
        ? await createApi({
            ports: lake.ports,
            log: SILENT,
            auth: 'none',
            live: { timers: createFakeTimers(0), isStreaming: true },
          }).request('http://localhost:8080/replay-normalized?options={', { headers: { host: 'localhost:8080' } })
        : await ask('replay-normalized', options)
    expect(await answer.json()).toMatchObject({
      status: 400,
      parameter: 'options',
      detail: expect.stringMatching(detail),
    })
  })
})

test('a normalized stream has live trades, and bars when their windows have ended', async () => {
  const live = memoryLake({ engine: await testEngine() })
  await commit(live, someTrades(live, 3, 60_000))
  const timers = createFakeTimers(live.clock.now())
  const answer = await asked(live.ports, timers)('ws-stream-normalized', [
    { exchange: 'binance', dataTypes: ['trade', 'trade_bar_1m'] },
    { exchange: 'kraken', symbols: ['XBT/USD'], dataTypes: ['trade'] },
  ])
  const got: Json[] = []
  const reader = readerOf(answer)
  void (async () => {
    for (let next = await reader.next(); next; next = await reader.next()) got.push(...next)
  })()
  const pass = async () => {
    for (let i = 0; i < 80; i++) await timers.advance(25)
  }
  await pass()
  const first = someTrades(live, 3, 1_000)
  await commit(live, first)
  await pass()
  live.clock.advance(60_000)
  await commit(live, someTrades(live, 3, 500))
  await pass()
  expect(got.map(({ type, exchange, symbol, trades }) => [type, exchange, symbol, trades].join(' '))).toEqual([
    ...['trade binance ETHUSDT ', 'trade binance BTCUSDT ', 'trade kraken XBT/USD '],
    ...['trade binance ETHUSDT ', 'trade binance BTCUSDT ', 'trade kraken XBT/USD '],
    ...['trade_bar binance BTCUSDT 2', 'trade_bar binance ETHUSDT 2'],
  ])
  await reader.cancel()
  await pass()
  expect(timers.pending()).toBe(0)
})

test('a normalized stream says once that a feed was down, where that is asked for', async () => {
  const live = memoryLake({ engine: await testEngine() })
  await commit(live, someTrades(live, 3, 60_000))
  const down = (exchange: string, ago: number) => {
    const from = BigInt(live.clock.now() - ago) * 1000n
    const ids = { fromId: null, toId: null, fromTime: from, toTime: from + 1_000_000n }
    return report(exchange, { kind: 'disconnect', status: 'unknown', reportedAt: from + 2_000_000n, ...ids })
  }
  await publishReports(live, [down('binance', 50_000)])
  const timers = createFakeTimers(live.clock.now())
  const from = (withDisconnectMessages: boolean) =>
    asked(live.ports, timers)('ws-stream-normalized', [
      { exchange: 'binance', dataTypes: ['trade'], withDisconnectMessages },
    ])
  const got: Json[][] = [[], []]
  const readers = [readerOf(await from(true)), readerOf(await from(false))]
  for (const [at, reader] of readers.entries())
    void (async () => {
      for (let next = await reader.next(); next; next = await reader.next()) got[at].push(...next)
    })()
  const pass = async () => {
    for (let i = 0; i < 80; i++) await timers.advance(250)
  }
  await pass()
  const late = [down('binance', 5_000), down('kraken', 5_000)]
  await publishReports(live, late, 1)
  // Nothing is traded meanwhile.
  await pass()
  await pass()
  const time = iso(late[0].fromTime ?? 0n)
  expect(got).toEqual([[{ type: 'disconnect', exchange: 'binance', localTimestamp: time }], []])
  await Promise.all(readers.map(reader => reader.cancel()))
  await pass()
  expect(timers.pending()).toBe(0)
})
