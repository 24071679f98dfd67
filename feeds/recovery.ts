/**
 * What becomes of trades that are missing: they are reported, looked for in the exchange's history, and given up where nobody
 * has them.
 */
import type { Http, Timers } from '../domain/feed-ports.ts'
import { lostTradesLog } from '../domain/metrics.ts'
import type { Log } from '../domain/ports.ts'
import type { Outage } from './client.ts'
import type { FeedTrade } from './decoder.ts'
import type { Venue } from './exchanges/venues.ts'
import { createFiller } from './filler.ts'
import { createGapReports } from './gap-reports.ts'
import type { FeedMetrics } from './metrics.ts'
import type { Pair } from './pairs.ts'
import { RESTARTED } from './progress.ts'
import type { StreamKind } from './protocol.ts'
import { type MissingRange, rangeFields, type Tracker } from './tracker.ts'

export interface RecoveryOptions {
  /** Name as in domain/exchanges.ts. */
  readonly exchange: string
  readonly venue: Venue
  readonly pairs: readonly Pair[]
  readonly stream: StreamKind
  readonly tracker: Tracker
  readonly metrics: FeedMetrics
  readonly http: Http
  readonly timers: Timers
  readonly log: Log
}

export interface RecoveryEvents {
  /** A missing trade was found. */
  found(trade: FeedTrade): void
  /** A report for the topic of domain/feed-gaps.ts. */
  report(report: { readonly key: Uint8Array; readonly value: Uint8Array }): void
}

export interface Recovery {
  /** Reports the trades that should have come by a time (milliseconds since 1970), and begins to look for them. */
  look(at: number): void
  /** Reports that an earlier process was last there at a time (milliseconds since 1970). */
  restarted(pairs: readonly Pair[], lastThere: number): void
  /** Reports a time without a connection; what these pairs' next trades pass over was missed in it. */
  interrupted(pairs: readonly Pair[], outage: Outage): void
  stop(): void
}

export function createRecovery(options: RecoveryOptions, events: RecoveryEvents): Recovery {
  const { exchange, venue, pairs, stream, tracker, metrics, http, timers, log } = options
  const { history } = venue.rest
  const reports = createGapReports({ exchange, timers, publish: events.report })
  const filler =
    history &&
    createFiller(
      {
        exchange,
        history,
        urls: venue.restUrls,
        pairs,
        stream,
        requestsPerSecond: venue.requestsPerSecond,
        pagesPerGap: venue.pagesPerGap,
        http,
        timers,
        log,
      },
      tracker,
      { trades: takeMissing, settled, requested: status => metrics.historyRequest(status) },
    )

  /** Takes the trades of a history's page that are missing; the others have come. */
  function takeMissing(trades: readonly FeedTrade[]): void {
    for (const trade of trades) {
      const id = trade.number
      if (id === undefined || tracker.missing({ symbol: trade.symbol, from: id, to: id }).length === 0) continue
      metrics.filled(1)
      events.found(trade)
    }
  }

  /** Nothing more will be tried for this range: what is missing of it still is given up. */
  function settled(range: MissingRange): void {
    for (const left of reports.settled(range, tracker.missing(range))) {
      const trades = left.to - left.from + 1
      metrics.lost(trades)
      log.warn(lostTradesLog.message, { exchange, symbol: range.symbol, ...left, [lostTradesLog.field]: trades })
      tracker.giveUp({ symbol: range.symbol, ...left })
    }
  }

  /** Whether ids tell what was missed of all these pairs. */
  const hasIds = (some: readonly Pair[]) => some.every(({ symbol }) => tracker.knows(symbol))

  return {
    look(at) {
      for (const range of tracker.overdue(at)) {
        metrics.gap(range.to - range.from + 1)
        log.warn('trades are missing', { exchange, ...rangeFields(range) })
        reports.open(range)
        filler?.fill(range)
      }
    },
    restarted(some, lastThere) {
      reports.outage({ from: lastThere, to: timers.now(), why: RESTARTED }, hasIds(some))
    },
    interrupted(some, { from, to, cause, problem }) {
      tracker.interrupted(cause)
      reports.outage({ from, to, why: `${cause}: ${problem}` }, hasIds(some))
    },
    stop() {
      filler?.stop()
    },
  }
}
