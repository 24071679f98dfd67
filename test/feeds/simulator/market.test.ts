import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import { type MarketTrade, simulatedMarket } from '../../../feeds/simulator/market.ts'
import { TICK_MICROS } from '../../../feeds/simulator/walk.ts'

const START = 1_790_000_000_000_000n
const begin = Number(START)
const TICK = Number(TICK_MICROS)
const options = { seed: 5, startMicros: START, ratePerSecond: 400, exchange: EXCHANGES[1] }

function ticks(count: number, of = options): MarketTrade[] {
  const market = simulatedMarket(of)
  return Array.from({ length: count }, (_, k) => market.tick(k)).flat()
}

test('a tick is the same whenever and however often it is asked for', () => {
  const whole = simulatedMarket(options)
  const all = Array.from({ length: 200 }, (_, k) => whole.tick(k))
  fc.assert(
    fc.property(fc.array(fc.nat(199), { minLength: 1, maxLength: 6 }), wanted => {
      const market = simulatedMarket(options)
      for (const k of wanted) expect(market.tick(k)).toEqual(all[k])
    }),
    { numRuns: 30 },
  )
})

test('ids count up by one within an instrument, times and sendings never go back', () => {
  for (const exchange of EXCHANGES) {
    const trades = ticks(400, { ...options, exchange })
    expect(trades.length).toBeGreaterThan(1_000)
    for (const group of Map.groupBy(trades, ({ number }) => number).values())
      for (const [i, trade] of group.entries()) {
        expect(trade.id).toBe(i + 1)
        expect(trade.sentAt - trade.timestamp).toBeGreaterThanOrEqual(5_000)
        expect(trade.sentAt - trade.timestamp).toBeLessThan(82_000)
        if (i === 0) continue
        expect(trade.timestamp).toBeGreaterThanOrEqual(group[i - 1].timestamp)
        expect(trade.sentAt).toBeGreaterThanOrEqual(group[i - 1].sentAt)
      }
    expect(trades.map(({ sentAt }) => sentAt)).toEqual(trades.map(({ sentAt }) => sentAt).sort((a, b) => a - b))
  }
})

test('Binance’s times are whole milliseconds, Kraken’s are not', () => {
  expect(ticks(50, { ...options, exchange: EXCHANGES[0] }).every(({ timestamp }) => timestamp % 1000 === 0)).toBe(true)
  expect(ticks(50).some(({ timestamp }) => timestamp % 1000 !== 0)).toBe(true)
})

test('another seed, rate, start, exchange or market is another market', () => {
  const first = JSON.stringify(ticks(20), (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  for (const other of [
    { seed: 6 },
    { ratePerSecond: 800 },
    { startMicros: START + 1n },
    { exchange: EXCHANGES[2] },
    { market: 1 },
  ])
    expect(
      JSON.stringify(ticks(20, { ...options, ...other }), (_, value) =>
        typeof value === 'bigint' ? `${value}` : value,
      ),
      JSON.stringify(Object.keys(other)),
    ).not.toBe(first)
})

test('any stretch of the past is found by id, by time and from its end', () => {
  const all = ticks(300)
  const market = simulatedMarket(options)
  fc.assert(
    fc.property(fc.nat(7), fc.nat(900), fc.nat(120), fc.nat(300 * TICK - 1), (number, id, limit, offset) => {
      const now = begin + offset
      const past = all.filter(trade => trade.number === number && trade.sentAt <= now)
      expect(market.fromId(number, id, limit, now)).toEqual(past.filter(trade => trade.id >= id).slice(0, limit))
      expect(market.last(number, limit, now)).toEqual(limit === 0 ? [] : past.slice(-limit))
      expect(market.nextId(number, now)).toBe(past.length + 1)
      const after = begin + Math.floor(offset / 2)
      expect(market.after(number, after, limit, now)).toEqual(
        past.filter(trade => trade.timestamp > after).slice(0, limit),
      )
    }),
    { numRuns: 200 },
  )
})

test('before its begin a market has no past', () => {
  const market = simulatedMarket(options)
  expect(market.last(0, 10, begin - 1_000_000)).toEqual([])
  expect(market.fromId(0, 1, 10, begin - 1_000_000)).toEqual([])
  expect(market.tickOf(begin - 1)).toBe(-1)
})

test('at rate 0 there are no trades', () => {
  expect(ticks(50, { ...options, ratePerSecond: 0 })).toEqual([])
})
