/**
 * The wire: Confluent framing (byte 0, schema id as 4 bytes big-endian) around the Avro binary of TradeV2.
 * The encoder is written by hand because it is on the feeds' hot path; the schemas are those of domain/trade.ts: TRADE_SCHEMA
 * for every trade that fits it, WIDE_TRADE_SCHEMA for the others.
 */
import {
  beginValue,
  createWriter,
  endValue,
  reserve,
  writeDecimal,
  writeEnum,
  writeLong,
  writeOptionalLong,
  writeOptionalMap,
  writeString,
  writeStrings,
} from './avro-writer.ts'
import { fitsDigits, PRICE_SCALE } from './decimal.ts'
import { ASSET_CLASSES, NARROW, TRADE_SIDES, type Trade, type TradeLayout, WIDE } from './trade.ts'

export const MAGIC_BYTE = 0
export const FRAME_BYTES = 5
/** Ids of the two schemas that trades are written with. */
export interface SchemaIds {
  /** TRADE_SCHEMA's. */
  readonly trade: number
  /** WIDE_TRADE_SCHEMA's. */
  readonly wide: number
}

/** The ids in the bundled registry. */
export const BUNDLED_IDS: SchemaIds = { trade: 1, wide: 2 }

/** Units of a price in the tables for one of TradeV2's. */
const PRICE_STEP = 10n ** BigInt(PRICE_SCALE - NARROW.price.scale)
/** Prices below this are exact as numbers: dividing those takes a fraction of the time. */
const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** Shared by all callers: a value is finished before the next one begins. */
const writer = createWriter()

/**
 * Encodes a trade as a Kafka value. The value is a view into a block of 64 KiB that it shares with other values: its bytes never
 * change, but a value that is kept keeps its whole block, and who needs `value.buffer` for itself copies the value
 * first.
 * @throws RangeError where an enum value is unknown, or a number is wider than its type
 */
export function encodeTrade(trade: Trade, ids: SchemaIds = BUNDLED_IDS): Uint8Array {
  const narrowPrice = fitsDigits(trade.quantity, NARROW.quantity.precision) ? inTradeV2(trade.price) : undefined
  beginValue(writer)
  reserve(writer, FRAME_BYTES)
  writer.buffer[writer.at++] = MAGIC_BYTE
  writer.at = writer.buffer.writeUInt32BE(narrowPrice === undefined ? ids.wide : ids.trade, writer.at)
  if (narrowPrice === undefined) writeBody(trade, trade.price, WIDE)
  else writeBody(trade, narrowPrice, NARROW)
  return endValue(writer)
}

/** A trade's body as WIDE_TRADE_SCHEMA has it, which holds any. @throws RangeError as above */
export function encodeWideBody(trade: Trade): Uint8Array {
  beginValue(writer)
  writeBody(trade, trade.price, WIDE)
  return endValue(writer)
}

/** The price in TradeV2's units; undefined where it has digits that TradeV2 has no place for. */
function inTradeV2(price: bigint): bigint | undefined {
  if (price <= SAFE && price >= -SAFE) {
    const number = Number(price)
    return number % Number(PRICE_STEP) === 0 ? BigInt(number / Number(PRICE_STEP)) : undefined
  }
  if (price % PRICE_STEP !== 0n) return undefined
  const narrow = price / PRICE_STEP
  return fitsDigits(narrow, NARROW.price.precision) ? narrow : undefined
}

/** `price` in the layout's units. */
function writeBody(trade: Trade, price: bigint, layout: TradeLayout): void {
  writeString(writer, trade.messageId)
  writeString(writer, trade.tradeId)
  writeString(writer, trade.symbol)
  writeString(writer, trade.exchange)
  writeEnum(writer, ASSET_CLASSES, trade.assetClass)
  writeLong(writer, trade.timestamp)
  writeDecimal(writer, price, layout.price.precision)
  writeDecimal(writer, trade.quantity, layout.quantity.precision)
  writeString(writer, trade.currency)
  writeEnum(writer, TRADE_SIDES, trade.side)
  writeStrings(writer, trade.tradeConditions)
  writeOptionalLong(writer, trade.sourceSequence)
  writeLong(writer, trade.ingestionTimestamp)
  writeOptionalLong(writer, trade.platformSequence)
  writeOptionalMap(writer, trade.vendorData)
}
