/** How often a key may ask: a bucket of tokens for each, filled steadily, which a request takes one of. */
import type { Context, MiddlewareHandler } from 'hono'
import type { Clock } from '../../domain/ports.ts'
import type { Variables } from '../catalog/request.ts'
import { problem } from '../market/problems.ts'

export interface RateLimit {
  /** Requests in a second that a key may make for as long as it likes. */
  readonly perSecond: number
  /** Requests that it may make at once after a rest. */
  readonly burst: number
}

export interface Bucket {
  readonly tokens: number
  /** By the steady clock, milliseconds. */
  readonly filledAt: number
}

/** A bucket as it is by now; a new one is full. */
export function filled(bucket: Bucket | undefined, now: number, { perSecond, burst }: RateLimit): Bucket {
  if (!bucket) return { tokens: burst, filledAt: now }
  return { tokens: Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * perSecond), filledAt: now }
}

/** Buckets that are kept; those of the keys that asked least recently go first. */
const MOST_BUCKETS = 10_000

/**
 * Counts within one process: of a function each running copy has buckets of its own.
 * Headers as in the IETF's draft "RateLimit header fields for HTTP", version 7.
 * @throws Problem 429
 */
export function limited(clock: Pick<Clock, 'steady'>, rate: RateLimit): MiddlewareHandler<Variables> {
  const { perSecond, burst } = rate
  const buckets = new Map<string, Bucket>()
  return async (context, next) => {
    const id = context.get('access').id
    const now = clock.steady()
    const { tokens } = filled(buckets.get(id), now, rate)
    const isTaken = tokens >= 1
    buckets.delete(id)
    buckets.set(id, { tokens: isTaken ? tokens - 1 : tokens, filledAt: now })
    if (buckets.size > MOST_BUCKETS) buckets.delete(buckets.keys().next().value as string)
    setHeaders(context, burst, isTaken ? tokens - 1 : tokens, perSecond)
    if (!isTaken) {
      const seconds = Math.max(1, Math.ceil((1 - tokens) / perSecond))
      context.header('retry-after', String(seconds))
      throw problem(
        429,
        `The key ${id} asks more often than ${perSecond} times a second: wait ${seconds} s, or ask for more rows at once.`,
      )
    }
    await next()
  }
}

function setHeaders(context: Context, limit: number, tokens: number, perSecond: number): void {
  context.header('ratelimit-limit', String(limit))
  context.header('ratelimit-remaining', String(Math.floor(tokens)))
  context.header('ratelimit-reset', String(Math.ceil((limit - tokens) / perSecond)))
}
