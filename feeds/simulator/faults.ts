/** Faults by seed: a schedule in which every kind comes, and the few of an ordinary day. */
import { MINUTE_MS } from '../../domain/time.ts'
import { mix, type Random, randomStream } from '../random.ts'
import type { Fault, FaultKind } from './types.ts'

/**
 * Kinds that a schedule has. A refused market would be asked for again only after its end; what is unreadable, or late in the
 * history, is planned by those who look at what becomes of it.
 */
export type ScheduledKind = Exclude<FaultKind['kind'], 'delisted' | 'unreadable' | 'lagging-history'>
type Kind = ScheduledKind

/** Length from a span, drawn evenly. */
function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1))
}

const CLOSE_CODES = [1000, 1001, 1008, 1011, 1012, 1013, 4000]

/** A fault of each kind, as strong as it may be while a feed still has a chance to get everything. */
const MAKE: Readonly<Record<Kind, (random: Random, turn: number) => FaultKind>> = {
  drop: () => ({ kind: 'drop' }),
  'server-shutdown': () => ({ kind: 'server-shutdown' }),
  'truncated-frame': () => ({ kind: 'truncated-frame' }),
  'malformed-frame': () => ({ kind: 'malformed-frame' }),
  'error-frame': () => ({ kind: 'error-frame' }),
  'unknown-frame': () => ({ kind: 'unknown-frame' }),
  close: random => ({ kind: 'close', code: CLOSE_CODES[Math.floor(random() * CLOSE_CODES.length)] }),
  silent: random => ({ kind: 'silent', milliseconds: between(random, 5_000, 45_000) }),
  slow: random => ({ kind: 'slow', delay: between(random, 100, 3_000), milliseconds: between(random, 2_000, 10_000) }),
  refuse: random => ({ kind: 'refuse', milliseconds: between(random, 1_000, 15_000) }),
  repeat: random => ({ kind: 'repeat', trades: between(random, 1, 200) }),
  'out-of-order': random => ({ kind: 'out-of-order', trades: between(random, 2, 50) }),
  late: random => ({ kind: 'late', trades: between(random, 1, 20) }),
  'odd-numbers': random => ({ kind: 'odd-numbers', milliseconds: between(random, 500, 5_000) }),
  // Every second one is lost for good.
  skipped: (random, turn) => ({ kind: 'skipped', trades: between(random, 1, 100), lost: turn % 2 === 1 }),
  'too-many-requests': random => ({ kind: 'too-many-requests', milliseconds: between(random, 1_000, 10_000) }),
  // A trade over a minute ahead of its receipt is refused (domain/validation.ts).
  skew: random => ({
    kind: 'skew',
    offset: between(random, -20_000, 20_000),
    milliseconds: between(random, 1_000, 20_000),
  }),
}

export interface ScheduleOptions {
  readonly seed: number
  /** Milliseconds since 1970. The last fifth, at least a minute where there is room, is quiet. */
  readonly from: number
  readonly to: number
  /** Names. */
  readonly exchanges: readonly string[]
  /** All by default. */
  readonly kinds?: readonly Kind[]
  /** Faults of each exchange on average; more where it takes more for every kind to come. */
  readonly perMinute: number
}

/** Faults in the order of their beginning: every kind at least once on every exchange, `skipped` both lost and not. */
export function faultSchedule(options: ScheduleOptions): Fault[] {
  const { seed, from, to, exchanges, perMinute } = options
  const kinds = options.kinds ?? (Object.keys(MAKE) as Kind[])
  const end = to - Math.max((to - from) / 5, Math.min(MINUTE_MS, (to - from) / 2))
  // Once lost for good, once not.
  const deck = kinds.includes('skipped') ? [...kinds, 'skipped' as const] : kinds
  const count = Math.max(deck.length, Math.round((perMinute * (end - from)) / MINUTE_MS))
  return exchanges
    .flatMap(exchange => {
      const random = randomStream(mix(seed, ...new TextEncoder().encode(exchange)))
      let skips = 0
      return shuffled(deck, count, random).map((kind, i): Fault => {
        // Each has a stretch of its own, so that no one waits for all the others.
        const at = Math.floor(from + ((i + random()) * (end - from)) / count)
        return { exchange, at, ...MAKE[kind](random, kind === 'skipped' ? skips++ : 0) }
      })
    })
    .sort((a, b) => a.at - b.at)
}

/** This many kinds, each as often as the others, in any order. */
function shuffled(kinds: readonly Kind[], count: number, random: Random): Kind[] {
  const deck = Array.from({ length: count }, (_, i) => kinds[i % kinds.length])
  for (let i = deck.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[deck[i], deck[j]] = [deck[j], deck[i]]
  }
  return deck
}

const ORDINARY: readonly Kind[] = ['repeat', 'repeat', 'repeat', 'out-of-order', 'malformed-frame', 'drop']

/** The faults of one exchange that begin in a minute since 1970, `perMinute` on average: mild ones only. */
export function ordinaryFaults(salt: number, exchange: string, perMinute: number, minute: number): Fault[] {
  const random = randomStream(mix(salt, 13, minute))
  const count = Math.floor(perMinute + random())
  return Array.from({ length: count }, () => {
    const kind = ORDINARY[Math.floor(random() * ORDINARY.length)]
    return { exchange, at: minute * MINUTE_MS + Math.floor(random() * MINUTE_MS), ...MAKE[kind](random, 0) }
  })
}
