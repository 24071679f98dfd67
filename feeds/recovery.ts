/**
 * What becomes of trades that are missing: they are reported, looked for in the exchange's history, and given up where it
 * has no such trades. And of trades that came and cannot be read: they are reported with their text.
 */
import type { Http, Timers } from '../domain/feed-ports.ts'
import { lostTradesLog, unreadableTradesLog } from '../domain/metrics.ts'
import type { Pair } from '../domain/pairs.ts'
import type { Log } from '../domain/ports.ts'
import type { Outage } from './client.ts'
import type { FeedTrade, Unreadable } from './decoder.ts'
import type { Venue } from './exchanges/venues.ts'
import { createFiller } from './filler.ts'
import { createGapReports } from './gap-reports.ts'
import type { Ids } from './holes.ts'
import type { FeedMetrics } from './metrics.ts'
import type { Pause } from './pause.ts'
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
  readonly pause: Pause
  readonly log: Log
  /** Whether what is found can be passed on. */
  hasRoom(): boolean
}

export interface RecoveryEvents {
  /** A missing trade was found. */
  found(trade: FeedTrade): void
  /** A report for the topic of domain/feed-gaps.ts. */
  report(report: { readonly key: Uint8Array; readonly value: Uint8Array }): void
}

export interface Recovery {
  /** Reports the trades that should have come by a time of the steady clock, and begins to look for them. */
  look(at: number): void
  /** Ranges that are looked for and not reported yet: they are, once they are in the saved position. */
  unannounced(): MissingRange[]
  /** Reports them, so that a process that is killed leaves no report that the next one knows nothing of. */
  announce(ranges: readonly MissingRange[]): void
  /** Goes on looking for what an earlier process reported as missing. */
  resume(ranges: readonly MissingRange[]): void
  /** Reports a trade that came and cannot be read, unless it came before and could be. */
  unreadable(trade: Unreadable): void
  /** A trade has come: where it could not be read before, this is reported. */
  came(trade: Pick<FeedTrade, 'symbol' | 'number' | 'timestamp'>): void
  /** Reports that an earlier process was last alive at a time (milliseconds since 1970). */
  restarted(pairs: readonly Pair[], lastThere: number): void
  /** Reports a time without a connection; ids that these pairs' next trades skip were missed in it. */
  interrupted(pairs: readonly Pair[], outage: Outage): void
  stop(): void
}

const COMPLAIN_MS = 1_000
const MAX_REPORTED = 1_000
const CAME_AGAIN = 'it came once more, and could be read'

