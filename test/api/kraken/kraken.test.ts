/** Kraken's clients find their pairs, candles and trades over the lake, each number that of the trades. */
import { describe, expect, test } from 'vitest'
import type { Trade } from '../../../domain/trade.ts'
import { naiveRows } from '../market/naive-candles.ts'
import { NOW, type ShapesLake, shapesLake } from '../shapes-lake.ts'

const lake: ShapesLake = await shapesLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function get(query: string): Promise<Json> {
  const answer = await lake.get(`kraken/0/public/${query}`)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  const { error, result } = JSON.parse(text)
  expect(error, text).toEqual([])
  return result
}

const NOW_SECONDS = Number(NOW / 1_000_000n)
const TRADES = lake.tradesOf('KRAKEN', 'BTCUSD')
const number = ({ tradeId }: Trade) => Number(tradeId.split('-')[1])
const least = (text: string, digits: number) => {
  const [whole, fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(digits, '0')}`
}
const decimal = (units: bigint, scale: number) => {
  const text = units.toString().padStart(scale + 1, '0')
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`.replace(/0+$/, '').replace(/\.$/, '')
}
const rowOf = (trade: Trade) => [
  ...[least(decimal(trade.price, 10), 5), least(decimal(trade.quantity, 8), 8), Number(trade.timestamp) / 1e6],
  ...[trade.side === 'BUY' ? 'b' : 's', '', '', number(trade)],
]

test('the server says what time it is, and that it is there', async () => {
  expect(await get('Time')).toEqual({ unixtime: NOW_SECONDS, rfc1123: 'Fri, 20 Nov 2026 12:00:00 +0000' })
  expect(await get('SystemStatus')).toEqual({ status: 'online', timestamp: '2026-11-20T12:00:00Z' })
})

test('assets and pairs have Kraken’s names', async () => {
  expect(Object.entries(await get('Assets')).map(([name, asset]) => [name, (asset as Json).altname])).toEqual([
    ['XXBT', 'XBT'],
    ['ZUSD', 'USD'],
    ['XXDG', 'XDG'],
  ])
  expect(Object.keys(await get('Assets?asset=XBT,ZUSD'))).toEqual(['XXBT', 'ZUSD'])
  const pairs = await get('AssetPairs')
  expect(Object.keys(pairs)).toEqual(['XXBTZUSD', 'XDGUSD'])
  expect(pairs.XXBTZUSD).toMatchObject({
    ...{ altname: 'XBTUSD', wsname: 'XBT/USD', base: 'XXBT', quote: 'ZUSD', pair_decimals: 1, lot_decimals: 8 },
    ...{ tick_size: '0.1', ordermin: '0.00000001', status: 'online' },
  })
  for (const name of ['XBTUSD', 'XXBTZUSD', 'XBT/USD', 'BTC/USD', 'BTCUSD', 'xbtusd'])
    expect(Object.keys(await get(`AssetPairs?pair=${name}`))).toEqual(['XXBTZUSD'])
})

describe('candles', () => {
  /** By hand: all windows from the first trade's to the last's. */
  function expected(frame: string): Json[] {
    const from = TRADES[0].timestamp - 16n * 86_400_000_000n
    const last = TRADES[TRADES.length - 1].timestamp
    const options = { from, to: last + 1n, fill: 'previous', open: true, now: NOW, missing: [] }
    return naiveRows(TRADES, { frames: [frame], ...options }).map((row: Json) => [
      Date.parse(row.start) / 1000,
      ...[row.open, row.high, row.low, row.close, row.vwap ?? '0'].map(text => least(text, 5)),
      ...[least(row.volume, 8), row.trades],
    ])
  }

  test.each([
    [1, '1m'],
    [5, '5m'],
    [15, '15m'],
    [60, '1h'],
    [240, '4h'],
    [1440, '1d'],
    [10_080, '7d'],
    [21_600, '15d'],
  ])('of %d minutes are all there, page by page from the last that is closed', async (interval, frame) => {
    const rows: Json[] = []
    for (let since = -60; ; ) {
      const page = await get(`OHLC?pair=XBTUSD&interval=${interval}&since=${since}`)
      const fresh = page.XXBTZUSD
      rows.push(...fresh)
      if (fresh.length < 720) break
      since = page.last
      // What was not closed comes again.
      while (rows.length > 0 && rows[rows.length - 1][0] > since) rows.pop()
    }
    expect(rows).toEqual(expected(frame))
  })

  test('without since are the last, and `last` is the last that is closed', async () => {
    const all = expected('1m')
    const { XXBTZUSD: rows, last } = await get('OHLC?pair=BTC/USD')
    expect(rows).toEqual(all.slice(-720))
    // Nothing has been traded since the last minute ended.
    expect(last).toBe(rows[rows.length - 2][0])
    const days = await get('OHLC?pair=XBTUSD&interval=1440')
    expect(days.last).toBe(Date.UTC(2026, 10, 19) / 1000)
  })
})

