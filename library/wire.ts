/** `tradelake/wire`: trades as the Kafka values that Silver reads, in Confluent framing around the Avro binary of TradeV2. */
export { formatDecimal, parseDecimal } from '../domain/decimal.ts'
export { messageId, TRADE_SCHEMA, type Trade } from '../domain/trade.ts'
export { encodeTrade, FRAME_BYTES } from '../domain/wire.ts'
