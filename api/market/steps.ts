/** The smallest steps that a market's prices and quantities were seen to take: no table has what the exchange prescribes. */
import { PRICE_SCALE, QUANTITY_SCALE } from '../../domain/decimal.ts'
import { DAY_MICROS, HOUR_MICROS } from '../../domain/time.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { firstCandles, type ReadAt } from './market-candles.ts'
import type { Market } from './markets.ts'

export interface Steps {
  /** Digits after the point. */
  readonly price: number
  readonly quantity: number
}

/** What is looked at: the market's last hours by the minute, and its last week by the hour. */
const LOOKS = [
  { windows: parseWindows('1m') as Windows, back: 2n * HOUR_MICROS },
  { windows: parseWindows('1h') as Windows, back: 7n * DAY_MICROS },
]

/** @throws Corrupt */
export async function stepsOf(at: ReadAt, market: Market): Promise<Steps> {
  const candles = (
    await Promise.all(
      LOOKS.map(({ windows, back }) => {
        const to = market.lastTrade + 1n
        const from = windows.startOf(to > back ? to - back : 0n)
        return firstCandles(at, market, { windows, from, to, fill: 'none' }, Number.POSITIVE_INFINITY)
      }),
    )
  )
    .flat()
    .flatMap(({ candle }) => candle ?? [])
  return {
    price: digitsOf(
      candles.flatMap(({ open, high, low, close }) => [open, high, low, close]),
      PRICE_SCALE,
    ),
    quantity: digitsOf(
      candles.flatMap(({ volume, takerBuyVolume }) => [volume, takerBuyVolume]),
      QUANTITY_SCALE,
    ),
  }
}

/** The fewest digits after the point that all of them have room in. */
function digitsOf(amounts: readonly bigint[], scale: number): number {
  let digits = 0
  for (const units of amounts) while (units % 10n ** BigInt(scale - digits) !== 0n) digits++
  return digits
}
