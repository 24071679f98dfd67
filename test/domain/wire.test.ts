import fc from 'fast-check'
import { expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { ASSET_CLASSES, TRADE_SCHEMA, TRADE_SIDES, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { anyTrade } from './support.ts'

const type = avroType(TRADE_SCHEMA)

test('what is encoded, avsc decodes to the same trade', () => {
  fc.assert(
    fc.property(anyTrade, fc.nat(2 ** 31), (trade, schemaId) => {
      const bytes = Buffer.from(encodeTrade(trade, schemaId))
      expect(bytes[0]).toBe(0)
      expect(bytes.readUInt32BE(1)).toBe(schemaId)
      expect(fromAvsc(type.fromBuffer(bytes.subarray(5)))).toEqual(trade)
    }),
  )
})

test('a value stays as it was when others are encoded after it, or fail to be', () => {
  const many = fc.array(anyTrade, { minLength: 300, maxLength: 400 })
  fc.assert(
    fc.property(many, trades => {
      const copies: Uint8Array[] = []
      const values = trades.map(trade => {
        expect(() => encodeTrade({ ...trade, side: 'HOLD' as Trade['side'] })).toThrow(RangeError)
        const value = encodeTrade(trade)
        copies.push(Uint8Array.from(value))
        return value
      })
      expect(values.every((value, i) => Buffer.compare(value, copies[i]) === 0)).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test("decimals are minimal two's complement, as Java's BigInteger writes them", () => {
  for (const [units, bytes] of [
    [0n, [0]],
    [127n, [127]],
    [128n, [0, 128]],
    [-128n, [128]],
    [-129n, [255, 127]],
    [10n ** 18n - 1n, [13, 224, 182, 179, 167, 99, 255, 255]],
  ] as const) {
    const trade = { ...fc.sample(anyTrade, 1)[0], price: units }
    const decoded = type.fromBuffer(Buffer.from(encodeTrade(trade)).subarray(5)) as { price: Buffer }
    expect([...decoded.price]).toEqual([...bytes])
  }
})

test('an unknown side is refused', () => {
  const trade = { ...fc.sample(anyTrade, 1)[0], side: 'HOLD' as Trade['side'] }
  expect(() => encodeTrade(trade)).toThrow(RangeError)
})

function fromAvsc(value: unknown): Trade {
  const row = value as Record<string, never>
  expect(ASSET_CLASSES).toContain(row.asset_class)
  expect(TRADE_SIDES).toContain(row.side)
  return {
    messageId: row.message_id,
    tradeId: row.trade_id,
    symbol: row.symbol,
    exchange: row.exchange,
    assetClass: row.asset_class,
    timestamp: row.timestamp,
    price: decimalFromBytes(row.price) as bigint,
    quantity: decimalFromBytes(row.quantity) as bigint,
    currency: row.currency,
    side: row.side,
    tradeConditions: row.trade_conditions,
    sourceSequence: row.source_sequence,
    ingestionTimestamp: row.ingestion_timestamp,
    platformSequence: row.platform_sequence,
    vendorData: row.vendor_data === null ? null : { ...(row.vendor_data as object) },
  }
}
