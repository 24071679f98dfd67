/** What happens to the feeds of a swarm's world besides faults of calls, drawn by its seed. */
import type { Random } from '../../feeds/random.ts'
import { faultSchedule, type ScheduledKind } from '../../feeds/simulator/faults.ts'
import type { Fault } from '../../feeds/simulator/types.ts'
import { START } from './world.ts'

/**
 * What befalls the process of a feed and what it stands on:
 *   kill          it dies at once; what it had on disk stays, and another one begins after some seconds
 *   restart       it is asked to end and begins again
 *   kafka-down    no broker answers for a time
 *   clock-jump    its wall clock goes forward or back
 */
export const FEED_TROUBLES = ['kill', 'restart', 'kafka-down', 'clock-jump'] as const

export interface FeedTrouble {
  readonly kind: (typeof FEED_TROUBLES)[number]
  readonly exchange: string
  /** Milliseconds after the feeds' beginning. */
  readonly at: number
  /** How long it lasts, or how far a clock jumps, milliseconds. */
  readonly ms: number
}

export interface FeedWeather {
  /** Trades of an exchange a second, of all its markets together. */
  readonly ratePerSecond: number
  /** One way, milliseconds. */
  readonly latencyMs: number
  /** Limits of what waits for Kafka: memory, then disk. */
  readonly memoryBytes: number
  readonly spillBytes: number
  /** Share of trades, of 1, that break a rule of validation. */
  readonly invalidShare: number
  readonly faults: readonly Fault[]
  readonly troubles: readonly FeedTrouble[]
}

const SECOND = 1_000
const MIB = 1024 * 1024

/** The two markets of an exchange that its feed reads, as `BTCUSDT`. */
export function symbolsOf(exchange: string): readonly string[] {
  return exchange === 'binance' ? ['BTCUSDT', 'ETHUSDT'] : ['BTCUSD', 'ETHUSD']
}

/** When the markets open and the feeds begin, milliseconds since 1970: after midnight, so that their trades are of one hour. */
export const FEEDS_START = START + 15 * SECOND

/** All that goes wrong with a feed does so in this time; then everything must come right. Milliseconds. */
export const TROUBLED_MS = 60 * SECOND

export const CALM_FEEDS: FeedWeather = {
  ratePerSecond: 2,
  latencyMs: 2,
  memoryBytes: MIB,
  spillBytes: MIB,
  invalidShare: 0,
  faults: [],
  troubles: [],
}

/** Faults that the exchange's own schedule has; errors that say nothing are left to its unit tests. */
const SCHEDULED: readonly ScheduledKind[] = [
  'drop',
  'close',
  'server-shutdown',
  'truncated-frame',
  'malformed-frame',
  'silent',
  'slow',
  'refuse',
  'repeat',
  'out-of-order',
  'late',
  'odd-numbers',
  'skipped',
  'too-many-requests',
  'skew',
]
const LONGEST_MS = 45 * SECOND
const JUMPS_MS = [2 * SECOND, 20 * SECOND, 45 * SECOND, 150 * SECOND, 600 * SECOND] as const

export function seededFeedWeather(random: Random, exchanges: readonly string[]): FeedWeather {
  const one = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]
  const when = () => Math.floor(random() * TROUBLED_MS)
  const upTo = (longest: number) => SECOND + Math.floor(random() * longest)
  const some = (share: number) => (random() < share ? 1 + Math.floor(random() * 3) : 0)
  const kinds = SCHEDULED.filter(() => random() < 0.35)
  const seed = Math.floor(random() * 2 ** 31)
  const faults: Fault[] =
    kinds.length === 0
      ? []
      : faultSchedule({
          seed,
          from: FEEDS_START,
          to: FEEDS_START + TROUBLED_MS,
          exchanges,
          kinds,
          perMinute: one([2, 8]),
        })
  const troubles: FeedTrouble[] = []
  for (const exchange of exchanges) {
    const symbol = () => one(symbolsOf(exchange))
    const at = () => FEEDS_START + when()
    for (let n = some(0.3); n > 0; n--)
      faults.push({ exchange, at: at(), kind: 'unreadable', trades: one([1, 1, 4]), symbol: symbol() })
    for (let n = some(0.3); n > 0; n--)
      faults.push({
        exchange,
        at: at(),
        kind: 'lagging-history',
        by: upTo(20 * SECOND),
        milliseconds: upTo(LONGEST_MS),
      })
    if (random() < 0.08)
      faults.push({ exchange, at: at(), kind: 'delisted', milliseconds: upTo(LONGEST_MS), symbol: symbol() })
    for (const [kind, share] of [
      ['kill', 0.4],
      ['restart', 0.25],
      ['kafka-down', 0.35],
    ] as const)
      for (let n = some(share); n > 0; n--)
        troubles.push({ kind, exchange, at: when(), ms: upTo(kind === 'kafka-down' ? LONGEST_MS : 10 * SECOND) })
    for (let n = some(0.25); n > 0; n--)
      troubles.push({ kind: 'clock-jump', exchange, at: when(), ms: one(JUMPS_MS) * (random() < 0.5 ? -1 : 1) })
  }
  return {
    ratePerSecond: one([1, 2, 4]),
    latencyMs: one([2, 40, 900]),
    memoryBytes: one([1_500, 6_000, MIB]),
    // The trades that Kraken shows at once after a connection have to fit.
    spillBytes: one([60_000, MIB]),
    invalidShare: one([0, 0, 0.05]),
    faults,
    troubles,
  }
}
