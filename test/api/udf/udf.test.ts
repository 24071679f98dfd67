/** A chart of TradingView finds its symbols and bars, and where there are none it is told where the next are. */
import { describe, expect, test } from 'vitest'
import { naiveRows } from '../market/naive-candles.ts'
import { NOW, type ShapesLake, shapesLake } from '../shapes-lake.ts'

const lake: ShapesLake = await shapesLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function get(query: string): Promise<Json> {
  const answer = await lake.get(`udf/${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

const NOW_SECONDS = Number(NOW / 1_000_000n)

/** Bars by hand: time, open, high, low, close, volume. */
function bars(exchange: string, symbol: string, frame: string): Json[] {
  const trades = lake.tradesOf(exchange, symbol)
  const from = trades[0].timestamp - 40n * 86_400_000_000n
  const options = {
    from: frame === '1M' ? from : trades[0].timestamp - 7n * 86_400_000_000n,
    to: NOW,
    fill: 'none',
    open: true,
    now: NOW,
  }
  return naiveRows(trades, { frames: [frame], ...options, missing: [] }).map((row: Json) => [
    ...[Date.parse(row.start) / 1000, ...[row.open, row.high, row.low, row.close, row.volume].map(Number)],
  ])
}
const listed = ({ t, o, h, l, c, v }: Json) => t.map((time: number, i: number) => [time, o[i], h[i], l[i], c[i], v[i]])

test('a chart learns what there is', async () => {
  const config = await get('config')
  expect(config).toMatchObject({ supports_search: true, supports_group_request: false, supports_time: true })
  expect(config.exchanges.map(({ value }: Json) => value)).toEqual(['', 'BINANCE', 'COINBASE', 'KRAKEN'])
  expect(await (await lake.get('udf/time')).text()).toBe(String(NOW_SECONDS))
})

test('a symbol is described by what was seen of it', async () => {
  expect(await get('symbols?symbol=BINANCE:BTCUSDT')).toEqual({
    ...{ name: 'BTCUSDT', ticker: 'BINANCE:BTCUSDT', description: 'BTC / USDT', type: 'crypto' },
    ...{ exchange: 'BINANCE', listed_exchange: 'BINANCE', 'exchange-traded': 'BINANCE', 'exchange-listed': 'BINANCE' },
    ...{ session: '24x7', timezone: 'Etc/UTC', format: 'price', data_status: 'streaming', currency_code: 'USDT' },
    ...{ minmov: 1, pricescale: 100, volume_precision: 5 },
    ...{ has_intraday: true, has_daily: true, has_weekly_and_monthly: true },
    supported_resolutions: expect.arrayContaining(['1', '60', '1D', '1W', '1M']),
  })
  expect((await get('symbols?symbol=btcusd')).ticker).toBe('COINBASE:BTCUSD')
  expect((await get('symbols?symbol=KRAKEN:BTCUSD')).pricescale).toBe(10)
})

test('symbols are found by a part of their names, of one exchange or all', async () => {
  const found = async (query: string) => (await get(`search?${query}`)).map(({ ticker }: Json) => ticker)
  expect(await found('query=btc')).toEqual(['BINANCE:BTCUSDT', 'COINBASE:BTCUSD', 'KRAKEN:BTCUSD'])
  expect(await found('query=btc&exchange=KRAKEN&type=crypto&limit=10')).toEqual(['KRAKEN:BTCUSD'])
  expect(await found('query=&limit=2')).toEqual(['BINANCE:BTCUSDT', 'BINANCE:SHIBUSDT'])
  expect(await found('query=eth%20/%20eur')).toEqual(['COINBASE:ETHEUR'])
})

describe('bars', () => {
  test.each([
    ['1', '1m'],
    ['5', '5m'],
    ['60', '1h'],
    ['1D', '1d'],
    ['D', '1d'],
    ['3D', '3d'],
    ['1W', '1w'],
    ['1M', '1M'],
  ])('of resolution %s are those that had trades, all of a range', async (resolution, frame) => {
    for (const [exchange, symbol] of [
      ['BINANCE', 'SHIBUSDT'],
      ['KRAKEN', 'BTCUSD'],
    ]) {
      const all = bars(exchange, symbol, frame)
      const of = `history?symbol=${exchange}:${symbol}&resolution=${resolution}`
      expect(listed(await get(`${of}&from=0&to=${NOW_SECONDS}`))).toEqual(all)
      const [from, to] = [all[all.length >> 2][0], all[all.length - 1][0]]
      const inRange = all.filter(([time]) => time >= from && time < to)
      const answer = await get(`${of}&from=${from}&to=${to}`)
      if (inRange.length > 0) expect(listed(answer)).toEqual(inRange)
      else expect(answer.s).toBe('no_data')
    }
  })

  test('are as many before the end as countback says, whatever the begin is', async () => {
    const all = bars('BINANCE', 'BTCUSDT', '1m')
    const of = 'history?symbol=BINANCE:BTCUSDT&resolution=1'
    for (const count of [1, 2, 30, 100, 10_000]) {
      const to = all[all.length - 40][0]
      expect(listed(await get(`${of}&from=${to - 60}&to=${to}&countback=${count}`))).toEqual(
        all.slice(0, -40).slice(-count),
      )
    }
  })

  test('where there are none name the last before, or nothing where none was', async () => {
    const all = bars('BINANCE', 'BTCUSDT', '1m')
    const of = 'history?symbol=BINANCE:BTCUSDT&resolution=1'
    const gap = all.findIndex(([time], i) => i > 0 && time - all[i - 1][0] > 600)
    const [before, after] = [all[gap - 1][0], all[gap][0]]
    expect(await get(`${of}&from=${before + 60}&to=${after}`)).toEqual({ s: 'no_data', nextTime: before })
    expect(await get(`${of}&from=${NOW_SECONDS + 60}&to=${NOW_SECONDS + 600}`)).toEqual({
      s: 'no_data',
      nextTime: all[all.length - 1][0],
    })
    expect(await get(`${of}&from=0&to=${all[0][0]}`)).toEqual({ s: 'no_data' })
    expect(await get(`${of}&from=-100&to=5&countback=300`)).toEqual({ s: 'no_data' })
  })

  test('are written with all their digits', async () => {
    const answer = await lake.get(`udf/history?symbol=BINANCE:SHIBUSDT&resolution=1&countback=1&to=${NOW_SECONDS}`)
    expect(await answer.text()).toMatch(/"o":\[0\.0000\d{1,4}\],.*"v":\[\d+\]\}$/)
  })

  test.each([
    ['history?symbol=BINANCE:BTCUSDT&resolution=1s', 400, /^resolution is 1s/],
    ['history?symbol=BINANCE:BTCUSDX&resolution=1', 404, /nearest is BTCUSDT/],
    ['history?symbol=FTX:BTCUSDT&resolution=1', 404, /^There is no exchange FTX/],
    ['history?resolution=1', 400, /^symbol is missing/],
    ['history?symbol=BTCUSDT&resolution=1&from=x', 400, /^from is x/],
    ['search?limit=many', 400, /^limit is many/],
    ['marks', 404, /^There is no route/],
  ])('%s is refused in words', async (query, status, message) => {
    const answer = await lake.get(`udf/${query}`)
    expect([answer.status, await answer.json()]).toEqual([
      status,
      { s: 'error', errmsg: expect.stringMatching(message) },
    ])
  })
})
