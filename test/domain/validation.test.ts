import { describe, expect, test } from 'vitest'
import { createTradeDecoder } from '../../domain/decode.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { createValidator } from '../../domain/validation.ts'
import { encodeTrade, FRAME_BYTES } from '../../domain/wire.ts'
import { layoutOf } from './support.ts'

const KAFKA_MICROS = 1_795_000_000_000_000
const VALID: Trade = {
  messageId: messageId('BINANCE', 'BTCUSDT', 'BINANCE-1'),
  tradeId: 'BINANCE-1',
  symbol: 'BTCUSDT',
  exchange: 'BINANCE',
  assetClass: 'crypto',
  timestamp: BigInt(KAFKA_MICROS) - 5_000n,
  price: 972_500_000_000_000n,
  quantity: 1n,
  currency: 'USDT',
  side: 'BUY',
  tradeConditions: [],
  sourceSequence: 1n,
  ingestionTimestamp: BigInt(KAFKA_MICROS),
  platformSequence: null,
  vendorData: null,
}

function check(change: Partial<Trade>) {
  const decoder = createTradeDecoder()
  const bytes = encodeTrade({ ...VALID, ...change })
  expect(decoder.decode(bytes, FRAME_BYTES, bytes.length, layoutOf(bytes))).toBeUndefined()
  return createValidator(decoder, 'BINANCE').check(bytes, KAFKA_MICROS)
}

test('a valid trade passes', () => {
  expect(check({})).toBeUndefined()
})

describe('each rule names its type and says the value', () => {
  test.each([
    ['price_validation', { price: 0n }, '0.0000000000'],
    ['price_validation', { price: -15_000_000_000n }, '-1.5000000000'],
    ['quantity_validation', { quantity: 0n }, '0.00000000'],
    ['timestamp_validation', { timestamp: 0n }, '0'],
    ['timestamp_validation', { timestamp: -5n }, '-5'],
    ['timestamp_validation', { timestamp: BigInt(KAFKA_MICROS) + 60_000_001n }, '60 s after'],
    ['timestamp_validation', { timestamp: BigInt(KAFKA_MICROS) - 365n * 86_400_000_000n - 1n }, '365 days before'],
    ['timestamp_validation', { timestamp: 2n ** 63n - 1n }, `${2n ** 63n - 1n}`],
    ['timestamp_validation', { timestamp: 253_402_300_800_000_000n }, 'after the year 9999'],
    ['symbol_validation', { symbol: 'BTC/USDT' }, '"BTC/USDT"'],
    ['symbol_validation', { symbol: 'BTC USDT' }, '"BTC USDT"'],
    ['symbol_validation', { symbol: 'BTC\u202eUSDT' }, 'symbol'],
    ['symbol_validation', { symbol: 'BTC\u001b[31m' }, '\\u001b'],
    ['symbol_validation', { symbol: 'A'.repeat(65) }, 'is not 1 to 64'],
    ['symbol_validation', { symbol: 'ΒΤΧω' }, 'in upper case'],
    ['symbol_validation', { symbol: '' }, '""'],
    ['symbol_validation', { symbol: 'btcusdt' }, '"btcusdt"'],
    ['notional_validation', { price: 10n ** 10n, quantity: 10n ** 20n }, 'is not below 1000000000000'],
    ['notional_validation', { price: 10n ** 20n - 1n, quantity: 10n ** 22n - 1n }, '99999999999999.99999999'],
    [
      'notional_validation',
      { price: 10n ** 15n, quantity: 10n ** 15n },
      '100000.0000000000 times quantity 10000000.00000000',
    ],
    ['text_validation', { tradeId: 'B'.repeat(129) }, 'trade_id'],
    ['text_validation', { tradeId: 'BINANCE-1\n' }, 'trade_id "BINANCE-1\\n"'],
    ['text_validation', { tradeId: 'BINANCE-\u0085' }, 'trade_id'],
    ['text_validation', { currency: '\u001b]0;x' }, 'currency "\\u001b]0;x"'],
    ['text_validation', { currency: 'x'.repeat(500_000) }, 'is longer than 128'],
    ['text_validation', { tradeConditions: Array.from({ length: 200 }, () => 'x'.repeat(100)) }, 'trade_conditions'],
    ['text_validation', { vendorData: { key: 'x'.repeat(16_382) } }, 'vendor_data'],
    ['timestamp_validation', { ingestionTimestamp: -1n }, 'ingestion_timestamp -1 is before 1970'],
    ['timestamp_validation', { ingestionTimestamp: BigInt(KAFKA_MICROS) * 1000n }, 'is after the year 9999'],
    ['timestamp_validation', { ingestionTimestamp: 253_402_300_800_000_000n }, 'is after the year 9999'],
    ['side_validation', { side: 'SELL_SHORT' }, 'SELL_SHORT'],
    ['side_validation', { side: 'UNKNOWN' }, 'UNKNOWN'],
    ['message_id_validation', { messageId: '' }, '""'],
    ['message_id_validation', { messageId: 'zzzzzzzz-85ba-44d3-8bc0-90f5f6896763' }, 'not a UUID'],
    ['message_id_validation', { messageId: '0ddd00b9285ba-44d3-8bc0-90f5f6896763' }, 'not a UUID'],
    ['asset_class_validation', { assetClass: 'futures' }, 'futures'],
    ['exchange_validation', { exchange: 'KRAKEN' }, '"KRAKEN"'],
  ] as const)('%s', (type, change, words) => {
    const rejection = check(change as Partial<Trade>)
    expect(rejection?.type).toBe(type)
    expect(rejection?.reason).toContain(words)
  })
})

test.each([
  ...['币安人生USDT', 'BTCUSD_PERP', 'ETH2.SETH', 'BTC-USD', 'हिन्दीUSD', 'A'.repeat(64), '1'].map(symbol => ({
    symbol,
  })),
  { price: 10n ** 15n, quantity: 10n ** 15n - 1n },
  { price: 10n ** 20n - 1n, quantity: 10n ** 10n },
  { price: 1n, quantity: 10n ** 22n - 1n },
  { tradeId: 'x'.repeat(128) },
  { tradeId: 'Ünïcode 🚀'.repeat(8) },
  { vendorData: { key: 'x'.repeat(16_381) } },
  { ingestionTimestamp: 0n },
  { ingestionTimestamp: 253_402_300_799_999_999n },
])('valid is %o', change => {
  expect(check(change)).toBeUndefined()
})

test('the bounds of time belong to what is valid', () => {
  expect(check({ timestamp: BigInt(KAFKA_MICROS) + 60_000_000n })).toBeUndefined()
  expect(check({ timestamp: BigInt(KAFKA_MICROS) - 365n * 86_400_000_000n })).toBeUndefined()
})

test('the first rule that fails is the one that is named', () => {
  const broken: Partial<Trade>[] = [
    { exchange: 'X' },
    { assetClass: 'options' },
    { messageId: '' },
    { side: 'UNKNOWN' },
    { ingestionTimestamp: -1n },
    { tradeId: '\0' },
    { price: 10n ** 20n - 1n, quantity: 10n ** 20n },
    { symbol: '/' },
    { timestamp: 0n },
    { quantity: 0n },
    { price: 0n },
  ]
  const types = broken.map((_, i) => check(Object.assign({}, ...broken.slice(0, i + 1)))?.type)
  expect(types).toEqual([
    'exchange_validation',
    'asset_class_validation',
    'message_id_validation',
    'side_validation',
    'timestamp_validation',
    'text_validation',
    'notional_validation',
    'symbol_validation',
    'timestamp_validation',
    'quantity_validation',
    'price_validation',
  ])
})
