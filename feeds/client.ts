/**
 * Keeps a live connection to an exchange: reconnects, fails over, and puts a new connection in the place of an old one
 * before that ends, so that a planned change loses nothing. What comes twice meanwhile, Gold has once.
 */
import type { Sockets, Timers } from '../domain/feed-ports.ts'
import { createAddresses } from './addresses.ts'
import { type Connection, type EndCause, openConnection } from './connection.ts'
import type { Pair } from './pairs.ts'
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
  /** A connection is replaced before this age: the exchange would cut it. */
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
  /** Every end of a connection, planned ones too. */
  ended(cause: EndCause, problem: string, url: string): void
}

export interface Client {
  start(): void
  /** Puts a new connection in the place of the one that is there; nothing happens while one is on its way. */
  rotate(cause: EndCause): void
  /** Ends all; `start` begins again, and reports the outage. */
  stop(cause: EndCause, problem: string): void
  /** The connection that trades come from. */
  readonly current: Connection | undefined
  /** When the last frame came, milliseconds since 1970. */
  readonly lastFrame: number | undefined
  readonly openCircuits: readonly string[]
  /** Why the last connection ended, for people. */
  readonly lastEnd: string | undefined
}

/** A connection that has held for so long counts as a good one. */
const HELD_MS = 30_000
/** The old connection goes on for so long beside the new one: each has trades that the other has not yet. */
const OVERLAP_MS = 2_000
/** Shares of the greatest age: spread, so that connections which began together do not all end together. */
const ROTATE_FROM = 0.85
const ROTATE_SPREAD = 0.1

export function createClient(options: ClientOptions, events: ClientEvents): Client {
  const { timers, random, urls } = options
  const addresses = createAddresses(urls, random)
  const timeouts = createTimeouts(timers)
  /** Replaced, and read for a moment more. */
  const retiring = new Set<Connection>()
  let current: Connection | undefined
  /** On its way to take the place of `current`, or to be the first. */
  let coming: Connection | undefined
  let cancelWait: (() => void) | undefined
  let cancelRotation: (() => void) | undefined
  let stopped = true
  let lastFrame: number | undefined
  let lastEnd: string | undefined
  let outage: Omit<Outage, 'to'> | undefined
  let why: EndCause = 'rotation'

  function connect(): void {
    if (stopped || coming || cancelWait) return
    const { url, waitMs } = addresses.next(timers.now())
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
          lastFrame = timers.now()
          return events.frame(text)
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
    if (old) {
      // Until then both are read.
      const cause = why
      retiring.add(old)
      timeouts.after(OVERLAP_MS, () => old.end(cause, 'a new connection has taken its place'))
    }
    events.live(outage && { ...outage, to: timers.now() })
    outage = undefined
  }

  function ended(connection: Connection, cause: EndCause, problem: string): void {
    events.ended(cause, problem, connection.url)
    lastEnd = `${connection.url}: ${cause}, ${problem}`
    const wasLive = connection.liveSince !== undefined
    const held = wasLive && timers.now() - (connection.liveSince ?? 0) >= HELD_MS
    if (!held && cause !== 'stopped') addresses.failed(connection.url, timers.now())
    retiring.delete(connection)
    if (connection === coming) coming = undefined
    if (connection === current) {
      current = undefined
      outage ??= { from: connection.lastFrame, cause, problem }
    }
    // A replaced connection is not missed; one that failed to come is tried again.
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
    get openCircuits() {
      return addresses.open(timers.now())
    },
  }
}
