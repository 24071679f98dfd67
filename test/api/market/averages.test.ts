/** Average prices are those worked out trade by trade, for any range. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY, HOUR, MINUTE, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()
const MARKETS = ['BINANCE BTCUSDT', 'BINANCE ETHUSDT', 'COINBASE BTCUSD', 'KRAKEN BTCUSD']

/** Trades of a market, by time, then number. */
const tradesOf = (market: string) =>
  lake.trades
    .filter(({ exchange, symbol }) => `${exchange} ${symbol}` === market)
    .sort((a, b) =>
      a.timestamp === b.timestamp
        ? Number(a.tradeId.split('-')[1]) - Number(b.tradeId.split('-')[1])
        : Number(a.timestamp - b.timestamp),
    )

/** A fraction as text of ten digits at most, rounded half to even by comparing remainders. */
function rounded(numerator: bigint, denominator: bigint): string {
  const [quotient, rest] = [numerator / denominator, (numerator % denominator) * 2n]
  const up = rest > denominator || (rest === denominator && quotient % 2n === 1n) ? 1n : 0n
  const digits = `${quotient + up}`.padStart(11, '0')
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`.replace(/\.?0+$/, '')
}

function naiveVwap(market: string, from: bigint, to: bigint): string | null {
  const some = tradesOf(market).filter(({ timestamp }) => timestamp >= from && timestamp < to)
  const volume = some.reduce((sum, { quantity }) => sum + quantity, 0n)
  return volume === 0n
    ? null
    : rounded(
        some.reduce((sum, each) => sum + each.price * each.quantity, 0n),
        volume,
      )
}

function naiveTwap(market: string, from: bigint, to: bigint): string | null {
  const all = tradesOf(market)
  let price = all.findLast(({ timestamp }) => timestamp < from)?.price
  let [since, weighted, length] = [from, 0n, 0n]
  for (const trade of [...all.filter(({ timestamp }) => timestamp >= from && timestamp < to), undefined]) {
    const until = trade?.timestamp ?? to
    if (price !== undefined) {
      weighted += price * (until - since)
      length += until - since
    }
    since = until
    price = trade?.price ?? price
  }
  if (price === undefined) return null
  return length === 0n ? rounded(price, 1n) : rounded(weighted, length)
}

function naiveMinutes(market: string, from: bigint, to: bigint): string | null {
  const all = tradesOf(market)
  let [total, minutes] = [0n, 0n]
  for (let start = from; start < to; start += MINUTE) {
    const last = all.findLast(({ timestamp }) => timestamp < start + MINUTE)
    if (!last) continue
    total += last.price
    minutes += 1n
  }
  return minutes === 0n ? null : rounded(total, minutes)
}

const range = (unit: bigint, most: bigint) =>
  fc
    .record({ back: fc.bigInt({ min: 1n, max: (41n * DAY) / unit }), length: fc.bigInt({ min: 1n, max: most / unit }) })
    .map(({ back, length }) => {
      const from = ((NOW - back * unit) / unit) * unit
      return { from, to: from + length * unit > NOW ? NOW : from + length * unit }
    })
    .filter(({ from, to }) => from < to)

const priced = ({ data }: Json) =>
  Object.fromEntries(data.map((row: Json) => [`${row.exchange} ${row.symbol}`, row.price]))
const expected = (naive: (market: string, from: bigint, to: bigint) => string | null, from: bigint, to: bigint) =>
  Object.fromEntries(MARKETS.map(market => [market, naive(market, from, to)]))

describe('the average', () => {
  test('by volume is the sum of all trades, whatever pieces it is put together from', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(range(1n, 3n * HOUR), range(MINUTE, 3n * DAY), range(HOUR, 40n * DAY)),
        async ({ from, to }) => {
          expect(priced(await ask(`vwap?start=${from}&end=${to}`))).toEqual(expected(naiveVwap, from, to))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('by time weighs each price by how long it was the last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(range(1n, 3n * HOUR), range(HOUR, 6n * DAY)), async ({ from, to }) => {
        expect(priced(await ask(`twap?start=${from}&end=${to}`))).toEqual(expected(naiveTwap, from, to))
      }),
      { numRuns: 40 },
    )
  })

  test('of minutes weighs each minute the same', async () => {
    await fc.assert(
      fc.asyncProperty(range(MINUTE, 2n * DAY), async ({ from, to }) => {
        expect(priced(await ask(`twap?method=1m&start=${from}&end=${to}`))).toEqual(expected(naiveMinutes, from, to))
      }),
      { numRuns: 15 },
    )
  })

  test('says what was traded within the range', async () => {
    const [row] = (await ask('vwap?symbols=ETHUSDT&start=2026-10-01')).data
    expect(row.trades).toBe(tradesOf('BINANCE ETHUSDT').length)
    expect(Object.keys(row)).toEqual(['exchange', 'symbol', 'price', 'volume', 'quote_volume', 'trades'])
  })

  test('ends now at the latest, and says of which states it is', async () => {
    const body = await ask(`vwap?start=${NOW - HOUR}&end=2099-01-01`)
    expect([body.start, body.end]).toEqual(['2026-11-20T11:00:00Z', '2026-11-20T12:00:00Z'])
    const { data } = await ask('snapshots?tables=gold_crypto_trades')
    expect(body.snapshots.gold_crypto_trades).toBe(data.at(-1).snapshot)
    expect((await ask(`twap?method=1m&start=2026-11-20T12:00&end=2026-11-20T12:01`)).detail).toBe(
      'The range is empty: start is not before now.',
    )
    expect((await ask('vwap?start=2026-11-20&as_of=')).detail).toBe('as_of is empty: leave it out, or give a value.')
    expect((await ask('vwap?start=2026-11-20&symbols=,')).detail).toBe('symbols is ,: give a name, or leave it out.')
  })

  test.each([
    ['vwap', 'start is missing: give the begin of the range.'],
    ['vwap?start=2026-11-21', 'The range is empty: start is not before now.'],
    [
      'twap?start=2026-11-01&end=2026-11-09',
      'The range is longer than 7 days: ask for method=1m, or for a shorter one.',
    ],
    [
      'twap?method=1m&start=2026-11-01T00:00:01',
      'method is 1m: give a start and an end at whole minutes, or method=trades.',
    ],
    ['twap?method=1m&start=2025-01-01', 'The range is longer than 366 days: ask for a shorter one.'],
  ])('is refused in words: %s', async (path, detail) => {
    expect((await ask(path)).detail).toBe(detail)
  })
})
