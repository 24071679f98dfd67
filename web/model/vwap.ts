/** The average price since midnight (UTC), weighed by volume, after each candle of a day. */

import { addDecimals, divideDecimals } from '../../figures/decimals.ts'
import { startOfDay } from '../../figures/times.ts'
import type { Candle } from './candle-book.ts'

const DIGITS = 10

/** By the candles' starts. The candles begin with a day, or with the market. */
export function vwapLine(candles: readonly Candle[]): Map<number, string> {
  const line = new Map<number, string>()
  let [day, volume, quote] = [Number.NaN, '0', '0']
  for (const candle of candles) {
    if (startOfDay(candle.startMs) !== day) [day, volume, quote] = [startOfDay(candle.startMs), '0', '0']
    if (candle.volume === null || candle.quote_volume === null) continue
    volume = addDecimals(volume, candle.volume)
    quote = addDecimals(quote, candle.quote_volume)
    const price = divideDecimals(quote, volume, DIGITS)
    if (price !== undefined) line.set(candle.startMs, price)
  }
  return line
}
