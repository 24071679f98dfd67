/**
 * How far a feed has come, kept outside of its process: what a killed one did not get into Kafka, the next one misses and looks
 * for; and when it was last there is where the time without a feed began.
 */
import type { FeedPosition, Positions, Timers } from '../domain/feed-ports.ts'
import { MINUTE_MICROS } from '../domain/time.ts'
import type { StreamKind } from './protocol.ts'
import type { Publisher } from './publisher.ts'
import type { Tracker } from './tracker.ts'

export interface ProgressOptions {
  readonly positions: Positions
  readonly symbols: readonly string[]
  /** Each kind of stream has numbers of its own. */
  readonly stream: StreamKind
  readonly timers: Pick<Timers, 'now'>
}

export interface Progress {
  /** Lets the tracker go on from where an earlier process was, and gives when that was last there, milliseconds since 1970. */
  resume(): Promise<number | undefined>
  /**
   * What is settled now, as soon as all that was published before is in Kafka; nothing while that is under way. `whole`: every
   * connection is live; otherwise the time without one of them goes on, and is told when it ends.
   */
  save(whole: boolean): Promise<void>
  /** What was settled at a time (milliseconds since 1970), when everything that was published is in Kafka. */
  saveLast(settled: Settled, at: number, whole: boolean): Promise<void>
}

type Settled = ReturnType<Tracker['settled']>

export const RESTARTED = 'the feed was restarted'
/** The position of the feed as a whole: when it was last there. */
const WHOLE = '*'
/** Trades between the last one that was settled and the moment of its saving: where a restart looks from. Microseconds. */
const BEFORE_SAVED = MINUTE_MICROS

export function createProgress(
  { positions, symbols, stream, timers }: ProgressOptions,
  tracker: Tracker,
  publisher: Pick<Publisher, 'barrier'>,
): Progress {
  const suffix = stream === 'trade' ? '' : `@${stream}`
  /** What is saved, by symbol. */
  const saved = new Map<string, number>()
  let saving = false

  async function write(settled: Settled, at: number, whole: boolean): Promise<void> {
    const changed = settled.filter(({ symbol, id }) => saved.get(symbol) !== id)
    const named = changed.map(({ symbol, id }) => ({ symbol: `${symbol}${suffix}`, id }))
    const all = whole ? [...named, { symbol: WHOLE, id: 0 }] : named
    if (all.length > 0) await positions.save(all.map((position): FeedPosition => ({ ...position, at })))
    for (const { symbol, id } of changed) saved.set(symbol, id)
  }

  return {
    async resume() {
      const wanted = new Set(symbols)
      let last: number | undefined
      for (const { symbol: name, id, at } of await positions.load()) {
        if (name === WHOLE) last = at
        const symbol = name.slice(0, name.length - suffix.length)
        if (!wanted.has(symbol) || `${symbol}${suffix}` !== name) continue
        tracker.resume(symbol, id, BigInt(at) * 1000n - BEFORE_SAVED, RESTARTED)
        saved.set(symbol, id)
      }
      // From its first moment on, a feed that is killed is one that was there.
      if (last === undefined) await write([], timers.now(), true)
      return last
    },
    async save(whole) {
      if (saving) return
      saving = true
      try {
        const at = timers.now()
        const settled = tracker.settled()
        await publisher.barrier()
        await write(settled, at, whole)
      } finally {
        saving = false
      }
    },
    saveLast: write,
  }
}
