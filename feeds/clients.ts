/** The connections of one feed: each client has as many pairs as the exchange takes on one connection, and all act together. */
import type { Sockets, Timers } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import { piecesOf } from '../domain/pieces.ts'
import { type Client, createClient, type Outage } from './client.ts'
import type { EndCause } from './connection.ts'
import type { Venue } from './exchanges/venues.ts'
import type { Control, StreamKind } from './protocol.ts'
import type { Random } from './random.ts'

export interface ClientsOptions {
  readonly venue: Venue
  readonly pairs: readonly Pair[]
  readonly stream: StreamKind
  readonly timers: Timers
  readonly sockets: Sockets
  readonly random: Random
}

export interface ClientsEvents {
  frame(text: string): Control | undefined
  /**
   * A client's trades come, or come again. `isFirst`: it had no connection before. `outage`: what it missed; undefined where
   * it missed nothing.
   */
  live(pairs: readonly Pair[], isFirst: boolean, outage: Outage | undefined): void
  /** The exchange does not serve this market; told once, until it does. */
  refused(symbol: string, problem: string): void
  /** Every end of a connection, planned ones too. */
  ended(cause: EndCause, problem: string, url: string): void
}

export interface Clients {
  readonly all: readonly Client[]
  /** Whether every client has a live connection. */
  readonly isWhole: boolean
  /** Whether at least one has. */
  readonly isLive: boolean
  /** When the oldest live connection began, by the steady clock; now while there is none. */
  readonly liveSince: number
  /** When the last frame of any connection came, by the steady clock; 0 before. */
  readonly lastFrame: number
  start(): void
  rotate(cause: EndCause): void
  stop(cause: EndCause, problem: string): void
}

export function createClients(options: ClientsOptions, events: ClientsEvents): Clients {
  const { venue, stream, timers, sockets, random } = options
  const all = piecesOf(options.pairs, venue.pairsPerConnection).map(pairs => {
    let isFirst = true
    return createClient(
      {
        urls: venue.urls,
        api: venue.stream,
        pairs,
        stream,
        staleMs: venue.staleMs,
        messagesPerSecond: venue.messagesPerSecond,
        maxAgeMs: venue.maxAgeMs,
        timers,
        sockets,
        random,
      },
      {
        frame: events.frame,
        live(outage) {
          events.live(pairs, isFirst, outage)
          isFirst = false
        },
        refused: events.refused,
        ended: events.ended,
      },
    )
  })
  return {
    all,
    get isWhole() {
      return all.every(client => client.current)
    },
    get isLive() {
      return all.some(client => client.current)
    },
    get liveSince() {
      return Math.min(...all.map(client => client.current?.liveSince ?? timers.steady()))
    },
    get lastFrame() {
      return Math.max(...all.map(client => client.lastFrame ?? 0))
    },
    start() {
      for (const client of all) client.start()
    },
    rotate(cause) {
      for (const client of all) client.rotate(cause)
    },
    stop(cause, problem) {
      for (const client of all) client.stop(cause, problem)
    },
  }
}
