/**
 * Whatever is asked of the read API, of now or of an earlier state, in ranges that begin and end at the edges of minutes, days, weeks,
 * months and time zones' changes: the answer is that of SQL over the files.
 * Over 250 lines: one lake and one oracle for all routes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PINNED_TABLES } from '../../../api/market/pins.ts'
import { encodeTrade } from '../../../domain/wire.ts'
import { BINANCE, KRAKEN, tradeOf } from '../../functions/support.ts'
import { liveApi } from '../live/support.ts'
import { addTrades, DAY, HOUR, MINUTE, MISSING, marketLake, NOW, refuse } from './market-lake.ts'
import { type Asked, openOracle, sqlAverages, sqlCandles, sqlCoverage, sqlSpread, sqlTrades } from './sql-oracle.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const zone = process.env.TZ
// Half-hourly, with a change of clocks: whatever the process's calendar says, the answers are UTC's.
process.env.TZ = 'Australia/Lord_Howe'
const folder = mkdtempSync(join(tmpdir(), 'tradelake-sql-'))
const lake = await marketLake()
/** Some of these numbers were taken too. */
const REFUSED = [BINANCE, KRAKEN].flatMap(({ code }) =>
  Array.from({ length: 84 }, (_, n) => [code, code === 'BINANCE' ? 'BTCUSDT' : 'BTCUSD', n * 5] as const),
)
const oracle = await openOracle(lake.ports, folder, MISSING, REFUSED)

/** Times at which calendars turn, and the moments around them. */
const EDGES = [
  Date.UTC(2026, 9, 31, 13),
  Date.UTC(2026, 10, 1),
  Date.UTC(2026, 10, 1, 6),
  Date.UTC(2026, 9, 24, 15, 30),
  Date.UTC(2026, 9, 25, 1),
  Date.UTC(2026, 9, 26),
  Date.UTC(2026, 10, 16),
  Date.UTC(2026, 10, 20),
].map(ms => BigInt(ms) * 1000n)
/** They were refused after Gold's newest commit: only a pin that holds their table knows them. */
const PINNED = [...PINNED_TABLES, 'silver_dlq_trades'].join()
/** What each state is called in a request, and when it was, microseconds since 1970. */
const STATES: Record<string, { readonly asked: string; readonly now: bigint }> = {}

