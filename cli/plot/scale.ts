/** Where prices and windows of a plot are. Places on a screen are floats; figures that are read stay text. */
import { compareDecimals, digitsAfterPoint } from '../../figures/decimals.ts'
import type { CandleRow } from '../../figures/rows.ts'

export interface Plotted {
  readonly market: string
  readonly timeframe: string
  readonly candles: readonly CandleRow[]
}

/** A candle that has trades. */
export interface Traded extends CandleRow {
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
}

export const isTraded = (candle: CandleRow): candle is Traded => candle.close !== null

export interface Scale {
  /** The highest and the lowest price, as they were traded. */
  readonly high: string
  readonly low: string
  /** 0 for the highest price, 1 for the lowest; the middle where there is one price alone. */
  place(price: string): number
}

/** Undefined where no candle has a trade. */
export function scaleOf(candles: readonly CandleRow[]): Scale | undefined {
  const traded = candles.filter(isTraded)
  if (traded.length === 0) return undefined
  const high = traded.reduce((most, each) => (compareDecimals(each.high, most) > 0 ? each.high : most), traded[0].high)
  const low = traded.reduce((least, each) => (compareDecimals(each.low, least) < 0 ? each.low : least), traded[0].low)
  const [top, bottom] = [Number(high), Number(low)]
  return { high, low, place: price => (top === bottom ? 0.5 : (top - Number(price)) / (top - bottom)) }
}

/** Digits after the point that all of these prices have room for. */
export function digitsIn(candles: readonly CandleRow[]): number {
  const prices = candles.filter(isTraded).flatMap(({ open, high, low, close }) => [open, high, low, close])
  return prices.reduce((most, price) => Math.max(most, digitsAfterPoint(price)), 0)
}

/** The window's time as it is written below it: of day, or with the date where the plot is of days. */
export function timeText(start: string, isOfDays: boolean): string {
  return isOfDays ? start.slice(0, 10) : start.slice(11, 16)
}

const DAY_MS = 86_400_000

/** Whether a plot shows more than two days. */
export const spansDays = (candles: readonly CandleRow[]): boolean =>
  candles.length > 0 && Date.parse(candles[candles.length - 1].end) - Date.parse(candles[0].start) > 2 * DAY_MS
