/**
 * `tradelake/wire`: trades as the Kafka values that Silver reads, in Confluent framing around the Avro binary of TradeV2,
 * or of TradeV2Wide where TradeV2 does not hold a trade.
 */
export { formatDecimal, PRICE_SCALE, parseDecimal, QUANTITY_SCALE } from '../domain/decimal.ts'
export { messageId, TRADE_SCHEMA, type Trade, WIDE_TRADE_SCHEMA } from '../domain/trade.ts'
export { encodeTrade, FRAME_BYTES, type SchemaIds } from '../domain/wire.ts'
