/** Arbitraries that several tests share. */
import fc from 'fast-check'
import { ASSET_CLASSES, NARROW, TRADE_SIDES, type Trade, type TradeLayout, WIDE } from '../../domain/trade.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'

const anyLong = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
const anyDecimal = (digits: bigint) => fc.bigInt(1n - 10n ** digits, 10n ** digits - 1n)
/** Half of them with eight digits after the point, as nearly all are. */
const anyPrice = fc.oneof(
  anyDecimal(20n),
  anyDecimal(18n).map(units => units * 100n),
)
const anyQuantity = fc.oneof(anyDecimal(22n), anyDecimal(18n), anyDecimal(18n))
// Avro strings are UTF-8: lone surrogates cannot be written.
const anyText = fc.string({ unit: 'grapheme', maxLength: 80 })

export const anyTrade: fc.Arbitrary<Trade> = fc.record({
  messageId: fc.oneof(fc.uuid(), anyText),
  tradeId: anyText,
  symbol: fc.oneof(fc.constantFrom('BTCUSDT', 'ETHUSDT'), anyText),
  exchange: fc.oneof(fc.constantFrom('BINANCE', 'KRAKEN'), anyText),
  assetClass: fc.constantFrom(...ASSET_CLASSES),
  timestamp: anyLong,
  price: anyPrice,
  quantity: anyQuantity,
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

/** How an encoded trade's decimals are written, by the bundled ids. */
export function layoutOf(value: Uint8Array): TradeLayout {
  return Buffer.from(value).readUInt32BE(1) === BUNDLED_IDS.wide ? WIDE : NARROW
}
