import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candle, compareTradeIds, foldCandles, sameCandle, vwap, windowOf } from '../../domain/candles.ts'

const MINUTE = 60_000_000n
const HOUR = 60n * MINUTE

interface Tick {
  readonly timestamp: bigint
  readonly number: number
  readonly price: bigint
  readonly quantity: bigint
  readonly buy: boolean
}

/** One trade after the other, as a person would do it. */
function naiveCandle(trades: readonly Tick[], windowStart: bigint, length: bigint): Candle {
  const sorted = [...trades].sort((a, b) =>
    a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.number - b.number,
  )
  const candle = {
    symbol: 'BTCUSDT',
    exchange: 'BINANCE',
    windowStart,
    windowEnd: windowStart + length,
    open: sorted[0].price,
    high: sorted[0].price,
    low: sorted[0].price,
    close: sorted[sorted.length - 1].price,
    volume: 0n,
    tradeCount: 0n,
    quoteVolume: 0n,
    takerBuyVolume: 0n,
    takerBuyQuoteVolume: 0n,
    firstTradeTime: sorted[0].timestamp,
    lastTradeTime: sorted[sorted.length - 1].timestamp,
  }
  for (const { price, quantity, buy } of sorted) {
    if (price > candle.high) candle.high = price
    if (price < candle.low) candle.low = price
    candle.volume += quantity
    candle.quoteVolume += price * quantity
    candle.tradeCount += 1n
    if (buy) candle.takerBuyVolume += quantity
    if (buy) candle.takerBuyQuoteVolume += price * quantity
  }
  return candle
}

const anyTick = fc.record({
  timestamp: fc.bigInt(0n, HOUR - 1n),
  price: fc.bigInt(1n, 10n ** 17n),
  quantity: fc.bigInt(1n, 10n ** 17n),
  buy: fc.boolean(),
})

function groupBy<T>(items: readonly T[], key: (item: T) => bigint): Map<bigint, T[]> {
  const groups = new Map<bigint, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

describe('foldCandles', () => {
  test('an hour folded through any chain of smaller windows, in any order, equals the naive fold of its trades', () => {
    const chains = [[MINUTE], [MINUTE, 5n * MINUTE], [MINUTE, 5n * MINUTE, 15n * MINUTE, 30n * MINUTE]]
    fc.assert(
      fc.property(
        fc.array(anyTick, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(...chains),
        fc.infiniteStream(fc.nat()),
        (ticks, chain, order) => {
          const trades = ticks.map((tick, number) => ({ ...tick, number }))
          const shuffle = <T>(items: readonly T[]) =>
            items
              .map(item => ({ item, at: order.next().value as number }))
              .sort((a, b) => a.at - b.at)
              .map(({ item }) => item)
          let candles = [...groupBy(trades, trade => windowOf(trade.timestamp, MINUTE))].map(([start, some]) =>
            naiveCandle(shuffle(some), start, MINUTE),
          )
          for (const length of chain.slice(1))
            candles = [...groupBy(shuffle(candles), candle => windowOf(candle.windowStart, length))].map(
              ([start, parts]) => foldCandles(parts, start, length),
            )
          const hour = foldCandles(shuffle(candles), 0n, HOUR)
          expect(hour).toEqual(naiveCandle(trades, 0n, HOUR))
          expect(hour.low <= vwap(hour) && vwap(hour) <= hour.high).toBe(true)
        },
      ),
    )
  })

  test('a candle of no parts is refused', () => {
    expect(() => foldCandles([], 0n, MINUTE)).toThrow(RangeError)
  })
})

test('trade ids order by their number, then as text; those without one come first', () => {
  const ids = [
    'BINANCE-10',
    'BINANCE-9',
    'BINANCE-AGG-9',
    'KRAKEN-ab',
    'BINANCE-18446744073709551617',
    'BINANCE-18446744073709551616',
  ]
  expect(ids.sort(compareTradeIds)).toEqual([
    'KRAKEN-ab',
    'BINANCE-9',
    'BINANCE-AGG-9',
    'BINANCE-10',
    'BINANCE-18446744073709551616',
    'BINANCE-18446744073709551617',
  ])
})

test('windows begin at multiples of their length, also before 1970', () => {
  expect(windowOf(61_000_000n, MINUTE)).toBe(MINUTE)
  expect(windowOf(-1n, MINUTE)).toBe(-MINUTE)
  expect(windowOf(-MINUTE, MINUTE)).toBe(-MINUTE)
})

test('candles differ where any value differs', () => {
  const candle = naiveCandle([{ timestamp: 5n, number: 0, price: 3n, quantity: 2n, buy: true }], 0n, MINUTE)
  expect(sameCandle(candle, { ...candle })).toBe(true)
  const fields = [
    'open',
    'high',
    'low',
    'close',
    'volume',
    'tradeCount',
    'quoteVolume',
    'takerBuyVolume',
    'takerBuyQuoteVolume',
    'firstTradeTime',
    'lastTradeTime',
  ] as const
  for (const field of fields) expect(sameCandle(candle, { ...candle, [field]: candle[field] + 1n })).toBe(false)
})
