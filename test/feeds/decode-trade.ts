/** A record's trade as Avro's own library reads it. */
import { avroType } from '../../domain/avro.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { FRAME_BYTES } from '../../domain/wire.ts'

const TRADE_V2 = avroType(TRADE_SCHEMA)

export function decodeTrade(value: Uint8Array): { readonly tradeId: string; readonly symbol: string } {
  const { trade_id: tradeId, symbol } = TRADE_V2.fromBuffer(Buffer.from(value).subarray(FRAME_BYTES))
  return { tradeId, symbol }
}
