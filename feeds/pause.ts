/**
 * The pause that an exchange's REST API asks for. The limit is the client's, whatever address it asks and for what: whoever goes
 * on all the same is banned for longer, so all requests of a feed keep one pause.
 */
import type { HttpReply, Timers } from '../domain/feed-ports.ts'
import { HOUR_MS } from '../domain/time.ts'

export interface Pause {
  /** Takes note of a reply; gives whether it asks for a pause. */
  note(reply: Pick<HttpReply, 'status' | 'headers'>): boolean
  /** How long the exchange wants not to be asked from now on, milliseconds. */
  left(): number
}

/** Too many requests; 418 follows where a client went on in spite of 429 (Binance, "General API Information"). */
const STATUSES = [429, 418]
const DEFAULT_MS = 5_000
/** The longest pause that is believed: Binance bans for up to three days. */
const LONGEST_MS = 72 * HOUR_MS

export function createPause(timers: Pick<Timers, 'now' | 'steady'>): Pause {
  /** By the steady clock. */
  let until = Number.NEGATIVE_INFINITY
  return {
    note(reply) {
      const asks = STATUSES.includes(reply.status)
      if (asks) until = timers.steady() + pauseOf(reply, timers.now())
      return asks
    },
    left: () => Math.max(0, until - timers.steady()),
  }
}

/** `Retry-After` has seconds or a date (RFC 9110 section 10.2.3). `now`: milliseconds since 1970. */
function pauseOf({ headers }: Pick<HttpReply, 'headers'>, now: number): number {
  const text = headers['retry-after'] ?? ''
  const pause = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return pause > 0 ? Math.min(pause, LONGEST_MS) : DEFAULT_MS
}
