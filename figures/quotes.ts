/** What is known of a market's price: the last one, the last hour by the minute, the last day by the hour. */
import { addDecimals, compareDecimals, digitsAfterPoint, percentChange } from './decimals.ts'
import type { CandleRow, TradeRow } from './rows.ts'
import { lengthText } from './times.ts'

export interface Quote {
  readonly price: string
  /** When it was last traded, as the API writes it. */
  readonly time: string
  /** Above, at or below zero, as the price has risen, stood or fallen when it last changed. */
  readonly direction: number
  /** Closes of the last hour's minutes that had trades, by their starts, milliseconds since 1970. */
  readonly minutes: ReadonlyMap<number, string>
  /** First prices of the last day's hours, and when they were paid, by the hours' starts. */
  readonly hours: ReadonlyMap<number, FirstPrice>
  /** What was turned over in the last day, in the quote currency: by whole hours, and by the minutes of hours that are not there whole; by their starts. */
  readonly turnover: { readonly hours: ReadonlyMap<number, string>; readonly minutes: ReadonlyMap<number, string> }
}

export interface FirstPrice {
  readonly price: string
  readonly ms: number
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MINUTES = 60
const NONE: Quote['turnover'] = { hours: new Map(), minutes: new Map() }

export function quoteOfTrade({ price, time }: TradeRow): Quote {
  return { price, time, direction: 0, minutes: new Map(), hours: new Map(), turnover: NONE }
}

/** With a candle of an hour. Without trades it says nothing. */
export function withHour(quote: Quote | undefined, row: CandleRow, nowMs: number): Quote | undefined {
  const { open, close, first_trade: first, last_trade: last } = row
  if (open === null || close === null || first === null || last === null) return quote
  return {
    ...latest(quote, close, last),
    minutes: quote?.minutes ?? new Map(),
    hours: hoursWith(quote, Date.parse(row.start), { price: open, ms: Date.parse(first) }, nowMs),
    turnover: turnoverWith(quote?.turnover ?? NONE, 'hours', row, nowMs),
  }
}

/** With a candle of a minute, which may change one that was there. */
export function withMinute(quote: Quote | undefined, row: CandleRow, nowMs: number): Quote | undefined {
  const { open, close, first_trade: first, last_trade: last } = row
  if (open === null || close === null || first === null || last === null) return quote
  const startMs = Date.parse(row.start)
  const minutes = new Map(quote?.minutes).set(startMs, close)
  const newest = Math.max(...minutes.keys())
  for (const at of minutes.keys()) if (at <= newest - MINUTES * MINUTE) minutes.delete(at)
  const hour = Math.floor(startMs / HOUR) * HOUR
  const found = quote?.hours.get(hour)
  const isFirst = !found || Date.parse(first) < found.ms
  return {
    ...latest(quote, close, last),
    minutes,
    turnover: turnoverWith(quote?.turnover ?? NONE, 'minutes', row, nowMs),
    hours: isFirst
      ? hoursWith(quote, hour, { price: open, ms: Date.parse(first) }, nowMs)
      : (quote?.hours ?? new Map()),
  }
}

/** The later of two last prices, and which way it went. */
function latest(quote: Quote | undefined, price: string, time: string): Pick<Quote, 'price' | 'time' | 'direction'> {
  if (!quote) return { price, time, direction: 0 }
  if (Date.parse(time) < Date.parse(quote.time)) return quote
  return { price, time, direction: compareDecimals(price, quote.price) || quote.direction }
}

function hoursWith(quote: Quote | undefined, hour: number, first: FirstPrice, nowMs: number): Map<number, FirstPrice> {
  const hours = new Map(quote?.hours).set(hour, first)
  for (const at of hours.keys()) if (at < nowMs - DAY - HOUR) hours.delete(at)
  return hours
}

function turnoverWith(
  known: Quote['turnover'],
  of: 'hours' | 'minutes',
  { start, end, quote_volume: volume }: CandleRow,
  nowMs: number,
): Quote['turnover'] {
  // The hour that is not over grows by its minutes.
  if (volume === null || (of === 'hours' && Date.parse(end) > nowMs)) return known
  const changed = new Map(known[of]).set(Date.parse(start), volume)
  for (const at of changed.keys()) if (at <= nowMs - DAY) changed.delete(at)
  return { ...known, [of]: changed }
}

/** What was turned over in the last day, in the quote currency, or since the market's first trade of it; to the hour, or to the minute of now. */
export function dayTurnover({ turnover }: Quote, nowMs: number): string {
  const isOfDay = (at: number) => at > nowMs - DAY
  const hours = [...turnover.hours].filter(([at]) => isOfDay(at))
  const minutes = [...turnover.minutes].filter(
    ([at]) => isOfDay(at) && !turnover.hours.has(Math.floor(at / HOUR) * HOUR),
  )
  return [...hours, ...minutes].reduce((sum, [, volume]) => addDecimals(sum, volume), '0')
}

/** The largest change from one minute's last price to the next one's in the last hour, in percent with its sign; undefined for fewer than two. */
export function largestMove({ minutes }: Quote): string | undefined {
  const closes = [...minutes].sort(([a], [b]) => a - b).map(([, close]) => close)
  const moves = closes.slice(1).flatMap((close, place) => percentChange(closes[place], close) ?? [])
  return moves.reduce<string | undefined>(
    (most, move) => (most === undefined || sizeOf(move) > sizeOf(most) ? move : most),
    undefined,
  )
}
const sizeOf = (percent: string) => Math.abs(Number(percent.replaceAll(',', '')))

/** The first price of the last day, or of what there is of it. */
export function dayBefore({ hours }: Quote, nowMs: number): FirstPrice | undefined {
  const starts = [...hours.keys()].filter(at => at > nowMs - DAY - HOUR)
  return hours.get(Math.min(...starts))
}

/** How far back the first price of the last day lies, `24 h` or, of a market that is younger, `2 h`; as of `dayBefore`. */
export function changeSpan(quote: Quote, nowMs: number): string | undefined {
  const day = dayBefore(quote, nowMs)
  if (!day) return undefined
  const age = nowMs - day.ms
  return age > 23 * HOUR ? '24 h' : lengthText(Math.max(Math.floor(age / MINUTE), 1) * MINUTE).replace(/ \d+ min$/, '')
}

/** Closes of sixty minutes up to the one of the last trade or up to now; null where there was no trade. */
export function lastHour({ minutes, time }: Quote, nowMs: number): (string | null)[] {
  const last = Math.floor(Math.max(nowMs - MINUTE, Date.parse(time)) / MINUTE) * MINUTE
  return Array.from({ length: MINUTES }, (_, place) => minutes.get(last - (MINUTES - 1 - place) * MINUTE) ?? null)
}

/** Digits that the market's prices have after the point, so that they stand below each other. */
export const digitsOf = ({ price, minutes }: Quote): number =>
  Math.max(digitsAfterPoint(price), ...[...minutes.values()].map(digitsAfterPoint))
