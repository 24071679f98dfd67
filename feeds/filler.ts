/**
 * Asks an exchange's REST history for trades that the stream did not bring: one request at a time at the exchange's pace,
 * so many tries for a range, and at most so many trades of it.
 */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { messageOf } from '../domain/errors.ts'
import type { Http, Timers } from '../domain/feed-ports.ts'
import type { Log } from '../domain/ports.ts'
import type { FeedTrade } from './decoder.ts'
import type { Pair } from './pairs.ts'
import { type History, PAGE_TRADES, type StreamKind } from './protocol.ts'
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
  /** Pages asked for in one try at one range. */
  readonly pagesPerGap: number
  readonly http: Http
  readonly timers: Timers
  readonly log: Log
}

export interface FillerEvents {
  /** Trades of the history, some of which may not be missing. */
  trades(trades: readonly FeedTrade[]): void
  /** Nothing more will be tried for this range; what is missing of it still, stays missing. */
  settled(range: MissingRange): void
  /** Each request, by the status of its reply; 0 where none came. */
  requested(status: number): void
}

export interface Filler {
  fill(range: MissingRange): void
  stop(): void
}

/** Tries of one range: the first at once, the others 5, 10, 20, 40 and 80 s after the one before. */
const TRIES = 6
const BACKOFF: Backoff = { firstMs: 5_000, lastMs: 80_000 }
const TOO_MANY_REQUESTS = 429
const DEFAULT_RETRY_AFTER_MS = 5_000

export function createFiller(options: FillerOptions, tracker: Tracker, events: FillerEvents): Filler {
  const { exchange, history, timers, http, log, stream } = options
  const timeouts = createTimeouts(timers)
  const queue: { readonly range: MissingRange; readonly tries: number }[] = []
  let busy = false
  let earliest = 0
  let address = 0
  let stopped = false

  function pump(): void {
    if (busy || stopped) return
    const next = queue.shift()
    if (!next) return
    busy = true
    attempt(next.range, next.tries)
      // Nothing in an attempt throws but what this code did wrong.
      .catch(problem =>
        log.error('filling a gap failed', { exchange, ...rangeFields(next.range), problem: messageOf(problem) }),
      )
      .finally(() => {
        busy = false
        pump()
      })
  }

  async function attempt(range: MissingRange, tries: number): Promise<void> {
    const pair = options.pairs.find(({ symbol }) => symbol === range.symbol)
    let problem = pair ? undefined : 'the symbol is not subscribed to'
    for (const part of pair ? tracker.missing(range) : []) {
      problem ??= await pages(pair as Pair, { ...part, after: range.fromTime })
      if (stopped) return
    }
    const complete = tracker.missing(range).length === 0
    if (complete || tries + 1 >= TRIES || !pair) return events.settled(range)
    // What is not there yet may come: an exchange's history lags behind its stream.
    const pause = pauseMs(BACKOFF, tries)
    log.warn('a gap is not filled yet', {
      exchange,
      ...rangeFields(range),
      problem: problem ?? 'the history lacks trades',
      pause,
    })
    timeouts.after(pause, () => {
      queue.push({ range, tries: tries + 1 })
      pump()
    })
  }

  /** Reads page after page; what went wrong, if something did. */
  async function pages(pair: Pair, range: { from: number; to: number; after: bigint }): Promise<string | undefined> {
    let path: string | undefined = history.path(pair, range, stream)
    for (let page = 0; path !== undefined && page < options.pagesPerGap; page++) {
      const body = await request(path)
      if (stopped) return undefined
      if (typeof body !== 'string') return body.problem
      try {
        const { trades, next } = history.page(body, pair, range, stream, BigInt(timers.now()) * 1000n)
        events.trades(trades)
        path = next
      } catch (error) {
        return messageOf(error)
      }
    }
    return path === undefined ? undefined : `more than ${options.pagesPerGap * PAGE_TRADES} trades`
  }

  async function request(path: string): Promise<string | { problem: string }> {
    await until(earliest)
    earliest = timers.now() + 1000 / options.requestsPerSecond
    const url = `${options.urls[address % options.urls.length]}${path}`
    try {
      const reply = await http.get(url)
      events.requested(reply.status)
      if (reply.status === 200) return reply.body
      if (reply.status === TOO_MANY_REQUESTS)
        earliest = timers.now() + (Number(reply.headers['retry-after']) * 1000 || DEFAULT_RETRY_AFTER_MS)
      else address++
      return { problem: `${url} answered ${reply.status}: ${reply.body.slice(0, 100)}` }
    } catch (error) {
      events.requested(0)
      address++
      return { problem: messageOf(error) }
    }
  }

  async function until(time: number): Promise<void> {
    const pause = time - timers.now()
    if (pause > 0) await new Promise<void>(resolve => timeouts.after(pause, resolve))
  }

  return {
    fill(range) {
      queue.push({ range, tries: 0 })
      pump()
    },
    stop() {
      stopped = true
      timeouts.cancelAll()
    },
  }
}
