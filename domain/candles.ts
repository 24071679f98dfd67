/** Candles: what they hold, how trades are ordered inside a window, and how small windows add up to large ones. */
import { divideHalfEven } from './decimal.ts'
import { compare } from './order.ts'
import { floorDiv } from './time.ts'

/** Prices in units of 10^-10, volumes of 10^-8, quote volumes of 10^-18, times in microseconds since 1970. */
export interface Candle {
  readonly symbol: string
  readonly exchange: string
  readonly windowStart: bigint
  readonly windowEnd: bigint
  readonly open: bigint
  readonly high: bigint
  readonly low: bigint
  readonly close: bigint
  readonly volume: bigint
  readonly tradeCount: bigint
  readonly quoteVolume: bigint
  readonly takerBuyVolume: bigint
  readonly takerBuyQuoteVolume: bigint
  readonly firstTradeTime: bigint
  readonly lastTradeTime: bigint
}

/** Names a symbol of an exchange. */
export function marketKey(exchange: string, symbol: string): string {
  return `${exchange}|${symbol}`
}

/** Names a candle among those of its timeframe. */
export function candleKey(candle: Pick<Candle, 'symbol' | 'exchange' | 'windowStart'>): string {
  return `${candle.windowStart}|${marketKey(candle.exchange, candle.symbol)}`
}

/** Quote volume over volume, rounded half to even to units of 10^-10. */
export function vwap(candle: Pick<Candle, 'quoteVolume' | 'volume'>): bigint {
  return divideHalfEven(candle.quoteVolume, candle.volume)
}

/** Start of the window that a time lies in. */
export function windowOf(micros: bigint, length: bigint): bigint {
  return floorDiv(micros, length) * length
}

const TRAILING_NUMBER = /(\d+)$/

/**
 * Orders the trade ids of one moment: by their number as a number, ids without one first, then as text. Exchanges print
 * several trades in one millisecond, and `BINANCE-10` comes after `BINANCE-9`.
 */
export function compareTradeIds(a: string, b: string): number {
  const numberA = BigInt(TRAILING_NUMBER.exec(a)?.[1] ?? -1)
  const numberB = BigInt(TRAILING_NUMBER.exec(b)?.[1] ?? -1)
  return compare(numberA, numberB) || compare(a, b)
}

/**
 * The candle of a larger window from all candles of its smaller windows of one symbol and exchange, in any order.
 * @throws RangeError where there are none
 */
export function foldCandles(parts: readonly Candle[], windowStart: bigint, length: bigint): Candle {
  const ordered = [...parts].sort((a, b) => compare(a.windowStart, b.windowStart))
  const first = ordered[0]
  const last = ordered.at(-1)
  if (!first || !last) throw new RangeError('A candle needs at least one part')
  const sum = (field: 'volume' | 'tradeCount' | 'quoteVolume' | 'takerBuyVolume' | 'takerBuyQuoteVolume') =>
    ordered.reduce((total, part) => total + part[field], 0n)
  return {
    symbol: first.symbol,
    exchange: first.exchange,
    windowStart,
    windowEnd: windowStart + length,
    open: first.open,
    high: ordered.reduce((high, part) => (part.high > high ? part.high : high), first.high),
    low: ordered.reduce((low, part) => (part.low < low ? part.low : low), first.low),
    close: last.close,
    volume: sum('volume'),
    tradeCount: sum('tradeCount'),
    quoteVolume: sum('quoteVolume'),
    takerBuyVolume: sum('takerBuyVolume'),
    takerBuyQuoteVolume: sum('takerBuyQuoteVolume'),
    firstTradeTime: first.firstTradeTime,
    lastTradeTime: last.lastTradeTime,
  }
}

/** Whether two candles of one window say the same. */
export function sameCandle(a: Candle, b: Candle): boolean {
  return (
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    a.volume === b.volume &&
    a.tradeCount === b.tradeCount &&
    a.quoteVolume === b.quoteVolume &&
    a.takerBuyVolume === b.takerBuyVolume &&
    a.takerBuyQuoteVolume === b.takerBuyQuoteVolume &&
    a.firstTradeTime === b.firstTradeTime &&
    a.lastTradeTime === b.lastTradeTime
  )
}
