/** The last price, and what happened in the last 24 hours and five minutes, both in whole minutes. Source: Binance "Market Data endpoints". */
import { divideHalfEven, formatDecimal } from '../../domain/decimal.ts'
import { DAY_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { candleSince, firstCandles, lastCandles, MINUTES, type ReadAt } from '../market/market-candles.ts'
import { numberOf } from '../market/market-trades.ts'
import type { Market } from '../market/markets.ts'
import { averageText, milliseconds, priceText, quantityText, quoteText } from './amounts.ts'
import { binanceMarket, binanceMarkets } from './markets.ts'
import type { Parameters } from './parameters.ts'
import { Refusal } from './refusals.ts'
import { endsOf } from './trades.ts'

const DAYS = parseWindows('1d') as Windows

/** One object for `symbol`, else a list. @throws Refusal; Corrupt */
export async function prices(at: ReadAt, read: Parameters): Promise<unknown> {
  return each(at, read, async market => ({ symbol: market.symbol, price: priceText(await lastPrice(at, market)) }))
}

/** @throws Refusal; Corrupt */
export async function dayTickers(at: ReadAt, read: Parameters): Promise<unknown> {
  const type = read.choice('type', ['FULL', 'MINI'], new Refusal(-1139, 'Invalid ticker type.'))
  return each(at, read, async market => {
    const ticker = await dayTicker(at, market)
    if (type === 'FULL') return ticker
    return Object.fromEntries(MINI.map(name => [name, ticker[name]]))
  })
}

/** What a ticker of type MINI has of a whole one. */
const MINI = [
  ...(['symbol', 'openPrice', 'highPrice', 'lowPrice', 'lastPrice', 'volume', 'quoteVolume'] as const),
  ...(['openTime', 'closeTime', 'firstId', 'lastId', 'count'] as const),
]

export type DayTicker = Awaited<ReturnType<typeof dayTicker>>

/** @throws Refusal; Corrupt */
export async function averagePrice(at: ReadAt, read: Parameters): Promise<unknown> {
  const market = await binanceMarket(at, read.symbol())
  const candle = await candleSince(at, market, MINUTES.startOf(at.now) - 4n * MINUTE_MICROS)
  const price = candle ? averageText(candle.quoteVolume, candle.volume) : priceText(await lastPrice(at, market))
  return { mins: 5, price, closeTime: milliseconds(candle?.lastTradeTime ?? market.lastTrade) }
}

async function each<T>(at: ReadAt, read: Parameters, make: (market: Market) => Promise<T>): Promise<T | T[]> {
  // The lake does not know of any market that it is halted.
  const isTrading =
    read.choice('symbolStatus', ['TRADING', 'HALT', 'BREAK'], new Refusal(-1122, 'Invalid symbolStatus.')) === 'TRADING'
  const isOne = read.symbols()?.isOne === true
  const markets = await binanceMarkets(at, read)
  if (isOne && !isTrading) throw new Refusal(-1220, 'The symbol is not trading with the requested status.')
  const made: T[] = []
  for (const market of isTrading ? markets : []) made.push(await make(market))
  return isOne ? made[0] : made
}

async function lastPrice(at: ReadAt, market: Market): Promise<bigint> {
  const day = { windows: DAYS, from: DAYS.startOf(market.lastTrade), to: market.lastTrade + 1n, fill: 'none' } as const
  const [row] = await firstCandles(at, market, day, 1)
  return row?.candle?.close ?? 0n
}

/** @throws Corrupt */
export async function dayTicker(at: ReadAt, market: Market) {
  const from = MINUTES.startOf(at.now) - DAY_MICROS
  const candle = await candleSince(at, market, from)
  const [before] = await lastCandles(at, market, { windows: MINUTES, from: 0n, to: from, fill: 'none' }, 1)
  const previous = before?.candle?.close ?? 0n
  const { first, last } = candle ? await endsOf(at, market, candle) : {}
  const { open, high, low, close } = candle ?? { open: 0n, high: 0n, low: 0n, close: previous }
  const { volume, quoteVolume, tradeCount } = candle ?? { volume: 0n, quoteVolume: 0n, tradeCount: 0n }
  const change = candle ? close - open : 0n
  const prices = { openPrice: priceText(open), highPrice: priceText(high), lowPrice: priceText(low) }
  const count = {
    ...{ volume: quantityText(volume), quoteVolume: quoteText(quoteVolume) },
    ...{ openTime: milliseconds(from), closeTime: milliseconds(at.now) },
    ...{ firstId: (first && numberOf(first)) ?? -1, lastId: (last && numberOf(last)) ?? -1, count: Number(tradeCount) },
  }
  return {
    symbol: market.symbol,
    priceChange: priceText(change),
    priceChangePercent: formatDecimal(open === 0n ? 0n : divideHalfEven(change * 100_000n, open), 3),
    weightedAvgPrice: averageText(quoteVolume, volume),
    prevClosePrice: priceText(previous),
    ...{ lastPrice: priceText(close), lastQty: quantityText(last?.quantity ?? 0n) },
    // As Binance prints them where nobody offers anything: the lake has no order book.
    ...{ bidPrice: priceText(0n), bidQty: quantityText(0n), askPrice: priceText(0n), askQty: quantityText(0n) },
    ...prices,
    ...count,
  }
}
