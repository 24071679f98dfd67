/** Two one-minute candles folded into one of five minutes: open and close by time, sums exact, vwap from the sums. */
import { type Candle, foldCandles, vwap, windowOf } from 'tradelake/candles'
import { formatDecimal } from 'tradelake/wire'

const MINUTE = 60_000_000n
const FIVE_MINUTES = 5n * MINUTE
/** Prices and volumes in units of 10^-8, quote volumes of 10^-16. */
const UNIT = 10n ** 8n

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
  [minute(start + MINUTE, 40_000n * UNIT, 3n * UNIT), minute(start, 30_000n * UNIT, 1n * UNIT)],
  start,
  FIVE_MINUTES,
)
console.log(`open ${formatDecimal(candle.open)}, close ${formatDecimal(candle.close)}, trades ${candle.tradeCount}`)
console.log(`volume ${formatDecimal(candle.volume)}, vwap ${formatDecimal(vwap(candle))}`)
