/** What Binance's clients ask besides klines and trades, and what they are told when they ask wrongly. */
import { describe, expect, test } from 'vitest'
import { addKey } from '../../../domain/access-keys.ts'
import { NOW, type ShapesLake, shapesLake } from '../shapes-lake.ts'

const lake: ShapesLake = await shapesLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function get(query: string): Promise<Json> {
  const answer = await lake.get(`binance/api/v3/${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

const NOW_MS = Number(NOW / 1000n)
const DAY_MS = 86_400_000
const inDay = (symbol: string) =>
  lake.tradesOf('BINANCE', symbol).filter(({ timestamp }) => timestamp >= NOW - BigInt(DAY_MS) * 1000n)
const decimal = (units: bigint, scale: number) => {
  const sign = units < 0n ? '-' : ''
  const text = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}
const number = ({ tradeId }: { readonly tradeId: string }) => Number(tradeId.split('-')[1])

test('the server is there, and says what time it is', async () => {
  expect(await get('ping')).toEqual({})
  expect(await get('time')).toEqual({ serverTime: NOW_MS })
})

describe('what there is to trade', () => {
  test('are the lake’s markets of Binance, with the steps that were seen', async () => {
    const info = await get('exchangeInfo')
    expect([info.timezone, info.serverTime]).toEqual(['UTC', NOW_MS])
    expect(
      info.symbols.map(({ symbol, status, baseAsset, quoteAsset, filters }: Json) => [
        ...[symbol, status, baseAsset, quoteAsset],
        ...[filters[0].tickSize, filters[1].stepSize],
      ]),
    ).toEqual([
      ['BTCUSDT', 'TRADING', 'BTC', 'USDT', '0.01000000', '0.00001000'],
      ['SHIBUSDT', 'TRADING', 'SHIB', 'USDT', '0.00000001', '1.00000000'],
    ])
    expect(info.symbols[0].filters.map(({ filterType }: Json) => filterType)).toEqual(['PRICE_FILTER', 'LOT_SIZE'])
  })

  test('are some of them by name, in their order', async () => {
    const names = async (query: string) =>
      (await get(`exchangeInfo?${query}`)).symbols.map(({ symbol }: Json) => symbol)
    expect(await names('symbol=SHIBUSDT')).toEqual(['SHIBUSDT'])
    expect(await names(`symbols=${encodeURIComponent('["SHIBUSDT","BTCUSDT"]')}`)).toEqual(['SHIBUSDT', 'BTCUSDT'])
    expect(await names('permissions=SPOT&showPermissionSets=false')).toEqual(['BTCUSDT', 'SHIBUSDT'])
    expect(await names('permissions=LEVERAGED')).toEqual([])
    expect(await names('symbolStatus=BREAK')).toEqual([])
  })
})

describe('tickers', () => {
  test('of prices have the last one', async () => {
    const last = (symbol: string) => decimal((lake.tradesOf('BINANCE', symbol).at(-1)?.price ?? 0n) / 100n, 8)
    expect(await get('ticker/price?symbol=BTCUSDT')).toEqual({ symbol: 'BTCUSDT', price: last('BTCUSDT') })
    expect(await get('ticker/price')).toEqual(['BTCUSDT', 'SHIBUSDT'].map(symbol => ({ symbol, price: last(symbol) })))
    expect(await get(`ticker/price?symbols=${encodeURIComponent('["SHIBUSDT"]')}`)).toEqual([
      { symbol: 'SHIBUSDT', price: last('SHIBUSDT') },
    ])
  })

  test('of a day are worked out from its trades', async () => {
    const trades = inDay('BTCUSDT')
    const before = lake.tradesOf('BINANCE', 'BTCUSDT')[lake.tradesOf('BINANCE', 'BTCUSDT').length - trades.length - 1]
    const [first, last] = [trades[0], trades[trades.length - 1]]
    const volume = trades.reduce((sum, { quantity }) => sum + quantity, 0n)
    const quote = trades.reduce((sum, { price, quantity }) => sum + price * quantity, 0n)
    const prices = trades.map(({ price }) => price)
    const price = (units: bigint) => decimal(units / 100n, 8)
    const ticker = await get('ticker/24hr?symbol=BTCUSDT')
    const both = {
      ...{ symbol: 'BTCUSDT', openPrice: price(first.price), lastPrice: price(last.price) },
      highPrice: price(prices.reduce((a, b) => (a > b ? a : b))),
      lowPrice: price(prices.reduce((a, b) => (a < b ? a : b))),
      ...{ volume: decimal(volume, 8), quoteVolume: decimal(quote / 10n ** 10n, 8), count: trades.length },
      ...{ openTime: NOW_MS - DAY_MS, closeTime: NOW_MS, firstId: number(first), lastId: number(last) },
    }
    const change = last.price - first.price
    expect(ticker).toEqual({
      ...both,
      ...{ priceChange: price(change), prevClosePrice: price(before.price), lastQty: decimal(last.quantity, 8) },
      ...{ priceChangePercent: expect.any(String), weightedAvgPrice: expect.any(String) },
      ...{ bidPrice: '0.00000000', bidQty: '0.00000000', askPrice: '0.00000000', askQty: '0.00000000' },
    })
    expect(Number(ticker.priceChangePercent)).toBeCloseTo((Number(change) / Number(first.price)) * 100, 3)
    expect(ticker.priceChangePercent).toMatch(/^-?\d+\.\d{3}$/)
    expect(Number(ticker.weightedAvgPrice)).toBeCloseTo(Number(quote) / Number(volume) / 1e10, 6)
    expect(await get('ticker/24hr?symbol=BTCUSDT&type=MINI')).toEqual(both)
    expect((await get('ticker/24hr')).map(({ symbol }: Json) => symbol)).toEqual(['BTCUSDT', 'SHIBUSDT'])
  })

  test('of five minutes are the average of their trades, or the last price where there were none', async () => {
    const trades = inDay('BTCUSDT').filter(({ timestamp }) => timestamp >= NOW - 240_000_000n)
    expect(trades.length).toBeGreaterThan(3)
    const [quote, volume] = trades.reduce(([q, v], t) => [q + t.price * t.quantity, v + t.quantity], [0n, 0n])
    const average = await get('avgPrice?symbol=BTCUSDT')
    expect(average).toEqual({
      ...{ mins: 5, price: expect.stringMatching(/^\d+\.\d{8}$/) },
      closeTime: Number((trades.at(-1)?.timestamp ?? 0n) / 1000n),
    })
    expect(Number(average.price)).toBeCloseTo(Number(quote) / Number(volume) / 1e10, 6)
    const later = await shapesLake()
    later.clock.advance(3 * DAY_MS)
    const last = lake.tradesOf('BINANCE', 'BTCUSDT').at(-1)
    const answer = await later.get('binance/api/v3/avgPrice?symbol=BTCUSDT')
    expect(await answer.json()).toEqual({
      ...{ mins: 5, price: decimal((last?.price ?? 0n) / 100n, 8), closeTime: Number((last?.timestamp ?? 0n) / 1000n) },
    })
    const quiet = await (await later.get('binance/api/v3/ticker/24hr?symbol=BTCUSDT')).json()
    expect(quiet).toMatchObject({
      ...{
        openPrice: '0.00000000',
        lastPrice: decimal((last?.price ?? 0n) / 100n, 8),
        firstId: -1,
        lastId: -1,
        count: 0,
      },
    })
  })
})

describe('what is wrong is said in Binance’s codes', () => {
  test.each([
    ['klines?symbol=BTCUSDC&interval=1m', 400, -1121, /^Invalid symbol\.$/],
    ['klines?symbol=BTCUSD&interval=1m', 400, -1121, /^Invalid symbol\.$/],
    [
      'klines?symbol=btcusdt&interval=1m',
      400,
      -1100,
      /^Illegal characters found in parameter 'symbol'; legal range is/,
    ],
    ['klines?interval=1m', 400, -1102, /^Mandatory parameter 'symbol' was not sent, was empty\/null, or malformed\.$/],
    ['klines?symbol=BTCUSDT', 400, -1102, /^Mandatory parameter 'interval'/],
    ['klines?symbol=BTCUSDT&interval=7m', 400, -1120, /^Invalid interval\.$/],
    [
      'klines?symbol=BTCUSDT&interval=1s',
      400,
      -1120,
      /^Invalid interval\. The lake has no candles of less than a minute\.$/,
    ],
    [
      'klines?symbol=BTCUSDT&interval=1m&limit=x',
      400,
      -1100,
      /^Illegal characters found in parameter 'limit'; legal range is '\^\[0-9\]\{1,20\}\$'\.$/,
    ],
    ['klines?symbol=BTCUSDT&interval=1m&limit=0', 400, -1130, /^Data sent for parameter 'limit' is not valid\.$/],
    ['klines?symbol=BTCUSDT&interval=1m&timeZone=15', 400, -1130, /'timeZone'/],
    [
      'klines?symbol=BTCUSDT&interval=1m&timezone=8',
      400,
      -1104,
      /^Not all sent parameters were read; read '2' parameter\(s\) but was sent '3'\.$/,
    ],
    ['klines?symbol=BTCUSDT&symbol=BTCUSDT&interval=1m', 400, -1101, /^Duplicate values/],
    ['aggTrades?symbol=BTCUSDT&fromId=1&startTime=1', 400, -1128, /^Combination of optional parameters invalid\.$/],
    ['exchangeInfo?symbol=BTCUSDT&symbols=["BTCUSDT"]', 400, -1128, /^Combination/],
    ['exchangeInfo?symbols=BTCUSDT', 400, -1100, /'symbols'/],
    ['exchangeInfo?symbols=["BTCUSDT","BTCUSDT"]', 400, -1151, /multiple times/],
    ['exchangeInfo?symbol=NONE', 400, -1121, /^Invalid symbol\.$/],
    ['ticker/24hr?type=LONG', 400, -1139, /^Invalid ticker type\.$/],
    ['ticker/price?symbolStatus=GONE', 400, -1122, /^Invalid symbolStatus\.$/],
    ['ticker/price?symbol=BTCUSDT&symbolStatus=HALT', 400, -1220, /status/],
    ['depth?symbol=BTCUSDT', 404, -1020, /^This operation is not supported\. .*klines/],
  ])('%s', async (query, status, code, message) => {
    const answer = await lake.get(`binance/api/v3/${query}`)
    expect([answer.status, await answer.json()]).toEqual([status, { code, msg: expect.stringMatching(message) }])
  })

  test('and a lake that is damaged is no fault of the request', async () => {
    const broken = await shapesLake()
    broken.before = ({ kind, key }) => {
      if (kind === 'get' && key.includes('gold_ohlcv_1h')) throw new Error('the disk is gone')
    }
    const answer = await broken.get('binance/api/v3/klines?symbol=BTCUSDT&interval=2h')
    expect([answer.status, await answer.json()]).toEqual([
      500,
      {
        code: -1000,
        msg: expect.stringMatching(/^This failed here, and not for anything in the request: .* under request /),
      },
    ])
  })
})

test('with keys a client’s own header has the key', async () => {
  const keyed = await shapesLake({ auth: 'keys' })
  const { text } = await addKey(keyed.ports, {
    secret: 'k'.repeat(43),
    name: 'bot',
    scopes: ['read'],
    expiresAt: undefined,
  })
  const status = async (headers: Record<string, string>) => (await keyed.get('binance/api/v3/ping', headers)).status
  expect(await status({ 'x-mbx-apikey': text })).toBe(200)
  expect(await status({ authorization: `Bearer ${text}` })).toBe(200)
  for (const headers of [{}, { 'x-mbx-apikey': 'other' }] as Record<string, string>[]) {
    const answer = await keyed.get('binance/api/v3/ping', headers)
    expect([answer.status, await answer.json()]).toEqual([401, { code: -2015, msg: expect.stringMatching(/key/) }])
  }
})
