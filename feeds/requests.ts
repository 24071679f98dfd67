/**
 * Requests to an exchange's REST API, one after the other at its pace: an exchange that asks for a pause gets it, and an
 * address that refuses or fails is left for another.
 */
import { messageOf } from '../domain/errors.ts'
import type { Http, HttpReply, Timers } from '../domain/feed-ports.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts'
import { createTimeouts } from './timeouts.ts'

export interface RequestOptions {
  /** Addresses, best first. */
  readonly urls: readonly string[]
  readonly requestsPerSecond: number
  readonly http: Http
  readonly timers: Timers
}

export type Reply = { readonly body: string; readonly address: string } | { readonly problem: string }

export interface Requests {
  /** The body of a reply with status 200; what went wrong, otherwise. `path` may depend on the address. */
  get(path: (address: string) => string): Promise<Reply>
  /** Another address is asked first for a while: this one answers, but not with what is needed. */
  avoid(address: string): void
  /** Nothing is waited for any longer. */
  stop(): void
}

/** Too many requests; 418 follows where a client went on in spite of 429 (Binance, "General API Information"). */
const PAUSE_STATUSES = [429, 418]
/** The exchange does not serve this region, or this client. */
const REFUSING_STATUSES = [451, 403]
const DEFAULT_PAUSE_MS = 5_000
/** The longest pause that is believed: Binance bans for up to three days. */
const MAX_PAUSE_MS = 72 * HOUR_MS

/** `requested`: each request, by the status of its reply; 0 where no reply came. */
export function createRequests(
  { urls, requestsPerSecond, http, timers }: RequestOptions,
  requested: (status: number) => void,
): Requests {
  const timeouts = createTimeouts(timers)
  /** By the steady clock, milliseconds. */
  const restsUntil = new Map<string, number>()
  let earliest = 0

  /** The best address that does not rest; where all do, the one that has rested longest. */
  function choose(): string {
    const until = (url: string) => restsUntil.get(url) ?? 0
    return (
      urls.find(url => until(url) <= timers.steady()) ??
      urls.reduce((best, url) => (until(url) < until(best) ? url : best))
    )
  }

  const rest = (address: string, milliseconds: number) => restsUntil.set(address, timers.steady() + milliseconds)

  return {
    async get(path) {
      const pause = earliest - timers.steady()
      if (pause > 0) await new Promise<void>(resolve => timeouts.after(pause, resolve))
      earliest = timers.steady() + 1000 / requestsPerSecond
      const address = choose()
      const url = `${address}${path(address)}`
      try {
        const reply = await http.get(url)
        requested(reply.status)
        if (reply.status === 200) return { body: reply.body, address }
        // The limit is the client's, whatever address it asks.
        if (PAUSE_STATUSES.includes(reply.status)) earliest = timers.steady() + pauseOf(reply, timers.now())
        else rest(address, REFUSING_STATUSES.includes(reply.status) ? HOUR_MS : MINUTE_MS)
        return { problem: `${url} answered ${reply.status}: ${reply.body.slice(0, 100)}` }
      } catch (error) {
        requested(0)
        rest(address, MINUTE_MS)
        return { problem: messageOf(error) }
      }
    },
    avoid: address => void rest(address, MINUTE_MS),
    stop: () => timeouts.cancelAll(),
  }
}

/**
 * How long the exchange wants not to be asked, milliseconds: `Retry-After` has seconds or a date (RFC 9110 section
 * 10.2.3). `now`: milliseconds since 1970.
 */
function pauseOf({ headers }: Pick<HttpReply, 'headers'>, now: number): number {
  const text = headers['retry-after'] ?? ''
  const pause = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return pause > 0 ? Math.min(pause, MAX_PAUSE_MS) : DEFAULT_PAUSE_MS
}