export function createRecovery(options: RecoveryOptions, events: RecoveryEvents): Recovery {
  const { exchange, venue, pairs, stream, tracker, metrics, http, timers, pause, log } = options
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
        http,
        timers,
        pause,
        log,
        hasRoom: options.hasRoom,
      },
      tracker,
      { found, unreadable: unreadableRows, absent, settled, requested: status => metrics.historyRequest(status) },
    )
  /** Ranges that are looked for. */
  const sought = new Set<MissingRange>()
  /** Those of which a part was given up, or may have been by an earlier process. */
  const incomplete = new Set<MissingRange>()
  const unannounced = new Set<MissingRange>()
  /** Texts of the history that could not be read, and name no trade: each is reported once. */
  const reported = new Set<string>()
  /** Trades that came unreadable, and may come once more. */
  const awaited = new Set<string>()
  let unreadable = { trades: 0, logged: Number.NEGATIVE_INFINITY }

  function isMissing({ symbol, number }: { symbol: string; number: number }): boolean {
    return tracker.missing({ symbol, from: number, to: number }).length > 0
  }

  /** It has come, or was given up. */
  function isSettled({ symbol, number }: { symbol: string; number: number }): boolean {
    return number <= (tracker.highest(symbol) ?? -1) && !isMissing({ symbol, number })
  }

  /** Takes the trades of a history that are missing; the others have come. */
  function found(trades: readonly FeedTrade[]): void {
    for (const trade of trades) {
      if (trade.number === undefined || !isMissing({ symbol: trade.symbol, number: trade.number })) continue
      metrics.filled(1)
      events.found(trade)
    }
  }

  function unreadableRows(trades: readonly Unreadable[], range: MissingRange): void {
    const { symbol } = range
    for (const trade of trades) {
      const { number, raw } = trade
      if (number === undefined ? reported.has(raw) : !isMissing({ symbol, number })) continue
      report({ ...trade, symbol })
      if (number !== undefined) giveUpUnreadable(symbol, number)
      else {
        incomplete.add(range)
        if (reported.size < MAX_REPORTED) reported.add(raw)
      }
    }
  }

  /** It is there, and asking again would not make it readable. A page may show trades of other ranges than the one it was asked for. */
  function giveUpUnreadable(symbol: string, number: number): void {
    for (const range of sought)
      if (range.symbol === symbol && range.from <= number && range.to >= number) incomplete.add(range)
    tracker.giveUp({ symbol, from: number, to: number })
  }

  function report(trade: Unreadable): void {
    reports.unreadable(trade)
    noticed(trade)
  }

  function noticed(trade: Unreadable): void {
    metrics.unreadable()
    unreadable.trades++
    // The same fault may repeat thousands of times a second.
    if (timers.steady() - unreadable.logged < COMPLAIN_MS) return
    const { message, field } = unreadableTradesLog
    const { symbol, number, problem } = trade
    log.warn(message, { exchange, symbol, number, problem, [field]: unreadable.trades })
    unreadable = { trades: 0, logged: timers.steady() }
  }

  function absent(range: MissingRange, { from, to }: Ids): void {
    metrics.absent(to - from + 1)
    reports.sequence(range, 'absent', { from, to })
    log.info('the exchange has no such trades', { exchange, symbol: range.symbol, from, to })
    incomplete.add(range)
  }

  function announce(ranges: Iterable<MissingRange>): void {
    for (const range of ranges) if (unannounced.delete(range)) reports.sequence(range, 'open')
  }

  function seek(range: MissingRange): void {
    sought.add(range)
    filler?.fill(range)
  }

  function lose(range: MissingRange, { from, to }: Ids): void {
    const trades = to - from + 1
    metrics.lost(trades)
    reports.sequence(range, 'lost', { from, to })
    log.warn(lostTradesLog.message, { exchange, symbol: range.symbol, from, to, [lostTradesLog.field]: trades })
  }

  /** The exchange has begun its numbers anew: what was missing under the old ones stays so. */
  function loseAbandoned(): void {
    for (const ids of tracker.abandoned()) {
      lose(ids, ids)
      for (const range of sought)
        if (range.symbol === ids.symbol && range.from <= ids.to && range.to >= ids.from) incomplete.add(range)
    }
  }

  /** Nothing more will be tried for this range: what it still lacks is given up. Where it was not announced yet, its end says all. */
  function settled(range: MissingRange): void {
    loseAbandoned()
    unannounced.delete(range)
    for (const ids of tracker.missing(range)) {
      lose(range, ids)
      tracker.giveUp({ symbol: range.symbol, ...ids })
      incomplete.add(range)
    }
    reports.sequence(range, incomplete.delete(range) ? 'closed' : 'filled')
    sought.delete(range)
    tracker.ended(range)
  }

  /** Whether ids show what was missed, for all these pairs. */
  const hasIds = (some: readonly Pair[]) => some.every(({ symbol }) => tracker.highest(symbol) !== undefined)

  return {
    look(at) {
      loseAbandoned()
      for (const range of tracker.overdue(at)) {
        metrics.gap(range.to - range.from + 1)
        log.warn('trades are missing', { exchange, ...rangeFields(range) })
        unannounced.add(range)
        seek(range)
      }
    },
    unannounced: () => [...unannounced],
    announce,
    resume(ranges) {
      for (const range of ranges) {
        incomplete.add(range)
        seek(range)
      }
    },
    unreadable(trade) {
      const { symbol, number } = trade
      if (symbol === undefined || number === undefined) return report(trade)
      // Another connection has brought it, or its text is in a report already.
      if (isSettled({ symbol, number })) return noticed(trade)
      awaited.add(`${symbol} ${number}`)
      const [oldest] = awaited
      if (awaited.size > MAX_REPORTED) awaited.delete(oldest)
      report(trade)
    },
    came({ symbol, number, timestamp }) {
      if (awaited.size === 0 || number === undefined || !awaited.delete(`${symbol} ${number}`)) return
      const range = { symbol, from: number, to: number, fromTime: timestamp, toTime: timestamp, cause: CAME_AGAIN }
      reports.sequence(range, 'filled')
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
