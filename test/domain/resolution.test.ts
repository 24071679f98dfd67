import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { resolveSchema } from '../../domain/resolution.ts'
import { messageId, TRADE_SCHEMA, type Trade } from '../../domain/trade.ts'
import { encodeTrade, FRAME_BYTES } from '../../domain/wire.ts'
import { anyTrade } from './support.ts'

type Field = { name: string; type: unknown; default?: unknown }
const FIELDS = TRADE_SCHEMA.fields as unknown as Field[]

function schemaWith(change: (fields: Field[]) => Field[]): object {
  return { ...structuredClone(TRADE_SCHEMA), fields: change(structuredClone(FIELDS)) }
}

function replaceType(name: string, type: unknown): (fields: Field[]) => Field[] {
  return fields => fields.map(field => (field.name === name ? { name, type } : field))
}

const TRADE: Trade = {
  messageId: messageId('KRAKEN', 'BTCUSD', 'KRAKEN-1'),
  tradeId: 'KRAKEN-1',
  symbol: 'BTCUSD',
  exchange: 'KRAKEN',
  assetClass: 'crypto',
  timestamp: 1_795_000_000_123_000n,
  price: 9_725_001_000_000n,
  quantity: 150_000_000n,
  currency: 'USD',
  side: 'SELL',
  tradeConditions: ['m'],
  sourceSequence: null,
  ingestionTimestamp: 1_795_000_000_200_000n,
  platformSequence: 7n,
  vendorData: { pair: 'XBT/USD' },
}
const body = (trade: Trade) => Buffer.from(encodeTrade(trade).subarray(FRAME_BYTES))
const ROW = avroType(TRADE_SCHEMA).fromBuffer(body(TRADE)) as Record<string, unknown>

/** A row of another schema through resolution. */
function resolved(schema: object, row: Record<string, unknown>): Buffer {
  const resolve = resolveSchema(schema)
  if (!resolve) throw new Error('The schema was taken for TradeV2 itself.')
  return Buffer.from(resolve(avroType(schema).toBuffer(row)))
}

test('TradeV2 itself needs no resolution, whatever its docs and defaults', () => {
  expect(resolveSchema(TRADE_SCHEMA)).toBeUndefined()
  const documented = schemaWith(fields => fields.map(field => ({ ...field, doc: 'words' })))
  expect(resolveSchema(documented)).toBeUndefined()
})

describe("other writers' messages become the very bytes of TradeV2", () => {
  test('fields in another order, and fields that TradeV2 does not have', () => {
    const schema = schemaWith(fields => [{ name: 'extra', type: 'double' }, ...fields.reverse()])
    fc.assert(
      fc.property(anyTrade, trade => {
        // U+FFFD itself is refused: avsc puts it where bytes are not text.
        fc.pre(!body(trade).includes('\ufffd'))
        const row = avroType(TRADE_SCHEMA).fromBuffer(body(trade)) as Record<string, unknown>
        const bytes = resolved(schema, { ...row, extra: 1.5 })
        // Entries of a map may come in another order.
        expect(avroType(TRADE_SCHEMA).fromBuffer(bytes)).toEqual(row)
      }),
    )
  })

  test('optional fields that are there', () => {
    const schema = schemaWith(
      replaceType('price', ['null', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 8 }]),
    )
    expect(resolved(schema, ROW)).toEqual(body(TRADE))
  })

  test('timestamps in milliseconds, decimals of another scale', () => {
    const schema = schemaWith(fields =>
      replaceType('price', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 })(
        replaceType('timestamp', { type: 'long', logicalType: 'timestamp-millis' })(fields),
      ),
    )
    const row = {
      ...ROW,
      timestamp: TRADE.timestamp / 1000n,
      price: Buffer.from((TRADE.price / 10_000n).toString(16).padStart(10, '0'), 'hex'),
    }
    expect(resolved(schema, row)).toEqual(body(TRADE))
  })
})

describe('what would lose something is refused in words', () => {
  test('a required field that is null, or missing', () => {
    const nullable = schemaWith(replaceType('symbol', ['null', 'string']))
    expect(() => resolved(nullable, { ...ROW, symbol: null })).toThrow('symbol is null or missing')
    const without = schemaWith(fields => fields.filter(field => field.name !== 'quantity'))
    expect(() => resolved(without, ROW)).toThrow('quantity is null or missing')
  })

  test('a decimal with more digits after the point than eight', () => {
    const schema = schemaWith(replaceType('price', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 10 }))
    expect(() => resolved(schema, { ...ROW, price: Buffer.from([5]) })).toThrow('more than 8 digits')
    expect(resolved(schema, { ...ROW, price: Buffer.from([100]) })).toEqual(body({ ...TRADE, price: 1n }))
  })

  test('a schema of something other than a trade', () => {
    expect(() =>
      resolveSchema({
        type: 'record',
        name: 'TradeV2',
        namespace: 'com.k2.marketdata',
        fields: [{ name: 'price', type: 'double' }],
      }),
    ).toThrow('cannot be read as TradeV2')
  })

  test('a body that does not decode', () => {
    const schema = schemaWith(fields => fields.reverse())
    expect(() => resolveSchema(schema)?.(new Uint8Array([2]))).toThrow('does not decode')
  })
})
