/**
 * Keeps a live connection to an exchange: reconnects, fails over, and puts a new connection in the place of an old one
 * before that ends, so that a planned change loses nothing. Gold drops what comes twice meanwhile.
 */
import type { Sockets, Timers } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import { HOUR_MS } from '../domain/time.ts'
import { createAddresses } from './addresses.ts'
import { type Connection, type EndCause, openConnection } from './connection.ts'
import type { Control, StreamApi, StreamKind } from './protocol.ts'
import type { Random } from './random.ts'
import { createTimeouts } from './timeouts.ts'

export interface ClientOptions {
  /** The exchange's addresses, best first. */
  readonly urls: readonly string[]
  readonly api: StreamApi
  readonly pairs: readonly Pair[]
  readonly stream: StreamKind
  readonly staleMs: number
  readonly messagesPerSecond: number
  /** A connection is replaced before this age, at which the exchange would end it. */
  readonly maxAgeMs: number
  readonly timers: Timers
  readonly sockets: Sockets
  readonly random: Random
}

/** A time without a live connection, milliseconds since 1970. */
export interface Outage {
  readonly from: number
  readonly to: number
  readonly cause: EndCause
  readonly problem: string
}

export interface ClientEvents {
  frame(text: string): Control | undefined
  /** Trades come again after this; undefined where nothing was missed (the first connection, a planned change). */
  live(outage: Outage | undefined): void
  /** The exchange does not serve this market; told once, until it does. */
  refused(symbol: string, problem: string): void
  /** Every end of a connection, planned ones too. */
  ended(cause: EndCause, problem: string, url: string): void
}

export interface Client {
  start(): void
  /** Replaces the current connection with a new one; does nothing while one is being made. */
  rotate(cause: EndCause): void
  /** Ends all connections; `start` begins again, and reports the outage. */
  stop(cause: EndCause, problem: string): void
  /** The connection that trades come from. */
  readonly current: Connection | undefined
  /** When the last frame came, by the steady clock. */
  readonly lastFrame: number | undefined
  readonly openCircuits: readonly string[]
  /** Markets that the exchange does not serve now, and why. */
  readonly refused: ReadonlyMap<string, string>
  /** Why the last connection ended, for people. */
  readonly lastEnd: string | undefined
  /** How many connections have ended, by cause. */
  readonly ends: ReadonlyMap<EndCause, number>
  /** How many markets it is for. */
  readonly markets: number
}

/** A connection that has held this long counts as a good one. */
const HELD_MS = 30_000
/** A market that was refused is asked for again after this time, with a new connection in place of the old one. */
const REFUSED_MS = HOUR_MS
/** The old connection goes on this long beside the new one: each has trades that the other does not have yet. */
const OVERLAP_MS = 2_000
/**
 * Shares of the greatest age at which a connection is replaced: random, so that those that began together do not end
 * together.
 */
const ROTATE_FROM = 0.85
const ROTATE_SPREAD = 0.1

export function createClient(options: ClientOptions, events: ClientEvents): Client {
  const { timers, random, urls } = options
  const addresses = createAddresses(urls, random)
  const timeouts = createTimeouts(timers)
  /** Replaced connections that are still read for a moment. */
  const retiring = new Set<Connection>()
  let current: Connection | undefined
  /** A connection being made, to replace `current` or to be the first. */
  let coming: Connection | undefined
  let cancelWait: (() => void) | undefined
  let cancelRotation: (() => void) | undefined
  let stopped = true
  let lastFrame: number | undefined
  let lastEnd: string | undefined
  let outage: Omit<Outage, 'to'> | undefined
  let why: EndCause = 'rotation'
  const refused = new Map<string, string>()
  const ends = new Map<EndCause, number>()
  let cancelRetry: (() => void) | undefined

  function connect(): void {
    if (stopped || coming || cancelWait) return
    const { url, waitMs } = addresses.next(timers.steady())
    cancelWait = timeouts.after(waitMs, () => {
      cancelWait = undefined
      coming = open(url)
    })
  }

  function open(url: string): Connection {
    const connection: Connection = openConnection(
      { ...options, url },
      {
        live: () => live(connection),
        frame(text) {
          lastFrame = timers.steady()
          return events.frame(text)
        },
        refused(symbol, problem) {
          if (!refused.has(symbol)) events.refused(symbol, problem)
          refused.set(symbol, problem)
        },
        replace: () => connection === current && rotate('shutdown_notice'),
        ended: (cause, problem) => ended(connection, cause, problem),
      },
    )
    return connection
  }

  function live(connection: Connection): void {
    coming = undefined
    const old = current
    current = connection
    timeouts.after(HELD_MS, () => current === connection && addresses.held(connection.url))
    cancelRotation?.()
    const age = options.maxAgeMs * (ROTATE_FROM + ROTATE_SPREAD * random())
    cancelRotation = timeouts.after(age, () => rotate('rotation'))
    for (const { symbol } of connection.pairs) refused.delete(symbol)
    cancelRetry?.()
    cancelRetry = refused.size > 0 ? timeouts.after(REFUSED_MS, () => rotate('market_retry')) : undefined
    if (old) {
      // Both are read until the old one ends.
      const cause = why
      retiring.add(old)
      timeouts.after(OVERLAP_MS, () => old.end(cause, 'a new connection has taken its place'))
    }
    events.live(outage && { ...outage, to: timers.now() })
    outage = undefined
  }

  function ended(connection: Connection, cause: EndCause, problem: string): void {
    events.ended(cause, problem, connection.url)
    ends.set(cause, (ends.get(cause) ?? 0) + 1)
    lastEnd = `${connection.url}: ${cause}, ${problem}`
    const wasLive = connection.liveSince !== undefined
    const held = wasLive && timers.steady() - (connection.liveSince ?? 0) >= HELD_MS
    if (!held && cause !== 'stopped') addresses.failed(connection.url, timers.steady())
    retiring.delete(connection)
    if (connection === coming) coming = undefined
    if (connection === current) {
      current = undefined
      outage ??= { from: connection.lastFrame, cause, problem }
    }
    // The end of a replaced connection needs nothing; a connection that failed to open is tried again.
    if (current === undefined || !wasLive) connect()
  }

  function rotate(cause: EndCause): void {
    if (!current) return
    why = cause
    connect()
  }

  return {
    start() {
      if (!stopped) return
      stopped = false
      connect()
    },
    rotate,
    stop(cause, problem) {
      stopped = true
      timeouts.cancelAll()
      cancelWait = undefined
      for (const connection of [coming, current, ...retiring]) connection?.end(cause, problem)
    },
    get current() {
      return current
    },
    get lastFrame() {
      return lastFrame
    },
    get lastEnd() {
      return lastEnd
    },
    refused,
    ends,
    markets: options.pairs.length,
    get openCircuits() {
      return addresses.open(timers.steady())
    },
  }
}
