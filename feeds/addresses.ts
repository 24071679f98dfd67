/**
 * Which of an exchange's addresses to try next, and when: a circuit breaker for each, and exponential backoff with full
 * jitter (AWS Architecture Blog, "Exponential Backoff And Jitter") over all of them.
 */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { MINUTE_MS } from '../domain/time.ts'
import type { Random } from './random.ts'

const BACKOFF: Backoff = { firstMs: 500, lastMs: 30_000 }
/** So many failures one after another open an address's circuit, for so long. */
const FAILURES_TO_OPEN = 3
const OPEN_MS = MINUTE_MS

export interface Addresses {
  /** The address to try, and how long to wait before. Each call counts as an attempt. */
  next(now: number): { readonly url: string; readonly waitMs: number }
  failed(url: string, now: number): void
  /** The connection has held: the next failure is a first one. */
  held(url: string): void
  /** Addresses that are not tried for now. */
  open(now: number): string[]
}

/** `urls` in the order of preference; at least one. */
export function createAddresses(urls: readonly string[], random: Random): Addresses {
  const circuits = urls.map(url => ({ url, failures: 0, openUntil: 0 }))
  let attempts = 0
  const circuitOf = (url: string) => circuits.find(circuit => circuit.url === url)

  return {
    next(now) {
      const waitMs = attempts === 0 ? 0 : Math.floor(random() * pauseMs(BACKOFF, attempts - 1))
      attempts++
      const at = now + waitMs
      const closed = circuits.find(circuit => circuit.openUntil <= at)
      if (closed) return { url: closed.url, waitMs }
      // All are open: there is none to spare, so the one that has rested longest is tried.
      const rested = circuits.reduce((best, circuit) => (circuit.openUntil < best.openUntil ? circuit : best))
      return { url: rested.url, waitMs }
    },
    failed(url, now) {
      const circuit = circuitOf(url)
      if (circuit && ++circuit.failures >= FAILURES_TO_OPEN) circuit.openUntil = now + OPEN_MS
    },
    held(url) {
      attempts = 0
      const circuit = circuitOf(url)
      if (circuit) Object.assign(circuit, { failures: 0, openUntil: 0 })
    },
    open: now => circuits.filter(circuit => circuit.openUntil > now).map(circuit => circuit.url),
  }
}