beforeAll(async () => {
  for (const exchange of [BINANCE, KRAKEN]) {
    const some = REFUSED.filter(([code]) => code === exchange.code)
    const free = some.map(([code, symbol, number]) => tradeOf(number, { exchange: code, symbol, price: 0n }))
    await refuse(
      lake,
      exchange,
      100_000,
      free.map(trade => encodeTrade(trade)),
    )
  }
  await oracle.note('first')
  const pin: Json = await (await lake.ask(`pins/first?tables=${PINNED}`, { method: 'PUT' })).json()
  STATES.first = { asked: '&as_of=first', now: BigInt(Date.parse(pin.time)) * 1000n }
  lake.clock.advance(90_000)
  const late = EDGES.flatMap(edge => [-1n, 0n, 1n, -MINUTE].map(by => edge + by))
  await addTrades(
    lake,
    late.map((timestamp, n) => ({ timestamp, price: BigInt(n + 1) * 10n ** 9n + 1n })),
  )
  await oracle.note('later')
  STATES.later = { asked: '', now: BigInt(lake.clock.now()) * 1000n }
})
afterAll(() => {
  oracle.close()
  rmSync(folder, { recursive: true })
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BTCUSD']
const HERE: Readonly<Record<string, readonly string[]>> = {
  BINANCE: ['BTCUSDT', 'ETHUSDT'],
  KRAKEN: ['BTCUSD'],
  COINBASE: ['BTCUSD'],
}

/** A range of at most a length, at an edge or anywhere; both ends are multiples of `unit`. */
const ranges = (unit: bigint, ...most: readonly bigint[]) =>
  fc
    .record({
      edge: fc.constantFrom(...EDGES, NOW),
      shift: fc.constantFrom(-HOUR, -MINUTE, -1n, 0n, 1n, MINUTE, 5n * HOUR),
      before: fc.constantFrom(...most).chain(max => fc.bigInt({ min: 0n, max })),
      after: fc.constantFrom(...most).chain(max => fc.bigInt({ min: 0n, max })),
    })
    .map(({ edge, shift, before, after }) => {
      const [from, to] = [edge + shift - before, edge + shift + after].map(time => time - (time % unit))
      return { from, to: to > from ? to : from + unit }
    })

const asked = fc
  .record({
    state: fc.constantFrom('first', 'later'),
    symbols: fc.uniqueArray(fc.constantFrom(...SYMBOLS), { maxLength: 2 }),
    exchanges: fc.uniqueArray(fc.constantFrom('BINANCE', 'KRAKEN', 'COINBASE'), { maxLength: 2 }),
    form: fc.constantFrom('number', 'UTC', '+05:30', '-03:30', '+14:00'),
  })
  .filter(({ symbols, exchanges }) => {
    const here = exchanges.length === 0 ? SYMBOLS : exchanges.flatMap(exchange => HERE[exchange])
    return symbols.every(symbol => here.includes(symbol))
  })

type Choice = typeof asked extends fc.Arbitrary<infer T> ? T : never
const askedOf = ({ state, symbols, exchanges }: Choice, range: { from: bigint; to: bigint }): Asked => ({
  ...{ state, symbols, exchanges, ...range },
  now: STATES[state].now,
})

/** A time as somebody may write it. */
function written(micros: bigint, form: string): string {
  if (form === 'number') return `${micros}`
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(form) ?? []
  const offset = hours === undefined ? 0n : (BigInt(hours) * 60n + BigInt(minutes)) * (sign === '-' ? -MINUTE : MINUTE)
  const there = micros + offset
  const text = new Date(Number(there / 1_000_000n) * 1000).toISOString().slice(0, 19)
  const zoned = `${text}.${String(there % 1_000_000n).padStart(6, '0')}${form === 'UTC' ? 'Z' : form}`
  return encodeURIComponent(zoned)
}

const query = ({ state, symbols, exchanges, form }: Choice, { from, to }: { from: bigint; to: bigint }) =>
  `start=${written(from, form)}&end=${written(to, form)}${STATES[state].asked}` +
  `${symbols.length > 0 ? `&symbols=${symbols}` : ''}${exchanges.length > 0 ? `&exchanges=${exchanges}` : ''}`

const micros = (text: string) =>
  BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt((/\.(\d+)Z/.exec(text)?.[1] ?? '0').padEnd(6, '0'))

async function get(path: string): Promise<Json> {
  const answer = await lake.get(path)
  const body: Json = await answer.json()
  expect(answer.status, `${path}: ${JSON.stringify(body)}`).toBe(200)
  return body
}

async function allPages(path: string): Promise<Json[]> {
  const rows: Json[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const body: Json = await get(`${path}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    rows.push(...body.data)
    cursor = body.next
  }
  return rows
}

describe('as SQL has them are', () => {
  test('candles', async () => {
    const frames: Record<string, bigint[]> = {
      ...{ '1m': [HOUR], '3m': [HOUR], '7m': [3n * HOUR], '1h': [HOUR, 2n * DAY], '5h': [3n * DAY], '1d': [9n * DAY] },
      ...{ '3d': [30n * DAY], '1w': [40n * DAY], '1M': [HOUR, 60n * DAY] },
    }
    const wanted = fc
      .constantFrom(...Object.keys(frames))
      .chain(frame => fc.record({ frame: fc.constant(frame), range: ranges(1n, ...frames[frame]) }))
    const how = { fill: fc.constantFrom('none', 'previous', 'null'), open: fc.boolean() }
    await fc.assert(
      fc.asyncProperty(
        asked,
        wanted,
        fc.record({ ...how, limit: fc.integer({ min: 5, max: 500 }) }),
        async (choice, { frame, range }, { fill, open, limit }) => {
          const path = `candles?timeframe=${frame}&${query(choice, range)}&fill=${fill}&include_open=${open}&limit=${limit}`
          expect(await allPages(path)).toEqual(
            await sqlCandles(oracle, { ...askedOf(choice, range), frame, fill, open }),
          )
        },
      ),
      { numRuns: 120 },
    )
  })

  test('trades, in pages or the last ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        asked,
        ranges(1n, 2n, HOUR, 40n * DAY),
        fc.integer({ min: 1, max: 200 }),
        async (choice, range, limit) => {
          const where = query(choice, range)
          expect(await allPages(`trades?${where}&limit=${limit}`)).toEqual(
            await sqlTrades(oracle, askedOf(choice, range)),
          )
          const { data } = await get(`trades?${where.replace(/^start=[^&]*&/, '')}&limit=${limit}`)
          expect(data).toEqual(await sqlTrades(oracle, askedOf(choice, { ...range, from: 0n }), limit))
        },
      ),
      { numRuns: 40 },
    )
  })

  test.each([
    ['vwap?', 'volume', 1n, [HOUR, 20n * DAY]],
    ['twap?', 'time', 1n, [HOUR, 3n * DAY]],
    ['twap?method=1m&', 'minutes', MINUTE, [HOUR, DAY]],
  ] as const)('averages: %s', async (path, method, unit, most) => {
    await fc.assert(
      fc.asyncProperty(asked, ranges(unit, ...most), async (choice, range) => {
        const { now } = STATES[choice.state]
        fc.pre(range.from < now - (now % MINUTE) && range.to <= now - (now % MINUTE))
        const { data } = await get(`${path}${query(choice, range)}`)
        const found = Object.fromEntries(data.map((row: Json) => [`${row.exchange} ${row.symbol}`, row.price]))
        expect(found).toEqual(await sqlAverages(oracle, method, askedOf(choice, range)))
      }),
      { numRuns: 40 },
    )
  })

  test('spreads', async () => {
    const frames = { '1m': HOUR, '15m': 6n * HOUR, '1h': DAY, '1d': 20n * DAY, '1w': 40n * DAY } as const
    const wanted = fc
      .constantFrom(...(Object.keys(frames) as (keyof typeof frames)[]))
      .chain(frame => fc.record({ frame: fc.constant(frame), range: ranges(1n, frames[frame]) }))
    await fc.assert(
      fc.asyncProperty(asked, wanted, fc.integer({ min: 1, max: 90 }), async (some, { frame, range }, limit) => {
        const choice = { ...some, symbols: [], exchanges: [] }
        const rows = await allPages(`spread?base=BTC&timeframe=${frame}&${query(choice, range)}&limit=${limit}`)
        const found = rows.map(
          ({ lowest_exchange, lowest_symbol, highest_exchange, highest_symbol, ...row }: Json) => ({
            ...row,
            lowest_market: `${lowest_exchange} ${lowest_symbol}`,
            highest_market: `${highest_exchange} ${highest_symbol}`,
          }),
        )
        const bitcoin = { ...askedOf(choice, range), symbols: ['BTCUSDT', 'BTCUSD'], frame }
        expect(found).toEqual(await sqlSpread(oracle, bitcoin))
      }),
      { numRuns: 40 },
    )
  })

  test('what coverage counts', async () => {
    const wanted = fc
      .constantFrom('1h', '6h', '1d', '1w', '1M')
      .chain(frame =>
        fc.record({ frame: fc.constant(frame), range: ranges(frame.endsWith('h') ? HOUR : DAY, 5n * DAY) }),
      )
    await fc.assert(
      fc.asyncProperty(asked, wanted, async (choice, { frame, range }) => {
        const { data } = await get(`coverage?bucket=${frame}&${query(choice, range)}`)
        const found = data
          .filter(({ trades }: Json) => trades > 0)
          .map(({ exchange, symbol, start, trades, first_number, last_number, numbered, refused }: Json) => ({
            ...{ exchange, symbol, start, trades, first_number, last_number, numbered, refused },
          }))
        expect(found).toEqual(await sqlCoverage(oracle, { ...askedOf(choice, range), frame }))
      }),
      { numRuns: 30 },
    )
  })

  test('symbols, and the rows of the tables', async () => {
    for (const state of ['first', 'later']) {
      const { data } = await get(`symbols?${STATES[state].asked.slice(1)}`)
      const markets = await oracle.rows<{ exchange: string; symbol: string; first: bigint; last: bigint }>(
        `SELECT exchange, symbol, min(t) AS first, max(t) AS last FROM ${state} GROUP BY ALL ORDER BY exchange, symbol`,
      )
      const times = (text: string) => BigInt(Date.parse(text)) * 1000n
      expect(
        data.map((row: Json) => [row.exchange, row.symbol, times(row.first_trade), times(row.last_trade)]),
      ).toEqual(markets.map(row => [row.exchange, row.symbol, ...[row.first, row.last].map(t => t - (t % 1000n))]))
    }
    const [{ rows }] = await oracle.rows<{ rows: bigint }>('SELECT count(*) AS rows FROM later')
    const { tables } = await get('stats')
    expect(tables.find(({ table }: Json) => table === 'gold_crypto_trades').rows).toBe(Number(rows))
  })

  test('replayed trades and candles', async () => {
    const live = liveApi(lake.ports)
    await fc.assert(
      fc.asyncProperty(asked, ranges(1n, HOUR, 2n * DAY), async (choice, range) => {
        const some: Choice = { ...choice, state: 'later', form: 'number' }
        const { now } = STATES.later
        fc.pre(range.from < now && range.to < now)
        const messages = await live.all(`replay?speed=max&channels=trades,candles&timeframe=1h&${query(some, range)}`)
        const wanted = askedOf(some, range)
        const of = (type: string) => messages.filter(message => message.type === type).map(({ data }) => data)
        expect(of('trade')).toEqual(await sqlTrades(oracle, wanted))
        const candles = await sqlCandles(oracle, { ...wanted, frame: '1h', fill: 'none', open: false })
        expect(of('candle')).toEqual(candles)
        // A window that the range cuts off ends with it.
        const ends = messages.slice(0, -1).map(({ type, data }) => micros(type === 'trade' ? data.time : data.end))
        const times = ends.map(time => (time > range.to ? range.to : time))
        expect(times).toEqual([...times].sort((a, b) => Number(a - b)))
      }),
      { numRuns: 25 },
    )
  })
})
