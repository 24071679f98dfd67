/** What a simulated exchange offers those who run it; memory.ts and server.ts say how clients reach it. */
import type { HttpReply } from '../../domain/feed-ports.ts'
import type { Trade } from '../../domain/trade.ts'
import type { Instrument } from './instruments.ts'
import type { MarketTrade } from './market.ts'

/** The other end of a connection, as the exchange sees it. */
export interface Peer {
  send(text: string): void
  /** A WebSocket ping; the client's pong is not waited for. */
  ping(): void
  /** The closing handshake (RFC 6455 section 7). */
  close(code: number, reason: string): void
  /** Ends the TCP connection without a word. */
  drop(): void
}

/** A connection that an exchange accepted. */
export interface Session {
  receive(text: string): void
  /** The client has gone. */
  gone(): void
}

export interface SimulatedExchange {
  /** As in domain/exchanges.ts. */
  readonly name: string
  /**
   * Why a connection cannot be made, or undefined where it can: asked before `accept`. `host` is the name that the client
   * called, where faults tell hosts apart.
   */
  refuses(path: string, host: string): { readonly status: number; readonly reason: string } | undefined
  /** A client connected. `path` is what follows the exchange's own address, with its query: `/stream?streams=btcusdt@trade`. */
  accept(path: string, peer: Peer): Session
  /** A GET to its REST API, by the same rule: `/api/v3/historicalTrades?symbol=BTCUSDT&fromId=1`. */
  get(path: string): HttpReply
  /**
   * The trades up to now that a feed could get hold of, by stream or by REST, in the order of their ids; `lost` are
   * those that no client will ever get, or can read, which leave holes in the ids; `invalid` come like the obtainable ones and break
   * a rule of domain/validation.ts. Times of receipt and vendor data are the feed's own: not to be compared.
   */
  trades(): { readonly obtainable: Trade[]; readonly lost: Trade[]; readonly invalid: Trade[] }
  /** Its own record of what was traded up to now, in the order of sending. */
  log(): LoggedTrade[]
}

export interface LoggedTrade {
  /** As the exchange shows it, where it does. */
  readonly trade: MarketTrade
  /** Whether the streams had it, only REST, or nobody. */
  readonly fate: 'sent' | 'skipped' | 'lost'
  /** Whether its price can be read, and whether it keeps the rules of domain/validation.ts. */
  readonly isReadable: boolean
  readonly isValid: boolean
}

export type Digits = number | 'plain'

/** What a protocol may ask the exchange for. Times are microseconds since 1970; an instrument is named by its number. */
export interface Book {
  readonly instruments: readonly Instrument[]
  /** The exchange's clock, which a skew fault puts wrong. */
  now(): number
  /** The trade history as REST shows it: past trades that are not lost, in the order of their ids. */
  fromId(number: number, id: number, limit: number): MarketTrade[]
  beforeId(number: number, id: number, limit: number): MarketTrade[]
  /** Those that happened after a time, by a clock that is never wrong. */
  after(number: number, micros: number, limit: number): MarketTrade[]
  last(number: number, limit: number): MarketTrade[]
  /** Whether it can be subscribed to. */
  isListed(number: number): boolean
  /** Whether a stream ever sent or will send it. */
  isStreamed(trade: MarketTrade): boolean
  /** A price or quantity as text, with this many digits after the point, or `plain`: as few as it needs. */
  amount(units: bigint, digits: Digits): string
}

/** A connection as the protocol sees it. */
export interface Line {
  send(text: string): void
  ping(): void
  close(code: number, reason: string): void
  /**
   * Calls `run` once, this many milliseconds from now, unless the connection has gone; calling what this returns
   * cancels it.
   */
  after(milliseconds: number, run: () => void): () => void
}

/** One connection's side of a protocol. */
export interface Talk {
  receive(text: string): void
  /** The frames in which this client gets trades, in their order. */
  frames(trades: readonly MarketTrade[]): string[]
  /** Frames that no client asked for: like this trade's but without a price, of an error, of a type that no one knows. */
  malformedFrame(trade: MarketTrade): string
  errorFrame(): string
  unknownFrame(): string
  /** What the exchange says before it goes down; undefined where it says nothing. */
  shutdownNotice(): string | undefined
}

export interface Protocol {
  /** Whether there is a WebSocket at this path. */
  serves(path: string): boolean
  connect(path: string, line: Line): Talk
  get(url: URL): HttpReply
  /** Body of a reply with status 429. */
  readonly tooManyRequests: string
  /** The exchange's sequence number of a trade, where its stream has one. */
  sequenceOf?(trade: MarketTrade): bigint
}

/** A fault, and when it begins: milliseconds since 1970. Some last a while. */
export type Fault = { readonly exchange: string; readonly at: number } & FaultKind

export type FaultKind =
  | {
      readonly kind:
        | 'drop'
        | 'server-shutdown'
        | 'truncated-frame'
        | 'malformed-frame'
        | 'error-frame'
        | 'unknown-frame'
    }
  | { readonly kind: 'close'; readonly code: number }
  /** No frame at all, or each one later by a delay, for a time. */
  | { readonly kind: 'silent'; readonly milliseconds: number }
  | { readonly kind: 'slow'; readonly delay: number; readonly milliseconds: number }
  /** New connections are refused, of one host where it is named. */
  | { readonly kind: 'refuse'; readonly milliseconds: number; readonly host?: string }
  /** Trades that were sent before come again; or are sent later than those after them. */
  | { readonly kind: 'repeat' | 'out-of-order'; readonly trades: number }
  /** The next trades of one symbol (a seeded one unless named) are sent with a time long past. */
  | { readonly kind: 'late'; readonly trades: number; readonly symbol?: string }
  /** Numbers written as 1e-5, 1.50, 65000.0 or with many zeros. Not by Kraken's v1, whose texts make the trade's id. */
  | { readonly kind: 'odd-numbers'; readonly milliseconds: number }
  /** The next ids of one symbol (a seeded one unless named) are never sent; with `lost`, REST does not know them either. */
  | { readonly kind: 'skipped'; readonly trades: number; readonly lost: boolean; readonly symbol?: string }
  /** The next trades of one symbol (a seeded one unless named) are shown with a price that no number can hold, by stream and REST. */
  | { readonly kind: 'unreadable'; readonly trades: number; readonly symbol?: string }
  /** REST's history does not have the trades of the last `by` milliseconds. */
  | { readonly kind: 'lagging-history'; readonly by: number; readonly milliseconds: number }
  /** A market cannot be subscribed to, and is listed as one that is not traded. Who has it already goes on getting it. */
  | { readonly kind: 'delisted'; readonly symbol: string; readonly milliseconds: number }
  /** REST answers 429 with Retry-After. */
  | { readonly kind: 'too-many-requests'; readonly milliseconds: number }
  /**
   * The exchange's clock, and so its trades' times, is off by this many milliseconds (a trade over 60 s ahead is not
   * valid).
   */
  | { readonly kind: 'skew'; readonly offset: number; readonly milliseconds: number }
