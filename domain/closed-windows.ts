/**
 * When a window of an exchange is closed: the one rule for rows, messages, corrections and coverage. Pure.
 *
 * It has ended by the clock, and its exchange has gone on: what the answer is made of holds a trade of that exchange at or after the
 * window's end. Where the exchange is silent, ten minutes after the end do instead. What comes into the window from then on is a correction.
 */
import { MINUTE_MICROS } from './time.ts'

/** Candles follow Gold by seconds, and by minutes after a failure: microseconds after which only late trades change them. */
export const SETTLED_AFTER = 10n * MINUTE_MICROS

/** Time of the newest trade that a state holds of an exchange, by its code, microseconds since 1970; undefined where it is not known. */
export type Watermarks = (exchange: string) => bigint | undefined

/** Up to which end, microseconds since 1970, the windows of an exchange are closed. */
export type ClosedUntil = (exchange: string) => bigint

/**
 * `clock`: when the state is asked, microseconds since 1970; of an earlier state the time that it is of. Neither a later state nor a later
 * clock opens a window again.
 */
export function closedUntil(watermarks: Watermarks, clock: bigint): ClosedUntil {
  const silent = clock - SETTLED_AFTER
  return exchange => {
    const newest = watermarks(exchange) ?? silent
    if (newest <= silent) return silent
    // The clock of an exchange may be ahead of ours.
    return newest < clock ? newest : clock
  }
}

/** What a window may be called; `gap`: it is closed, and trades of it are missing, may be, or could not be read. */
export type WindowStatus = 'open' | 'closed' | 'gap'

interface Window {
  readonly exchange: string
  /** Microseconds since 1970: the start of the next. */
  readonly windowEnd: bigint
}

/** What closed a window: a trade of its exchange behind it, or that none came for so long. */
export type ClosedBy = 'trade' | 'silence'

/** The same of a window that is closed in the state of these watermarks. */
export function closedBy(watermarks: Watermarks, { exchange, windowEnd }: Window): ClosedBy {
  const newest = watermarks(exchange)
  return newest !== undefined && newest >= windowEnd ? 'trade' : 'silence'
}

/** The status of a window. */
export function statusOf<W extends Window>(window: W, until: ClosedUntil, isGap: (window: W) => boolean): WindowStatus {
  if (window.windowEnd > until(window.exchange)) return 'open'
  return isGap(window) ? 'gap' : 'closed'
}
