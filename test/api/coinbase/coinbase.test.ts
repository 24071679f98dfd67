/** Coinbase Exchange's clients find their products, candles and trades over the lake, each number that of the trades. */
import { describe, expect, test } from 'vitest'
import type { Trade } from '../../../domain/trade.ts'
import { naiveRows } from '../market/naive-candles.ts'
import { NOW, type ShapesLake, shapesLake } from '../shapes-lake.ts'

const lake: ShapesLake = await shapesLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function ask(query: string): Promise<{ readonly body: Json; readonly headers: Headers }> {
  const answer = await lake.get(`coinbase/${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return { body, headers: answer.headers }
}
const get = async (query: string): Promise<Json> => (await ask(query)).body

const NOW_SECONDS = Number(NOW / 1_000_000n)
const TRADES = lake.tradesOf('COINBASE', 'BTCUSD')
const number = ({ tradeId }: Trade) => Number(tradeId.split('-')[1])
const decimal = (units: bigint, scale: number) => {
  const text = units.toString().padStart(scale + 1, '0')
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`
}
const price = (units: bigint) => decimal(units, 10).slice(0, -2)
const rowOf = (trade: Trade) => ({
  ...{ trade_id: number(trade), side: trade.side === 'BUY' ? 'sell' : 'buy', size: decimal(trade.quantity, 8) },
  price: price(trade.price),
  time: `${new Date(Number(trade.timestamp / 1000n)).toISOString().slice(0, 19)}.${String(trade.timestamp % 1_000_000n).padStart(6, '0')}Z`,
})
const NEWEST_FIRST = TRADES.map(rowOf).reverse()

test('products and currencies are the lake’s', async () => {
  expect(
    (await get('products')).map(
      ({ id, base_currency, quote_currency, quote_increment, base_increment, status }: Json) => [
        ...[id, base_currency, quote_currency, quote_increment, base_increment, status],
      ],
    ),
  ).toEqual([
    ['BTC-USD', 'BTC', 'USD', '0.01', '0.00000001', 'online'],
    ['ETH-EUR', 'ETH', 'EUR', '0.01', '0.00000001', 'online'],
  ])
  expect((await get('products/BTC-USD')).display_name).toBe('BTC/USD')
  expect((await get('currencies')).map(({ id }: Json) => id)).toEqual(['BTC', 'ETH', 'EUR', 'USD'])
  expect(await get('time')).toEqual({ iso: '2026-11-20T12:00:00.000Z', epoch: NOW_SECONDS })
})

describe('candles', () => {
  function expected(frame: string): Json[] {
    const options = {
      from: TRADES[0].timestamp - 86_400_000_000n,
      to: NOW,
      fill: 'none',
      open: true,
      now: NOW,
      missing: [],
    }
    return naiveRows(TRADES, { frames: [frame], ...options })
      .map((row: Json) => [
        Date.parse(row.start) / 1000,
        ...[row.low, row.high, row.open, row.close, row.volume].map(Number),
      ])
      .reverse()
  }

  test.each([
    [60, '1m'],
    [300, '5m'],
    [900, '15m'],
    [3600, '1h'],
    [21_600, '6h'],
    [86_400, '1d'],
  ])(
    'of %d seconds are the newest first: the last 300, or those of a range with both its ends',
    async (granularity, frame) => {
      const all = expected(frame)
      const of = `products/BTC-USD/candles?granularity=${granularity}`
      expect(await get(of)).toEqual(all.slice(0, 300))
      // One end alone is ignored.
      expect(await get(`${of}&start=1`)).toEqual(all.slice(0, 300))
      const end = all[Math.min(3, all.length - 1)][0]
      const start = end - 200 * granularity
      const inRange = all.filter(([time]) => time >= start && time <= end)
      expect(await get(`${of}&start=${start}&end=${end}`)).toEqual(inRange)
      const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
      expect(await get(`${of}&start=${iso(start)}&end=${iso(end).slice(0, 19)}`)).toEqual(inRange)
    },
  )

  test('are numbers with all their digits', async () => {
    const answer = await lake.get('coinbase/products/BTC-USD/candles?granularity=86400')
    expect(await answer.text()).toMatch(
      /^\[\[\d+,\d+(?:\.\d{1,2})?,\d+(?:\.\d{1,2})?,\d+(?:\.\d{1,2})?,\d+(?:\.\d{1,2})?,\d+\.\d{1,8}\],/,
    )
  })
})

describe('trades', () => {
  test('are the newest first, and CB-AFTER leads to the first of all', async () => {
    expect(await get('products/BTC-USD/trades')).toEqual(NEWEST_FIRST)
    for (const limit of [7, 150]) {
      const rows: Json[] = []
      for (let after = ''; ; ) {
        const { body, headers } = await ask(`products/BTC-USD/trades?limit=${limit}${after}`)
        rows.push(...body)
        if (body.length === 0) break
        expect(headers.get('cb-before')).toBe(String(body[0].trade_id))
        after = `&after=${headers.get('cb-after')}`
      }
      expect(rows).toEqual(NEWEST_FIRST)
    }
  })

  test('behind CB-BEFORE are those that came since', async () => {
    const since = NEWEST_FIRST[12].trade_id
    const { body, headers } = await ask(`products/BTC-USD/trades?before=${since}`)
    expect(body).toEqual(NEWEST_FIRST.slice(0, 12))
    const later = await ask(`products/BTC-USD/trades?before=${headers.get('cb-before')}`)
    expect([later.body, later.headers.get('cb-before')]).toEqual([[], null])
  })
})

test('the ticker is the last trade, and statistics are of a day and a month', async () => {
  const last = TRADES[TRADES.length - 1]
  const day = TRADES.filter(({ timestamp }) => timestamp >= NOW - 86_400_000_000n)
  const volume = (trades: readonly Trade[]) =>
    decimal(
      trades.reduce((sum, { quantity }) => sum + quantity, 0n),
      8,
    )
  const { side: _, ...shown } = rowOf(last)
  expect(await get('products/BTC-USD/ticker')).toEqual({ ...shown, bid: '0', ask: '0', volume: volume(day) })
  const prices = day.map(({ price }) => price).sort((a, b) => Number(a - b))
  expect(await get('products/BTC-USD/stats')).toEqual({
    ...{ open: price(day[0].price), high: price(prices[prices.length - 1]), low: price(prices[0]) },
    ...{ last: price(last.price), volume: volume(day), volume_30day: volume(TRADES) },
  })
})

test.each([
  ['products/BTC-EUR', 404, /^NotFound$/],
  ['products/BTCUSD/candles', 404, /^NotFound$/],
  ['products/BTC-USD/book', 404, /^NotFound$/],
  ['products/BTC-USD/candles?granularity=7', 400, /^Unsupported granularity$/],
  ['products/BTC-USD/candles?granularity=60&start=100&end=99', 400, /^start must be before end$/],
  [
    'products/BTC-USD/candles?granularity=60&start=0&end=18060',
    400,
    /^granularity too small for the requested time range\. Count of aggregations requested exceeds 300$/,
  ],
  ['products/BTC-USD/candles?granularity=60&start=yesterday&end=5', 400, /^Invalid start/],
  ['products/BTC-USD/trades?after=x', 400, /^Invalid after$/],
  ['products/BTC-USD/trades?limit=0', 400, /^Invalid limit$/],
])('%s is refused in Coinbase’s words', async (query, status, message) => {
  const answer = await lake.get(`coinbase/${query}`)
  expect([answer.status, await answer.json()]).toEqual([status, { message: expect.stringMatching(message) }])
})
