/** What a simulated exchange is, to the one who runs it; how it is reached (memory, or a real port) stands beside. */
import type { HttpReply } from '../../domain/feed-ports.ts'
import type { Trade } from '../../domain/trade.ts'

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
  /** A client connected. `path` is what follows the exchange's own address, with its query: `/stream?streams=btcusdt@trade`. */
  accept(path: string, peer: Peer): Session
  /** A GET to its REST API, by the same rule: `/api/v3/historicalTrades?symbol=BTCUSDT&fromId=1`. */
  get(path: string): HttpReply
  /**
   * The trades up to now that a feed could get hold of, by stream or by REST, in the order of their ids; `lost` are
   * those that no client will ever get, which leave holes in the ids.
   */
  trades(): { readonly obtainable: Trade[]; readonly lost: Trade[] }
}

/** A fault, and when it begins: milliseconds since 1970. Some last a while. */
export type Fault = { readonly exchange: string; readonly at: number } & (
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
  /** No frame at all, or each one so much later, for a time. */
  | { readonly kind: 'silent'; readonly milliseconds: number }
  | { readonly kind: 'slow'; readonly delay: number; readonly milliseconds: number }
  /** New connections are refused. */
  | { readonly kind: 'refuse'; readonly milliseconds: number }
  /** Trades that were sent before come again; sent later than those after them; sent with a time long past. */
  | { readonly kind: 'repeat' | 'out-of-order' | 'late'; readonly trades: number }
  /** Numbers written as 1e-5, 1.50, 65000.0 or with many zeros. */
  | { readonly kind: 'odd-numbers'; readonly milliseconds: number }
  /** So many ids of one symbol are never sent; with `lost`, REST does not know them either. */
  | { readonly kind: 'skipped'; readonly trades: number; readonly lost: boolean }
  /** REST answers 429 with Retry-After. */
  | { readonly kind: 'too-many-requests'; readonly milliseconds: number }
  /** The exchange's clock, and so its trades' times, is off by this. */
  | { readonly kind: 'skew'; readonly offset: number; readonly milliseconds: number }
)
