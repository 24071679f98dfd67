/** Other writers' schemas: TradeV2 with some fields changed, and a trade written with one. */
import { avroType } from '../../domain/avro.ts'
import { resolveSchema } from '../../domain/resolution.ts'
import { messageId, TRADE_SCHEMA, type Trade } from '../../domain/trade.ts'
import { encodeTrade, encodeWideBody, FRAME_BYTES } from '../../domain/wire.ts'

type Field = { name: string; type: unknown; default?: unknown }
const FIELDS = TRADE_SCHEMA.fields as unknown as Field[]

export function schemaWith(change: (fields: Field[]) => Field[]): object {
  return { ...structuredClone(TRADE_SCHEMA), fields: change(structuredClone(FIELDS)) }
}

export function replaceType(name: string, type: unknown): (fields: Field[]) => Field[] {
  return fields => fields.map(field => (field.name === name ? { name, type } : field))
}

export const TRADE: Trade = {
  messageId: messageId('KRAKEN', 'BTCUSD', 'KRAKEN-1'),
  tradeId: 'KRAKEN-1',
  symbol: 'BTCUSD',
  exchange: 'KRAKEN',
  assetClass: 'crypto',
  timestamp: 1_795_000_000_123_000n,
  price: 972_500_100_000_000n,
  quantity: 150_000_000n,
  currency: 'USD',
  side: 'SELL',
  tradeConditions: ['m'],
  sourceSequence: null,
  ingestionTimestamp: 1_795_000_000_200_000n,
  platformSequence: 7n,
  vendorData: { pair: 'XBT/USD' },
}
/** A trade's body in TradeV2. */
export const body = (trade: Trade) => Buffer.from(encodeTrade(trade).subarray(FRAME_BYTES))
/** Its body in TradeV2Wide, which resolution makes. */
export const wideBody = (trade: Trade) => Buffer.from(encodeWideBody(trade))
export const ROW = avroType(TRADE_SCHEMA).fromBuffer(body(TRADE)) as Record<string, unknown>

/** A row of another schema through resolution. */
export function resolved(schema: object, row: Record<string, unknown>): Buffer {
  const { resolve } = resolveSchema(schema)
  if (!resolve) throw new Error('The schema was taken for TradeV2 itself.')
  return Buffer.from(resolve(avroType(schema).toBuffer(row)))
}

/** A row of a schema whose one field has another type. */
export const withField = (name: string, type: unknown, value: unknown) =>
  resolved(schemaWith(replaceType(name, type)), { ...ROW, [name]: value })
export const decimalType = (type: object) => ({ ...type, logicalType: 'decimal', precision: 18, scale: 8 })
