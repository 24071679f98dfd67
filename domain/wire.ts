/**
 * The wire: Confluent framing (byte 0, schema id as 4 bytes big-endian) around the Avro binary of TradeV2.
 * Writing is by hand because it stands on the feeds' hot path; the schema is TRADE_SCHEMA of domain/trade.ts.
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
import { ASSET_CLASSES, TRADE_SIDES, type Trade } from './trade.ts'

export const MAGIC_BYTE = 0
export const FRAME_BYTES = 5
/** The id that the bundled registry gives TRADE_SCHEMA. */
export const TRADE_SCHEMA_ID = 1

/** Shared by all callers: a value is finished before the next one begins. */
const writer = createWriter()

/**
 * Encodes a trade as a Kafka value. The value is a view into a block of 64 KiB that it shares with other values: its bytes never
 * change, but who keeps one value for long keeps the block, and who needs `value.buffer` for itself copies the value first.
 * @throws RangeError where an enum value is unknown or a decimal is beyond 64 bits
 */
export function encodeTrade(trade: Trade, schemaId: number = TRADE_SCHEMA_ID): Uint8Array {
  beginValue(writer)
  reserve(writer, FRAME_BYTES)
  writer.buffer[writer.at++] = MAGIC_BYTE
  writer.at = writer.buffer.writeUInt32BE(schemaId, writer.at)
  writeString(writer, trade.messageId)
  writeString(writer, trade.tradeId)
  writeString(writer, trade.symbol)
  writeString(writer, trade.exchange)
  writeEnum(writer, ASSET_CLASSES, trade.assetClass)
  writeLong(writer, trade.timestamp)
  writeDecimal(writer, trade.price)
  writeDecimal(writer, trade.quantity)
  writeString(writer, trade.currency)
  writeEnum(writer, TRADE_SIDES, trade.side)
  writeStrings(writer, trade.tradeConditions)
  writeOptionalLong(writer, trade.sourceSequence)
  writeLong(writer, trade.ingestionTimestamp)
  writeOptionalLong(writer, trade.platformSequence)
  writeOptionalMap(writer, trade.vendorData)
  return endValue(writer)
}
