/** Candles over HTTP are those that anyone would work out from the trades, whatever is asked for and however it is paged. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createApi } from '../../../api/app.ts'
import { SILENT } from '../../silent-log.ts'
import { DAY, HOUR, type MarketLake, MINUTE, MISSING, marketLake, NOW } from './market-lake.ts'
import { naiveRows } from './naive-candles.ts'

const lake: MarketLake = await marketLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const micros = (text: string) => BigInt(Date.parse(text)) * 1000n
async function get(query: string): Promise<Json> {
  const answer = await lake.get(`candles?${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

async function allPages(query: string): Promise<Json[]> {
  const rows: Json[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const body: Json = await get(`${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    rows.push(...body.data)
    cursor = body.next
  }
  return rows
}

describe('candles', () => {
  test('of any windows, range, markets and fill are the naive ones, in pages of any size', async () => {
    const frames = ['1m', '5m', '7m', '15m', '1h', '4h', '1d', '3d', '1w', '1M']
    const symbols = ['BTCUSDT', 'ETHUSDT', 'BTCUSD']
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          frames: fc.uniqueArray(fc.constantFrom(...frames), { minLength: 1, maxLength: 2 }),
          symbols: fc.uniqueArray(fc.constantFrom(...symbols), { maxLength: 3 }),
          exchanges: fc.uniqueArray(fc.constantFrom<string>('BINANCE', 'KRAKEN', 'COINBASE'), { maxLength: 3 }),
          back: fc.constantFrom(HOUR, 7n * HOUR, 2n * DAY, 45n * DAY),
          offset: fc.bigInt({ min: -MINUTE, max: 2n * HOUR }),
          length: fc.constantFrom(MINUTE, 3n * HOUR, 2n * DAY),
          fill: fc.constantFrom('none', 'previous', 'null'),
          open: fc.boolean(),
          limit: fc.integer({ min: 3, max: 300 }),
        }),
        async ({ frames, symbols, exchanges, back, offset, length, fill, open, limit }) => {
          const from = NOW - back + offset
          // Windows of a minute over days would be many thousands of rows, each the same.
          const to = from + (frames.some(frame => frame.endsWith('m')) ? length / 16n : length)
          const asked = lake.trades.filter(
            ({ symbol, exchange }) =>
              (symbols.length === 0 || symbols.includes(symbol)) &&
              (exchanges.length === 0 || exchanges.includes(exchange)),
          )
          const known = new Set(
            lake.trades
              .filter(({ exchange }) => exchanges.length === 0 || exchanges.includes(exchange))
              .map(({ symbol }) => symbol),
          )
          fc.pre(symbols.every(symbol => known.has(symbol)))
          const named = `${symbols.length > 0 ? `&symbols=${symbols}` : ''}${exchanges.length > 0 ? `&exchanges=${exchanges}` : ''}`
          const query = `timeframe=${frames}${named}&start=${from}&end=${to}&fill=${fill}&include_open=${open}&limit=${limit}`
          expect(await allPages(query)).toEqual(
            naiveRows(asked, { frames, from, to, fill, open, now: NOW, missing: MISSING, all: lake.trades }),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('are exact: written with all their digits, and as numbers for who asks for those', async () => {
    const query = 'symbols=BTCUSDT&timeframe=1M&start=2026-11-01'
    const [exact] = (await get(query)).data
    const text = await (await lake.get(`candles?${query}&numbers=float`)).text()
    expect(exact.quote_volume).toMatch(/^\d+\.\d{10,18}$/)
    expect(text).toContain(`"quote_volume":${exact.quote_volume},`)
    expect(text).toContain(`"open":${exact.open},`)
  })

  test('the window that has not ended is open, and is left out where it is not wanted', async () => {
    const rows = (await get('symbols=ETHUSDT&timeframe=1d&start=2026-11-19')).data
    expect(rows.map((row: Json) => [row.start, row.status])).toEqual([
      ['2026-11-19T00:00:00Z', 'closed'],
      ['2026-11-20T00:00:00Z', 'open'],
    ])
    expect((await get('symbols=ETHUSDT&timeframe=1d&start=2026-11-19&include_open=false')).data).toEqual(
      rows.slice(0, 1),
    )
  })

  test('the window that lacks trades, or may, is a gap until they have come', async () => {
    const statuses = async (symbol: string, from: bigint, to: bigint) => {
      const { data } = await get(`symbols=${symbol}&timeframe=1h&start=${from}&end=${to}&fill=null`)
      return data.map(({ exchange, status }: Json) => `${exchange} ${status}`)
    }
    expect(await statuses('BTCUSD', NOW - 4n * HOUR, NOW - 2n * HOUR)).toEqual([
      ...['COINBASE closed', 'KRAKEN closed', 'COINBASE closed', 'KRAKEN gap'],
    ])
    expect(await statuses('ETHUSDT', NOW - 5n * HOUR, NOW - 3n * HOUR)).toEqual(['BINANCE closed', 'BINANCE closed'])
    expect(await statuses('BTCUSDT', NOW - DAY - HOUR, NOW - DAY + HOUR)).toEqual(['BINANCE closed', 'BINANCE gap'])
  })

  test('without a range are the last ones', async () => {
    const { data } = await get('symbols=ETHUSDT&exchanges=binance&timeframe=1h&limit=24')
    expect(micros(data[0].start)).toBeGreaterThanOrEqual(NOW - DAY)
    expect(micros(data.at(-1).end)).toBeGreaterThanOrEqual(NOW - 2n * HOUR)
  })

  test('are the same in every format', async () => {
    const query = 'symbols=BTCUSD&timeframe=1d&start=2026-11-01&fill=null'
    const { data } = await get(query)
    const lines = await (await lake.get(`candles?${query}`, { accept: 'application/x-ndjson' })).text()
    expect(
      lines
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual(data)
    const csv = await (await lake.get(`candles?${query}&format=csv`)).text()
    const [names, ...rows] = csv
      .trim()
      .split('\r\n')
      .map(line => line.split(','))
    expect(rows.map(row => Object.fromEntries(row.map((value, i) => [names[i], value])))).toEqual(
      data.map((row: Json) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)])),
      ),
    )
  })

  test('of a page that goes on are of the snapshot of the first, until that has expired', async () => {
    const query = 'symbols=BTCUSDT&timeframe=1h&limit=2&start=2026-11-01'
    const { next, snapshots } = await get(query)
    expect((await get(`${query}&cursor=${next}`)).snapshots).toEqual(snapshots)
    const [version, digest, from, to, , ...position] = JSON.parse(Buffer.from(next, 'base64url').toString())
    const expired = [version, digest, from, to, { gold_ohlcv_1h: 42 }, ...position]
    const gone = await lake.get(`candles?${query}&cursor=${Buffer.from(JSON.stringify(expired)).toString('base64url')}`)
    expect([gone.status, ((await gone.json()) as Json).detail]).toEqual([
      410,
      'Snapshot 42 of gold_ohlcv_1h has expired: begin again without the cursor.',
    ])
  })

  test.each([
    ['[]', 400],
    ['[1,"x"]', 400],
    ['{"a":1}', 400],
    ['null', 400],
    ['not JSON', 400],
  ])('a cursor that anyone made up, %s, is refused in words', async (text, status) => {
    const answer = await lake.get(`candles?cursor=${Buffer.from(text).toString('base64url')}`)
    expect([answer.status, ((await answer.json()) as Json).parameter]).toEqual([status, 'cursor'])
  })

  test('a cursor whose parts anyone changed is refused in words', async () => {
    const query = 'symbols=BTCUSDT&timeframe=1h&limit=2&start=2026-11-01'
    const parts = JSON.parse(Buffer.from((await get(query)).next, 'base64url').toString())
    for (let part = 2; part < parts.length; part++)
      for (const wrong of [null, 'x', { a: 'b' }, [], -1, 1e300]) {
        const made = Buffer.from(JSON.stringify(parts.with(part, wrong))).toString('base64url')
        const answer = await lake.get(`candles?${query}&cursor=${made}`)
        expect([200, 400, 410], `${part} ${JSON.stringify(wrong)}: ${await answer.text()}`).toContain(answer.status)
      }
  })

  test('that have not changed are not sent again', async () => {
    const answer = await lake.get('candles?symbols=BTCUSDT&timeframe=1d')
    const tag = answer.headers.get('etag') ?? ''
    const again = await lake.get('candles?symbols=BTCUSDT&timeframe=1d', { 'if-none-match': tag })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test.each([
    ['timeframe=5x', 400, 'timeframe', /^timeframe is 5x: give a whole number of m, h or d/],
    ['symbols=BTCUSDDT', 404, 'symbols', /^There is no symbol BTCUSDDT: the nearest is BTCUSDT\.$/],
    ['exchanges=binanse', 404, 'exchanges', /^There is no exchange BINANSE: the nearest is BINANCE/],
    ['start=yesterday', 400, 'start', /^start: yesterday is no time: write it as 2026-11-20 14:03, in UTC\.$/],
    ['start=2026-02-30', 400, 'start', /^start: There is no day 2026-02-30\.$/],
    [
      'start=1795744500',
      400,
      'start',
      /^start: 1795744500 looks like seconds: give milliseconds or microseconds since 1970\.$/,
    ],
    ['start=2026-11-28&end=2026-11-27', 400, 'start', /^The range is empty: start is not before end\.$/],
    [
      'exchanges=kraken&symbols=BTCUSDT',
      404,
      'symbols',
      /^There is no symbol BTCUSDT on KRAKEN: the nearest is BTCUSD\./,
    ],
    ['limit=0', 400, 'limit', /^limit is 0: give a whole number from 1 to 10000/],
    ['fill=forward', 400, 'fill', /^fill is forward: give none, previous, null/],
    ['symbol=BTCUSDT', 400, 'symbol', /^There is no parameter symbol: the nearest is symbols\.$/],
    ['symbols=A&symbols=B', 400, 'symbols', /^symbols is given twice/],
    ['cursor=e30', 400, 'cursor', /^The cursor is none that this gave/],
    ['format=xml', 400, 'format', /^format is xml: give json, ndjson, csv/],
  ])('%s is a problem with its parameter named', async (query, status, parameter, detail) => {
    const answer = await lake.get(`candles?${query}`)
    const body = await answer.json()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    expect(body).toMatchObject({ status, parameter, detail: expect.stringMatching(detail) })
  })
})

test('symbols say what there is, and since when', async () => {
  const answer = await lake.get('symbols?exchanges=binance')
  const times = (symbol: string) =>
    lake.trades
      .filter(trade => trade.exchange === 'BINANCE' && trade.symbol === symbol)
      .map(({ timestamp }) => timestamp)
  const { data } = (await answer.json()) as Json
  expect(data.map((row: Json) => [row.exchange, row.symbol])).toEqual([
    ['BINANCE', 'BTCUSDT'],
    ['BINANCE', 'ETHUSDT'],
  ])
  const least = times('BTCUSDT').reduce((a, b) => (b < a ? b : a))
  expect(micros(data[0].first_trade) / 1000n).toBe(least / 1000n)
})

test('where keys are asked for, who sends none is told so, and who sends a wrong one', async () => {
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'keys' })
  for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
    const answer = await api.request('http://lake.example/v1/symbols', { headers })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
    expect(((await answer.json()) as Json).detail).toMatch(/tradelake keys add/)
  }
})

test('a route that there is not is a problem that names those there are', async () => {
  const answer = await lake.get('cndles')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  expect(((await answer.json()) as Json).detail).toBe('There is no route GET /v1/cndles: the nearest is /v1/candles.')
})

test('without keys a page of another site gets nothing', async () => {
  expect((await lake.get('symbols', { host: 'lake.example' })).status).toBe(403)
  expect((await lake.get('symbols', { origin: 'https://elsewhere.example' })).status).toBe(403)
})
