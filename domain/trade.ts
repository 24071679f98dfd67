/** TradeV2: the message that all feeds publish and all stages read. */
import { PRICE_DIGITS, PRICE_SCALE, QUANTITY_DIGITS, QUANTITY_SCALE } from './decimal.ts'
import { uuidOf } from './uuid.ts'

export const ASSET_CLASSES = ['equities', 'crypto', 'futures', 'options'] as const
export const TRADE_SIDES = ['BUY', 'SELL', 'SELL_SHORT', 'UNKNOWN'] as const
export type AssetClass = (typeof ASSET_CLASSES)[number]
export type TradeSide = (typeof TRADE_SIDES)[number]

export interface Trade {
  /** UUIDv5 of exchange, symbol and trade id: the dedup key. */
  messageId: string
  /** `{EXCHANGE}-{id}`. */
  tradeId: string
  /** Base then quote: `BTCUSDT`. */
  symbol: string
  exchange: string
  assetClass: AssetClass
  /** The exchange's time, microseconds since 1970. */
  timestamp: bigint
  /** Units of 10^-10 of the quote currency. */
  price: bigint
  /** Units of 10^-8 of the base asset. */
  quantity: bigint
  /** Quote asset. */
  currency: string
  /** The aggressor's side. */
  side: TradeSide
  tradeConditions: readonly string[]
  /** The exchange's own sequence, where there is one. */
  sourceSequence: bigint | null
  /** When the feed received it, microseconds since 1970. */
  ingestionTimestamp: bigint
  platformSequence: bigint | null
  /** The exchange's own fields. */
  vendorData: Readonly<Record<string, string>> | null
}

/** Two rows are one trade when their ids are equal and their times differ by at most this, microseconds. */
export const SAME_TRADE_MICROS = 1_000_000n

interface WireDecimal {
  readonly precision: number
  readonly scale: number
}

/** How the decimals of a trade are written. */
export interface TradeLayout {
  readonly price: WireDecimal
  readonly quantity: WireDecimal
}

/** TradeV2's decimals. */
export const NARROW: TradeLayout = { price: { precision: 18, scale: 8 }, quantity: { precision: 18, scale: 8 } }
/** As wide as the tables'. */
export const WIDE: TradeLayout = {
  price: { precision: PRICE_DIGITS, scale: PRICE_SCALE },
  quantity: { precision: QUANTITY_DIGITS, scale: QUANTITY_SCALE },
}

function schemaOf<N extends string>(name: N, price: WireDecimal, quantity: WireDecimal) {
  return {
    type: 'record',
    name,
    namespace: 'com.k2.marketdata',
    fields: [
      { name: 'message_id', type: 'string' },
      { name: 'trade_id', type: 'string' },
      { name: 'symbol', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'asset_class', type: { type: 'enum', name: 'AssetClass', symbols: ASSET_CLASSES } },
      { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', ...price } },
      { name: 'quantity', type: { type: 'bytes', logicalType: 'decimal', ...quantity } },
      { name: 'currency', type: 'string' },
      { name: 'side', type: { type: 'enum', name: 'TradeSide', symbols: TRADE_SIDES } },
      { name: 'trade_conditions', type: { type: 'array', items: 'string' } },
      { name: 'source_sequence', type: ['null', 'long'], default: null },
      { name: 'ingestion_timestamp', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'platform_sequence', type: ['null', 'long'], default: null },
      { name: 'vendor_data', type: ['null', { type: 'map', values: 'string' }], default: null },
    ],
  } as const
}

/** The Avro schema of the wire, `com.k2.marketdata.TradeV2`, for every trade that it holds exactly. */
export const TRADE_SCHEMA = schemaOf('TradeV2', NARROW.price, NARROW.quantity)

/**
 * The schema of the others: nine digits after a price's point, or a quantity of 10^10 and more. Its name is another one, so that
 * a reader that insists on TradeV2 refuses its messages instead of misreading their decimals (Avro specification, "Schema
 * Resolution": records match by name).
 */
export const WIDE_TRADE_SCHEMA = schemaOf('TradeV2Wide', WIDE.price, WIDE.quantity)

// The namespaces of RFC 9562 are for DNS names and the like; trades have their own (a random UUID, fixed for ever).
const NAMESPACE = Buffer.from('6f1c4a2e8d3b5f70a94e1b7c2d8e3f56', 'hex')

/** The UUIDv5 that makes redundant feeds, reconnects and replays agree on a trade's identity (domain/uuid.ts). */
export function messageId(exchange: string, symbol: string, tradeId: string): string {
  return uuidOf(NAMESPACE, `${exchange}|${symbol}|${tradeId}`)
}

/** What stands before the number of an aggregate in its trade id: BINANCE-AGG-123. */
export const AGGREGATE = '-AGG-'

/** Whether a trade is an aggregate of several: both kinds of one market together double its volume. */
export function isAggregate({ tradeId }: Pick<Trade, 'tradeId'>): boolean {
  return tradeId.includes(AGGREGATE)
}
