import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { resolveSchema } from '../../domain/resolution.ts'
import { NARROW, TRADE_SCHEMA, WIDE, WIDE_TRADE_SCHEMA } from '../../domain/trade.ts'
import { anyTrade } from './support.ts'
import { decimalType, ROW, replaceType, resolved, schemaWith, TRADE, wideBody, withField } from './writer-schemas.ts'

test('the schemas that trades are written with need no resolution, whatever their docs and defaults', () => {
  expect(resolveSchema(TRADE_SCHEMA)).toEqual({ layout: NARROW })
  expect(resolveSchema(WIDE_TRADE_SCHEMA)).toEqual({ layout: WIDE })
  const documented = schemaWith(fields => fields.map(field => ({ ...field, doc: 'words' })))
  expect(resolveSchema(documented)).toEqual({ layout: NARROW })
})

describe("other writers' messages become the very bytes of TradeV2Wide", () => {
  test('fields in another order, and fields that TradeV2 does not have', () => {
    const wide = WIDE_TRADE_SCHEMA.fields.map(({ name, type }) => ({ name, type }))
    const schema = schemaWith(() => [{ name: 'extra', type: 'double' }, ...wide.reverse()])
    fc.assert(
      fc.property(anyTrade, trade => {
        // U+FFFD itself is refused: avsc puts it where bytes are not text.
        fc.pre(!wideBody(trade).includes('\ufffd'))
        const row = avroType(WIDE_TRADE_SCHEMA).fromBuffer(wideBody(trade)) as Record<string, unknown>
        const bytes = resolved(schema, { ...row, extra: 1.5 })
        // Entries of a map may come in another order.
        expect(avroType(WIDE_TRADE_SCHEMA).fromBuffer(bytes)).toEqual(row)
      }),
    )
  })

  test('optional fields that are there', () => {
    const schema = schemaWith(
      replaceType('price', ['null', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 8 }]),
    )
    expect(resolved(schema, ROW)).toEqual(wideBody(TRADE))
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
      price: Buffer.from((TRADE.price / 1_000_000n).toString(16).padStart(10, '0'), 'hex'),
    }
    expect(resolved(schema, row)).toEqual(wideBody(TRADE))
  })
})

describe('a price is converted exactly, whatever type it is sent in', () => {
  const price = (text: string) => wideBody({ ...TRADE, price: BigInt(text) })

  test.each([
    ['text', 'string', '86416.1', '864161000000000'],
    ['text of a union', ['null', 'string'], '86416.1', '864161000000000'],
    ['text before bytes', ['string', decimalType({ type: 'bytes' })], '0.0000000001', '1'],
    ['text behind bytes', [decimalType({ type: 'bytes' }), 'string'], '1234567890.12345678', '12345678901234567800'],
    ['text with an exponent', 'string', '1.5e-7', '1500'],
    ['a whole number', 'int', 7, '70000000000'],
    ['a whole long', 'long', 7n, '70000000000'],
  ])('%s', (_, type, value, units) => {
    expect(withField('price', type, value)).toEqual(price(units))
  })

  test('fixed bytes', () => {
    const fixed = decimalType({ type: 'fixed', name: 'Price', size: 8 })
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(8_641_610_000_000n)
    expect(withField('price', fixed, bytes)).toEqual(price('864161000000000'))
  })

  test.each([
    ['text of more digits', 'string', '0.00000000001', 'is not a decimal of at most 10 digits'],
    ['other text', 'string', 'NaN', 'is not a decimal'],
    ['empty text', 'string', '', 'is not a decimal'],
    ['bytes without a scale', 'bytes', Buffer.from('86416.1'), 'price is plain bytes, not a decimal'],
    ['a double of a union', ['double', 'string'], 1.5, 'price is a double, not a decimal'],
    ['a time', { type: 'long', logicalType: 'timestamp-micros' }, 5n, 'price is a timestamp-micros, not a decimal'],
    ['a flag', 'boolean', true, 'price is a boolean, not a decimal'],
    ['too wide a number', 'long', 10n ** 11n, 'too wide'],
  ])('%s is refused', (_, type, value, message) => {
    expect(() => withField('price', type, value)).toThrow(message)
  })

  test.each([['float'], ['double'], [['null', 'double']]])('a schema of %s is refused as a whole', type => {
    expect(() => resolveSchema(schemaWith(replaceType('quantity', type)))).toThrow(/quantity is .*, which is not exact/)
  })
})

