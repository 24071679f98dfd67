/** A registry that knows its schemas from the start: for runs without a schema registry beside Kafka. */
import type { SchemaRegistry } from '../domain/ports.ts'
import { TRADE_SCHEMA, WIDE_TRADE_SCHEMA } from '../domain/trade.ts'
import { BUNDLED_IDS } from '../domain/wire.ts'

const BUNDLED: ReadonlyMap<number, unknown> = new Map<number, unknown>([
  [BUNDLED_IDS.trade, TRADE_SCHEMA],
  [BUNDLED_IDS.wide, WIDE_TRADE_SCHEMA],
])

/** Schemas by id; the two that trades are written with by default. */
export function bundledRegistry(schemas: ReadonlyMap<number, unknown> = BUNDLED): SchemaRegistry {
  return { writerSchema: async id => schemas.get(id) }
}