describe('trades', () => {
  test('are all there, page by page by `last`, whatever the size of a page', async () => {
    for (const count of [1000, 90, 7]) {
      const rows: Json[] = []
      for (let since = '0'; ; ) {
        const page = await get(`Trades?pair=XBTUSD&since=${since}&count=${count}`)
        rows.push(...page.XXBTZUSD)
        if (page.XXBTZUSD.length === 0) break
        since = page.last
      }
      expect(rows).toEqual(TRADES.map(rowOf))
    }
  })

  test('of a time in seconds or nanoseconds begin there, and without one are the last', async () => {
    const at = TRADES[200].timestamp
    const from = TRADES.filter(({ timestamp }) => timestamp >= at)
    expect((await get(`Trades?pair=XBTUSD&since=${at}000`)).XXBTZUSD).toEqual(from.map(rowOf))
    const second = at / 1_000_000n + 1n
    const later = TRADES.filter(({ timestamp }) => timestamp >= second * 1_000_000n)
    expect((await get(`Trades?pair=XBTUSD&since=${second}`)).XXBTZUSD).toEqual(later.map(rowOf))
    const { XXBTZUSD: rows, last } = await get('Trades?pair=XBTUSD&count=5')
    expect(rows).toEqual(TRADES.slice(-5).map(rowOf))
    expect((await get(`Trades?pair=XBTUSD&since=${last}`)).XXBTZUSD).toEqual([])
  })
})

test('tickers have today and the last 24 hours', async () => {
  const all = await get('Ticker')
  expect(Object.keys(all)).toEqual(['XXBTZUSD', 'XDGUSD'])
  const [ticker, last] = [all.XXBTZUSD, TRADES[TRADES.length - 1]]
  const since = (time: bigint) => TRADES.filter(({ timestamp }) => timestamp >= time)
  const both = [since(NOW - 12n * 3_600_000_000n), since(NOW - 24n * 3_600_000_000n)]
  expect(both[0].length).toBeLessThan(both[1].length)
  const price = (units: bigint) => least(decimal(units, 10), 5)
  const prices = both.map(trades => trades.map(({ price }) => price).sort((a, b) => Number(a - b)))
  expect(ticker).toMatchObject({
    c: [price(last.price), least(decimal(last.quantity, 8), 8)],
    v: both.map(trades =>
      least(
        decimal(
          trades.reduce((sum, { quantity }) => sum + quantity, 0n),
          8,
        ),
        8,
      ),
    ),
    t: both.map(({ length }) => length),
    l: prices.map(sorted => price(sorted[0])),
    h: prices.map(sorted => price(sorted[sorted.length - 1])),
    o: price(both[0][0].price),
    ...{ a: ['0.00000', '0', '0.000'], b: ['0.00000', '0', '0.000'] },
  })
  const vwaps = both.map(
    trades =>
      trades.reduce((sum, t) => sum + Number(t.price) * Number(t.quantity), 0) /
      trades.reduce((sum, t) => sum + Number(t.quantity), 0) /
      1e10,
  )
  for (const [i, vwap] of vwaps.entries()) expect(Number(ticker.p[i])).toBeCloseTo(vwap, 6)
})

test.each([
  ['OHLC?pair=XBTEUR', 200, 'EQuery:Unknown asset pair'],
  ['OHLC?pair=XBTUSD&interval=7', 200, 'EGeneral:Invalid arguments:interval'],
  ['OHLC?pair=XBTUSD&since=x', 200, 'EGeneral:Invalid arguments:since'],
  ['OHLC', 200, 'EGeneral:Invalid arguments:pair'],
  ['Trades?pair=XBTUSD&count=1001', 200, 'EGeneral:Invalid arguments:count'],
  ['Trades?pair=XBTUSD&since=-1', 200, 'EGeneral:Invalid arguments:since'],
  ['Ticker?pair=XBTUSD,NONE', 200, 'EQuery:Unknown asset pair'],
  ['Assets?asset=NONE', 200, 'EQuery:Unknown asset'],
  ['Depth?pair=XBTUSD', 404, /^EGeneral:Unknown method: /],
])('%s is refused in Kraken’s words', async (query, status, error) => {
  const answer = await lake.get(`kraken/0/public/${query}`)
  const words = typeof error === 'string' ? error : expect.stringMatching(error)
  expect([answer.status, await answer.json()]).toEqual([status, { error: [words] }])
})
