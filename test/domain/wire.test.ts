import fc from 'fast-check'
import { expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { ASSET_CLASSES, TRADE_SCHEMA, TRADE_SIDES, type Trade, WIDE_TRADE_SCHEMA } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { anyTrade } from './support.ts'

const type = avroType(TRADE_SCHEMA)
const wide = avroType(WIDE_TRADE_SCHEMA)

test('what is encoded, avsc decodes to the same trade: of TradeV2 exactly where that holds it', () => {
  let narrow = 0
  fc.assert(
    fc.property(anyTrade, fc.nat(2 ** 31), (trade, id) => {
      const bytes = Buffer.from(encodeTrade(trade, { trade: id, wide: id + 1 }))
      expect(bytes[0]).toBe(0)
      const fits = trade.price % 100n === 0n && trade.quantity < 10n ** 18n && trade.quantity > -(10n ** 18n)
      if (fits) narrow++
      expect(bytes.readUInt32BE(1)).toBe(fits ? id : id + 1)
      const found = fits ? type.fromBuffer(bytes.subarray(5)) : wide.fromBuffer(bytes.subarray(5))
      expect(fromAvsc(found, fits ? 100n : 1n)).toEqual(trade)
    }),
    { numRuns: 500 },
  )
  expect(narrow).toBeGreaterThan(50)
})

test('a number that is wider than its type is refused, not cut', () => {
  const [trade] = fc.sample(anyTrade, 1)
  for (const change of [
    { price: 10n ** 20n },
    { price: -(10n ** 20n) },
    { quantity: 10n ** 22n },
    { timestamp: 2n ** 63n },
    { sourceSequence: -(2n ** 63n) - 1n },
  ])
    expect(() => encodeTrade({ ...trade, ...change })).toThrow(RangeError)
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
    const trade = { ...fc.sample(anyTrade, 1)[0], price: 100n, quantity: units }
    const decoded = type.fromBuffer(Buffer.from(encodeTrade(trade)).subarray(5)) as { quantity: Buffer }
    expect([...decoded.quantity]).toEqual([...bytes])
  }
})

test('an unknown side is refused', () => {
  const trade = { ...fc.sample(anyTrade, 1)[0], side: 'HOLD' as Trade['side'] }
  expect(() => encodeTrade(trade)).toThrow(RangeError)
})

/** `priceUnit`: units of 10^-10 for one of the schema's. */
function fromAvsc(value: unknown, priceUnit: bigint): Trade {
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
    price: (decimalFromBytes(row.price) as bigint) * priceUnit,
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
