/** What a decoder is: the pure part of a feed, from one WebSocket frame to the trades in it. */
import { fitsDigits, PRICE_DIGITS, QUANTITY_DIGITS } from '../domain/decimal.ts'
import { TradelakeError } from '../domain/errors.ts'
import { messageId, type Trade, type TradeSide } from '../domain/trade.ts'

export interface Decoder {
  /** Texts that are no JSON and no fault, like a bare `pong`: they show that the exchange is there. */
  readonly ignores?: ReadonlySet<string>
  /**
   * The trades of one frame of JSON text, in their order; nothing for a frame of another kind.
   * `receivedAt` is when the feed got it, microseconds since 1970. Each trade is read by itself: `unreadable` is told of
   * one that lacks what a trade needs, and the others follow.
   * @throws MalformedFrame where the text is not JSON or has no list of trades where there should be one; and for a trade
   * that cannot be read, where there is no `unreadable`
   */
  map(frame: string, receivedAt: bigint, unreadable?: OnUnreadable): Generator<FeedTrade>
  /** The same for a frame that parseFrame has read. */
  mapMessage(message: unknown, receivedAt: bigint, unreadable?: OnUnreadable): Generator<FeedTrade>
}

/** A trade that an exchange sent and that cannot be read. */
export interface Unreadable {
  /** What is wrong with it, for people. */
  readonly problem: string
  /** The exchange's own JSON, or what came in its place. */
  readonly raw: string
  /** Its market and its number, where at least those can be read. */
  readonly symbol: string | undefined
  readonly number: number | undefined
}

export type OnUnreadable = (trade: Unreadable) => void

/** A trade as a feed has it: not everything that it knows about a trade is written to Kafka. */
export interface FeedTrade extends Trade {
  /** The exchange's own number of the trade, where it numbers the trades of a symbol; Kraken's v1 does not. */
  readonly number: number | undefined
}

/** A trade's number as a feed counts with it; undefined above 2^53. */
export function safeNumber(number: bigint): number | undefined {
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : undefined
}

/** A frame that should hold a trade and does not. The caller counts it and goes on. */
export class MalformedFrame extends TradelakeError {}

/** The fields of a trade that come from the exchange; the rest follows from them. */
export interface DecodedTrade {
  readonly exchange: string
  /** Without the exchange before it. */
  readonly id: string
  /** See FeedTrade: numbers above 2^53 are left out. */
  readonly number?: bigint
  readonly symbol: string
  readonly currency: string
  readonly timestamp: bigint
  /** Units of 10^-10. */
  readonly price: bigint
  /** Units of 10^-8. */
  readonly quantity: bigint
  readonly side: TradeSide
  readonly sequence?: bigint
  readonly vendorData: Readonly<Record<string, string>>
}

/** The trade that was decoded. @throws MalformedFrame where its price or quantity is beyond the tables' */
export function tradeOf(decoded: DecodedTrade, receivedAt: bigint): FeedTrade {
  const { exchange, symbol, price, quantity } = decoded
  if (!fitsDigits(price, PRICE_DIGITS) || !fitsDigits(quantity, QUANTITY_DIGITS))
    throw new MalformedFrame(
      `${exchange} trade ${decoded.id} of ${symbol} has a price of 10^10 or more, or a quantity of 10^14 or more.`,
    )
  const tradeId = `${exchange}-${decoded.id}`
  return {
    messageId: messageId(exchange, symbol, tradeId),
    tradeId,
    symbol,
    exchange,
    assetClass: 'crypto',
    timestamp: decoded.timestamp,
    price,
    quantity,
    currency: decoded.currency,
    side: decoded.side,
    tradeConditions: [],
    sourceSequence: decoded.sequence ?? null,
    ingestionTimestamp: receivedAt,
    platformSequence: null,
    vendorData: decoded.vendorData,
    number: decoded.number === undefined ? undefined : safeNumber(decoded.number),
  }
}
