/** A registry that knows its schemas from the start: for runs without a schema registry beside Kafka. */
import type { SchemaRegistry } from '../domain/ports.ts'
import { TRADE_SCHEMA } from '../domain/trade.ts'
import { TRADE_SCHEMA_ID } from '../domain/wire.ts'

const BUNDLED: ReadonlyMap<number, unknown> = new Map([[TRADE_SCHEMA_ID, TRADE_SCHEMA]])

/** Schemas by id; only TradeV2 by default. */
export function bundledRegistry(schemas: ReadonlyMap<number, unknown> = BUNDLED): SchemaRegistry {
  return { writerSchema: async id => schemas.get(id) }
}
