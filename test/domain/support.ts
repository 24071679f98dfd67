/** Arbitraries that several tests share. */
import fc from 'fast-check'
import { DECIMAL18_LIMIT } from '../../domain/decimal.ts'
import { ASSET_CLASSES, TRADE_SIDES, type Trade } from '../../domain/trade.ts'

const anyLong = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
const anyDecimal = fc.bigInt(1n - DECIMAL18_LIMIT, DECIMAL18_LIMIT - 1n)
// Avro strings are UTF-8: lone surrogates cannot be written.
const anyText = fc.string({ unit: 'grapheme', maxLength: 80 })

export const anyTrade: fc.Arbitrary<Trade> = fc.record({
  messageId: fc.oneof(fc.uuid(), anyText),
  tradeId: anyText,
  symbol: fc.oneof(fc.constantFrom('BTCUSDT', 'ETHUSDT'), anyText),
  exchange: fc.oneof(fc.constantFrom('BINANCE', 'KRAKEN'), anyText),
  assetClass: fc.constantFrom(...ASSET_CLASSES),
  timestamp: anyLong,
  price: anyDecimal,
  quantity: anyDecimal,
  currency: anyText,
  side: fc.constantFrom(...TRADE_SIDES),
  tradeConditions: fc.array(anyText, { maxLength: 3 }),
  sourceSequence: fc.option(anyLong),
  ingestionTimestamp: anyLong,
  platformSequence: fc.option(anyLong),
  vendorData: fc.option(
    fc.dictionary(
      anyText.filter(key => key !== '__proto__'),
      anyText,
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})
