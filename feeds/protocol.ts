/** How to talk to an exchange: its streams and its REST history. Pure; each exchange has a file that implements it. */
import type { HttpReply } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import type { FeedTrade, Unreadable } from './decoder.ts'

/**
 * Binance has two streams of the same trades, each with ids of its own: a feed reads one of them. The other exchanges
 * have one stream.
 */
export type StreamKind = 'trade' | 'aggTrade'

/** What a frame without a trade says. */
export type Control =
  /** One of the answers that a subscription waits for. */
  | { readonly kind: 'subscribed' }
  /** The exchange is alive; `symbol`'s last trade was `lastId`, where it says so. */
  | { readonly kind: 'heartbeat'; readonly symbol?: string; readonly lastId?: number }
  /** This connection has to be replaced by a new one soon. */
  | { readonly kind: 'shutdown' }
  /**
   * The exchange will not serve this market. `again`: it has refused the whole request because of it, so that the others
   * have to be asked for again; otherwise this answers for the market, as `subscribed` does for another.
   */
  | { readonly kind: 'refused'; readonly symbol: string; readonly problem: string; readonly again: boolean }
  /** The exchange will not serve what was asked for. */
  | { readonly kind: 'error'; readonly problem: string }
  | { readonly kind: 'other' }
  /** A message of a type that this code does not know: counted. */
  | { readonly kind: 'unknown' }

export interface StreamApi {
  /** What to connect to, under one of the exchange's addresses (`wss://host`, no slash at its end). */
  address(base: string, pairs: readonly Pair[], stream: StreamKind): string
  /** What to send once it is open. */
  subscriptions(pairs: readonly Pair[]): string[]
  /** How many `subscribed` answers complete the subscription. */
  confirmations(pairs: readonly Pair[]): number
  /** What the client sends, and how often, to keep the connection alive, where the exchange asks for it. */
  readonly ping?: { readonly everyMs: number; readonly text: string }
  /** `frame` as parseFrame gives it. */
  control(frame: unknown): Control
}

/** Trades by their ids, both ends included. */
export interface IdRange {
  readonly from: number
  readonly to: number
  /** Exchange's time of a trade before the range, microseconds since 1970: where to look from. */
  readonly after: bigint
}

export interface HistoryPage {
  readonly trades: readonly FeedTrade[]
  readonly unreadable: readonly Unreadable[]
  /**
   * Ids of which the page shows every trade that the exchange has, both ends included; undefined where it tells of none.
   */
  readonly covers: { readonly from: number; readonly to: number } | undefined
  /** Where the page after it begins; undefined where the range ends, or the exchange has no more. */
  readonly next: string | undefined
  /** The page comes from a source that only has the latest trades: what it lacks may be elsewhere. */
  readonly isPartial?: boolean
}

/** A market of an exchange's own list. */
export interface Market extends Pair {
  /** Whether it has trades now; a halted or delisted market has none. */
  readonly isTraded: boolean
}

/** The exchange's own list of its markets. */
export interface MarketList {
  /** The most markets that a request names; undefined where a request names none and gets all. */
  readonly named?: number
  /** Path of a request for these symbols, or for all markets. */
  path(symbols: readonly string[]): string
  /**
   * `unknown` where the exchange refuses the request because it lacks one of the markets named; undefined where the
   * reply does not say (the exchange is down, or wants fewer requests).
   * @throws MalformedFrame where the body is not what the exchange's documentation says
   */
  read(reply: HttpReply): readonly Market[] | 'unknown' | undefined
}

export interface RestApi {
  /** Path of the cheapest request that there is: the clock is compared by its reply's `Date`. */
  readonly timePath: string
  readonly markets: MarketList
  /**
   * Past trades by their ids, for an exchange that numbers a symbol's trades one by one. Without it ids mean nothing
   * to a feed, and it cannot know what it missed.
   */
  readonly history?: History
}

/** What was asked for with a page. `cursor` as History.begin or the page before gives it. */
export interface HistoryQuestion {
  readonly pair: Pair
  readonly range: IdRange
  readonly cursor: string
  readonly stream: StreamKind
  /** Address of the REST API: not every one has the same history. */
  readonly address: string
}

export interface History {
  /** Whether trades are found by their time only: then a range's `after` has to be known. */
  readonly needsTime?: boolean
  /** The cursor of the first page that may hold trades of a range. */
  begin(range: IdRange): string
  path(question: HistoryQuestion): string
  /**
   * The trades of a page (some may lie outside the range), each read by itself. `receivedAt`: microseconds since 1970.
   * @throws MalformedFrame where the body is not what the exchange's documentation says
   */
  page(body: string, question: HistoryQuestion, receivedAt: bigint): HistoryPage
}

/** Trades of one page, the most that all three exchanges give. */
export const PAGE_TRADES = 1000
