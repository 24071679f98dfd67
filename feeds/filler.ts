/**
 * Asks an exchange's REST history for trades that the stream did not bring: one request at a time at the exchange's pace,
 * the oldest range first, for as long as the history has more of it. A range is given up only where the history answers
 * and says nothing of it, again and again: an exchange that is down, or refuses, is asked until it answers.
 */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { sumOf } from '../domain/counts.ts'
import { messageOf } from '../domain/errors.ts'
import type { Http, Timers } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { Log } from '../domain/ports.ts'
import type { FeedTrade, Unreadable } from './decoder.ts'
import type { Ids } from './holes.ts'
import type { Pause } from './pause.ts'
import type { History, HistoryPage, StreamKind } from './protocol.ts'
import { createRequests } from './requests.ts'
import { createTimeouts } from './timeouts.ts'
import { type MissingRange, rangeFields, type Tracker } from './tracker.ts'

export interface FillerOptions {
  readonly exchange: string
  readonly history: History
  /** Addresses of the REST API, best first. */
  readonly urls: readonly string[]
  readonly pairs: readonly Pair[]
  readonly stream: StreamKind
  readonly requestsPerSecond: number
  readonly http: Http
  readonly timers: Timers
  readonly pause: Pause
  readonly log: Log
  /** Whether what is found can be passed on: live trades go first. */
  hasRoom(): boolean
}

export interface FillerEvents {
  /** Trades of the history, some of which may not be missing. */
  found(trades: readonly FeedTrade[]): void
  /** Trades of the history that cannot be read, some of which may not be missing. */
  unreadable(trades: readonly Unreadable[], range: MissingRange): void
  /** The exchange has no such trades: it has skipped their numbers. */
  absent(range: MissingRange, part: Ids): void
  /** Nothing more will be tried for this range; what it still lacks stays missing. */
  settled(range: MissingRange): void
  /** Each request, by the status of its reply; 0 where no reply came. */
  requested(status: number): void
}

export interface Filler {
  fill(range: MissingRange): void
  stop(): void
}

/**
 * Looks at a range without finding anything, one after the other, until it is given up: 5, 10, 20 … seconds apart, then ten
 * minutes, so over an hour. A history may lag behind its stream.
 */
const LOOKS = 14
const BACKOFF: Backoff = { firstMs: 5_000, lastMs: 600_000 }
const ROOM_MS = 100
const TRADES_AT_ONCE = 20

interface Search {
  readonly range: MissingRange
  /** Looks without anything found, since the last that found something. */
  looks: number
  /** By the steady clock, milliseconds. */
  due: number
}

export function createFiller(options: FillerOptions, tracker: Tracker, events: FillerEvents): Filler {
  const { exchange, history, timers, log, stream } = options
  const timeouts = createTimeouts(timers)
  const requests = createRequests(options, events.requested)
  const searches: Search[] = []
  let busy = false
  let stopped = false
  let cancelWait: (() => void) | undefined
  /** Attempts without an answer, one after the other: they concern the exchange, and so every range. */
  let failures = 0
  let paused = 0

  function pump(): void {
    cancelWait?.()
    cancelWait = undefined
    if (busy || stopped || searches.length === 0) return
    const due = searches.filter(search => Math.max(paused, search.due) <= timers.steady())
    if (due.length === 0) {
      const first = Math.max(paused, Math.min(...searches.map(search => search.due)))
      cancelWait = timeouts.after(Math.max(1, first - timers.steady()), pump)
      return
    }
    const search = due.reduce((oldest, other) => (other.range.fromTime < oldest.range.fromTime ? other : oldest))
    busy = true
    attempt(search)
      // An attempt throws only through a mistake in this code.
      .catch(problem => {
        search.due = timers.steady() + BACKOFF.lastMs
        log.error('filling a gap failed', { exchange, ...rangeFields(search.range), problem: messageOf(problem) })
      })
      .finally(() => {
        busy = false
        pump()
      })
  }

  const idsOf = (parts: readonly Ids[]) => sumOf(parts, ({ from, to }) => to - from + 1)

  async function attempt(search: Search): Promise<void> {
    const { range } = search
    const pair = options.pairs.find(({ symbol }) => symbol === range.symbol)
    const before = tracker.missing(range)
    let problem: string | undefined
    for (const part of pair ? before : []) {
      problem = await pages(pair as Pair, range, part)
      if (stopped) return
      if (problem !== undefined) break
    }
    const left = tracker.missing(range)
    const found = idsOf(left) < idsOf(before)
    failures = problem === undefined ? 0 : failures + 1
    if (found) search.looks = 0
    else if (problem === undefined) search.looks++
    if (left.length === 0 || !pair || search.looks >= LOOKS) {
      searches.splice(searches.indexOf(search), 1)
      return events.settled(range)
    }
    const pause = pauseMs(BACKOFF, Math.max(0, problem === undefined ? search.looks - 1 : failures - 1))
    if (problem === undefined) search.due = timers.steady() + pause
    else paused = timers.steady() + pause
    log.warn('a gap is not filled yet', {
      exchange,
      ...rangeFields(range),
      left: idsOf(left),
      problem: problem ?? (found ? 'there is more to look for' : 'the history lacks trades'),
      pause,
    })
  }

  /** Reads page after page of a part of a range; what went wrong, if something did. */
  async function pages(pair: Pair, search: MissingRange, part: Ids & { after: bigint }): Promise<string | undefined> {
    let cursor: string | undefined = history.begin(part)
    let covered: Ids | undefined
    while (cursor !== undefined) {
      const asked = { pair, range: part, cursor, stream }
      const reply = await requests.get(address => history.path({ ...asked, address }))
      if (stopped) return undefined
      if ('problem' in reply) return reply.problem
      let page: HistoryPage
      try {
        page = history.page(reply.body, { ...asked, address: reply.address }, BigInt(timers.now()) * 1000n)
      } catch (error) {
        requests.avoid(reply.address)
        return messageOf(error)
      }
      await passOn(page, search)
      if (stopped) return undefined
      if (page.isPartial) {
        requests.avoid(reply.address)
        return `${reply.address} has only the latest trades`
      }
      covered = unionOf(covered, page.covers)
      cursor = page.next
    }
    if (covered) for (const ids of tracker.looked(common(part, covered, search.symbol))) events.absent(search, ids)
    return undefined
  }

  /** A few at a time: they must not take the place of live trades. */
  async function passOn({ trades, unreadable }: HistoryPage, range: MissingRange): Promise<void> {
    for (const some of piecesOf(trades, TRADES_AT_ONCE)) {
      while (!options.hasRoom() && !stopped) await pause(ROOM_MS)
      if (stopped) return
      events.found(some)
    }
    events.unreadable(unreadable, range)
  }

  const pause = (milliseconds: number) => new Promise<void>(resolve => timeouts.after(milliseconds, resolve))

  return {
    fill(range) {
      searches.push({ range, looks: 0, due: timers.steady() })
      pump()
    },
    stop() {
      stopped = true
      // The last of them came by itself, or a moment ago.
      for (const { range } of searches) if (tracker.missing(range).length === 0) events.settled(range)
      requests.stop()
      timeouts.cancelAll()
    },
  }
}

/** Pages follow each other, so there is nothing between them. */
function unionOf(a: Ids | undefined, b: Ids | undefined): Ids | undefined {
  return a && b ? { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) } : (a ?? b)
}

function common(part: Ids, covered: Ids, symbol: string) {
  return { symbol, from: Math.max(part.from, covered.from), to: Math.min(part.to, covered.to) }
}
