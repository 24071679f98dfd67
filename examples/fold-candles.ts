/** Two one-minute candles folded into one of five minutes: open and close by time, sums exact, vwap from the sums. */
import { type Candle, foldCandles, vwap, windowOf } from 'tradelake/candles'
import { formatDecimal, PRICE_SCALE, QUANTITY_SCALE } from 'tradelake/wire'

const MINUTE = 60_000_000n
const FIVE_MINUTES = 5n * MINUTE
/** Prices in units of 10^-10, volumes of 10^-8, quote volumes of 10^-18. */
const PRICE = 10n ** 10n
const QUANTITY = 10n ** 8n

function minute(windowStart: bigint, price: bigint, volume: bigint): Candle {
  const quoteVolume = price * volume
  return {
    symbol: 'BTCUSDT',
    exchange: 'BINANCE',
    windowStart,
    windowEnd: windowStart + MINUTE,
    open: price,
    high: price,
    low: price,
    close: price,
    volume,
    tradeCount: 1n,
    quoteVolume,
    takerBuyVolume: 0n,
    takerBuyQuoteVolume: 0n,
    firstTradeTime: windowStart,
    lastTradeTime: windowStart,
  }
}

const start = windowOf(1_700_000_123_000_000n, FIVE_MINUTES)
const candle = foldCandles(
  [minute(start + MINUTE, 40_000n * PRICE, 3n * QUANTITY), minute(start, 30_000n * PRICE, 1n * QUANTITY)],
  start,
  FIVE_MINUTES,
)
const price = (units: bigint) => formatDecimal(units, PRICE_SCALE)
console.log(`open ${price(candle.open)}, close ${price(candle.close)}, trades ${candle.tradeCount}`)
console.log(`volume ${formatDecimal(candle.volume, QUANTITY_SCALE)}, vwap ${price(vwap(candle))}`)
