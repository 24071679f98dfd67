/**
 * Fetches a range of trades that a person names from the exchange's history, whatever became of it before: for ranges that
 * were lost, came unreadable, or were traded before there was a feed. Gold keeps each trade once.
 */
import { BY_HAND } from '../domain/feed-gaps.ts'
import type { FeedRecord, Http, RecordSink, Timers } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import type { Log } from '../domain/ports.ts'
import { encodeTrade, type SchemaIds } from '../domain/wire.ts'
import type { Venue } from './exchanges/venues.ts'
import type { FeedMetrics } from './metrics.ts'
import { createPause } from './pause.ts'
import type { StreamKind } from './protocol.ts'
import { createRecovery } from './recovery.ts'
import { createTracker } from './tracker.ts'

export interface FillOptions {
  readonly exchange: string
  readonly venue: Venue
  readonly pair: Pair
  readonly stream: StreamKind
  /** First and last id. */
  readonly from: number
  readonly to: number
  /** Exchange's time of a trade before them, microseconds since 1970. */
  readonly since: bigint
  readonly topics: { readonly trades: string; readonly gaps: string }
  readonly schemaIds: SchemaIds
  readonly metrics: FeedMetrics
}

export interface FillPorts {
  readonly timers: Timers
  readonly http: Http
  readonly sink: RecordSink
  readonly log: Log
}

export interface Fill {
  /** Settles when nothing more is to be had, or after `stop`. @throws what the sink throws */
  readonly done: Promise<void>
  /** Trades that were found and stored. */
  readonly found: number
  /** Ids that are still looked for. */
  readonly left: number
  /** Ends the search; what was found is stored. */
  stop(): void
}

const LOOK_MS = 50
const MAX_WAITING = 5_000

export function startFill(options: FillOptions, { timers, http, sink, log }: FillPorts): Fill {
  const { exchange, venue, pair, stream, from, to, since, topics, metrics } = options
  const { symbol } = pair
  const tracker = createTracker()
  const wanted = { from, to, fromTime: Number(since), toTime: timers.now() * 1000, cause: BY_HAND }
  const ranges = tracker.resume(symbol, to, since, timers, BY_HAND, [wanted], [wanted])
  let waiting: FeedRecord[] = []
  let found = 0
  let stored = 0
  let stopped = false
  const put = (topic: string, key: Uint8Array, value: Uint8Array) =>
    void waiting.push({ topic, key, value, timestamp: timers.now() })
  const recovery = createRecovery(
    {
      ...{ exchange, venue, pairs: [pair], stream, tracker, metrics, http, timers, log },
      pause: createPause(timers),
      hasRoom: () => waiting.length < MAX_WAITING,
    },
    {
      found(trade) {
        tracker.note(symbol, trade.number ?? 0, trade.timestamp, timers)
        found++
        put(topics.trades, new TextEncoder().encode(symbol), encodeTrade(trade, options.schemaIds))
      },
      report: ({ key, value }) => put(topics.gaps, key, value),
    },
  )

  async function run(): Promise<void> {
    recovery.resume(ranges)
    for (let isLast = false; !isLast; ) {
      await new Promise<void>(resolve => timers.after(LOOK_MS, resolve))
      // The last report comes with, or after, the last trade: one more round takes it.
      isLast = waiting.length === 0 && (stopped || tracker.missingIds === 0)
      const records = waiting
      waiting = []
      const before = found
      if (records.length > 0) await sink.send(records)
      stored = before
    }
    // A search whose trades have all come may not have ended by itself.
    recovery.stop()
    await sink.send(waiting)
  }

  const done = run().finally(() => recovery.stop())
  return {
    done,
    get found() {
      return stored
    },
    get left() {
      return tracker.missingIds
    },
    stop() {
      stopped = true
      recovery.stop()
    },
  }
}