describe('a time is one in UTC, of a unit that its type names', () => {
  const time = (micros: bigint) => wideBody({ ...TRADE, timestamp: micros })
  test.each([
    ['timestamp-millis', 1_795_000_000_123n, 1_795_000_000_123_000n],
    ['timestamp-micros', 1_795_000_000_123_456n, 1_795_000_000_123_456n],
    ['timestamp-nanos', 1_795_000_000_123_456_789n, 1_795_000_000_123_456n],
    ['timestamp-nanos', -1n, -1n],
  ])('%s', (logicalType, value, micros) => {
    // Another field keeps the schema from being TradeV2's own.
    const schema = schemaWith(fields => [
      ...replaceType('timestamp', { type: 'long', logicalType })(fields),
      { name: 'x', type: 'null' },
    ])
    expect(resolved(schema, { ...ROW, timestamp: value, x: null })).toEqual(time(micros))
  })

  test.each([
    ['local-timestamp-micros', 'long', 5n],
    ['local-timestamp-millis', 'long', 5n],
    ['time-micros', 'long', 5n],
    ['date', 'int', 5],
  ])('%s is refused', (logicalType, type, value) => {
    expect(() => withField('timestamp', { type, logicalType }, value)).toThrow(
      `timestamp is a ${logicalType}, not a timestamp in UTC`,
    )
  })

  test.each([
    ['string', '2026-11-20'],
    ['double', 1.5],
    ['float', 1.5],
  ])('%s is refused', (type, value) => {
    expect(() => withField('ingestion_timestamp', type, value)).toThrow(
      `ingestion_timestamp is a ${type}, not a timestamp`,
    )
  })
})

describe('other fields', () => {
  test('text may be bytes or an enum, and nothing else', () => {
    expect(withField('symbol', 'bytes', Buffer.from('BTCUSD'))).toEqual(wideBody(TRADE))
    expect(withField('symbol', { type: 'enum', name: 'Symbol', symbols: ['BTCUSD'] }, 'BTCUSD')).toEqual(
      wideBody(TRADE),
    )
    expect(() => withField('symbol', 'bytes', Buffer.from([0xff]))).toThrow('symbol is not UTF-8')
    expect(() => withField('symbol', 'long', 5n)).toThrow('symbol is a long, not text')
    expect(() => withField('symbol', decimalType({ type: 'bytes' }), Buffer.from('B'))).toThrow(
      'symbol is a decimal, not text',
    )
  })

  test('sequences are whole numbers, not times or fractions', () => {
    expect(withField('platform_sequence', 'int', 7)).toEqual(wideBody(TRADE))
    expect(() => withField('platform_sequence', { type: 'long', logicalType: 'timestamp-millis' }, 7n)).toThrow(
      'platform_sequence is a timestamp-millis',
    )
    expect(() => withField('platform_sequence', 'double', 7)).toThrow(
      'platform_sequence is a double, not a whole number',
    )
  })

  test('lists and maps hold text alone', () => {
    expect(() => withField('trade_conditions', { type: 'array', items: 'int' }, [1])).toThrow(
      'something that is not text',
    )
    expect(() => withField('vendor_data', { type: 'map', values: ['null', 'string'] }, { a: null })).toThrow(
      'something that is not text',
    )
    expect(withField('vendor_data', { type: 'map', values: ['null', 'string'] }, { pair: 'XBT/USD' })).toEqual(
      wideBody(TRADE),
    )
    expect(() => withField('vendor_data', 'string', 'x')).toThrow('vendor_data is a string, not a map of texts')
  })
})

describe('what would lose something is refused in words', () => {
  test('a required field that is null, or missing', () => {
    const nullable = schemaWith(replaceType('symbol', ['null', 'string']))
    expect(() => resolved(nullable, { ...ROW, symbol: null })).toThrow('symbol is null or missing')
    const without = schemaWith(fields => fields.filter(field => field.name !== 'quantity'))
    expect(() => resolved(without, ROW)).toThrow('quantity is null or missing')
  })

  test('a decimal with more digits after the point than the tables have', () => {
    const schema = schemaWith(replaceType('price', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 12 }))
    expect(() => resolved(schema, { ...ROW, price: Buffer.from([5]) })).toThrow('more than 10 digits')
    expect(resolved(schema, { ...ROW, price: Buffer.from([100]) })).toEqual(wideBody({ ...TRADE, price: 1n }))
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
    expect(() => resolveSchema(schema).resolve?.(new Uint8Array([2]))).toThrow('does not decode')
  })
})
