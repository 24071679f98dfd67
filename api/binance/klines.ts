/** Klines: the candles of a market in Binance's shape. Source: Binance "Kline/Candlestick data". */
import type { CandleRow } from '../market/candle-pages.ts'
import { firstCandles, lastCandles, type ReadAt } from '../market/market-candles.ts'
import { milliseconds, priceText, quantityText, quoteText } from './amounts.ts'
import { binanceMarket } from './markets.ts'
import type { Parameters } from './parameters.ts'

/** From startTime the first of them, else the last. @throws Refusal; Corrupt */
export async function klines(at: ReadAt, read: Parameters): Promise<unknown> {
  const windows = read.windows()
  const limit = read.limit()
  const { from, to = at.now + 1n } = read.range()
  const market = await binanceMarket(at, read.symbol())
  const asked = { windows, from: from ?? 0n, to, fill: 'previous' } as const
  const rows = await (from === undefined ? lastCandles : firstCandles)(at, market, asked, limit)
  return rows.map(klineOf)
}

/** A window without trades has the price before it. */
function klineOf({ windowStart, windowEnd, candle, price = 0n }: CandleRow): unknown[] {
  const { open, high, low, close } = candle ?? { open: price, high: price, low: price, close: price }
  const { volume, quoteVolume, tradeCount, takerBuyVolume, takerBuyQuoteVolume } = candle ?? NO_TRADES
  return [
    milliseconds(windowStart),
    ...[open, high, low, close].map(priceText),
    quantityText(volume),
    milliseconds(windowEnd) - 1,
    quoteText(quoteVolume),
    Number(tradeCount),
    quantityText(takerBuyVolume),
    quoteText(takerBuyQuoteVolume),
    '0',
  ]
}

const NO_TRADES = { volume: 0n, quoteVolume: 0n, tradeCount: 0n, takerBuyVolume: 0n, takerBuyQuoteVolume: 0n }
