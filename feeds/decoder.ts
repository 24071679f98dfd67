/** What a decoder is: the pure part of a feed, from one WebSocket frame to the trades in it. */
import { fitsDecimal18 } from '../domain/decimal.ts'
import { TradelakeError } from '../domain/errors.ts'
import { messageId, type Trade, type TradeSide } from '../domain/trade.ts'

export interface Decoder {
  /**
   * The trades of one frame of JSON text, in their order; none where the frame is something else.
   * `receivedAt` is when the feed got it, microseconds since 1970.
   * @throws MalformedFrame where the text is no JSON, or a trade in it lacks what a trade needs
   */
  map(frame: string, receivedAt: bigint): Generator<FeedTrade>
  /** The same of a frame that parseFrame has read. */
  mapMessage(message: unknown, receivedAt: bigint): Generator<FeedTrade>
}

/** A trade as a feed has it: not all that it knows of a trade is written to Kafka. */
export interface FeedTrade extends Trade {
  /** The exchange's own number of the trade, where it numbers the trades of a symbol; Kraken's v1 does not. */
  readonly number: number | undefined
}

const MAX_NUMBER = BigInt(Number.MAX_SAFE_INTEGER)

/** A frame that should hold a trade and does not. The caller counts it and goes on. */
export class MalformedFrame extends TradelakeError {}

/** What is of the exchange's own making in a trade; the rest follows from it. */
export interface DecodedTrade {
  readonly exchange: string
  /** Without the exchange before it. */
  readonly id: string
  /** See FeedTrade: numbers above 2^53 are left out. */
  readonly number?: bigint
  readonly symbol: string
  readonly currency: string
  readonly timestamp: bigint
  readonly price: bigint
  readonly quantity: bigint
  readonly side: TradeSide
  readonly sequence?: bigint
  readonly vendorData: Readonly<Record<string, string>>
}

/** TradeV2 of a decoded trade. @throws MalformedFrame where price or quantity have more digits than decimal(18,8) */
export function tradeOf(decoded: DecodedTrade, receivedAt: bigint): FeedTrade {
  const { exchange, symbol, price, quantity } = decoded
  if (!fitsDecimal18(price) || !fitsDecimal18(quantity))
    throw new MalformedFrame(`${exchange} trade ${decoded.id} of ${symbol} has a price or quantity of 10^10 or more.`)
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
    number: decoded.number !== undefined && decoded.number <= MAX_NUMBER ? Number(decoded.number) : undefined,
  }
}
