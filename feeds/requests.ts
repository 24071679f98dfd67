/**
 * Requests to an exchange's REST API, one after the other at its pace: an exchange that asks for a pause gets it, and an
 * address that refuses or fails is left for another.
 */
import { messageOf } from '../domain/errors.ts'
import type { Http, Timers } from '../domain/feed-ports.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts'
import type { Pause } from './pause.ts'
import { createTimeouts } from './timeouts.ts'

export interface RequestOptions {
  /** Addresses, best first. */
  readonly urls: readonly string[]
  readonly requestsPerSecond: number
  readonly http: Http
  readonly timers: Timers
  /** What the exchange has asked of any of the feed's requests. */
  readonly pause: Pause
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

/** The exchange does not serve this region, or this client. */
const REFUSING_STATUSES = [451, 403]

/** `requested`: each request, by the status of its reply; 0 where no reply came. */
export function createRequests(
  { urls, requestsPerSecond, http, timers, pause }: RequestOptions,
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

  const waitMs = () => Math.ceil(Math.max(earliest - timers.steady(), pause.left()))
  const rest = (address: string, milliseconds: number) => restsUntil.set(address, timers.steady() + milliseconds)

  return {
    async get(path) {
      // While this one waits, another may be told to pause.
      for (let ms = waitMs(); ms > 0; ms = waitMs()) await new Promise<void>(resolve => timeouts.after(ms, resolve))
      earliest = timers.steady() + 1000 / requestsPerSecond
      const address = choose()
      const url = `${address}${path(address)}`
      try {
        const reply = await http.get(url)
        requested(reply.status)
        if (reply.status === 200) return { body: reply.body, address }
        if (!pause.note(reply)) rest(address, REFUSING_STATUSES.includes(reply.status) ? HOUR_MS : MINUTE_MS)
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
