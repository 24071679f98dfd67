/** A made-up exchange: all that a fourth one takes is this decoder and the registry entry beside it. */
import { PRICE_SCALE, parseDecimal, QUANTITY_SCALE } from '../../domain/decimal.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { type Decoder, MalformedFrame, tradeOf } from '../../feeds/decoder.ts'
import { decoderOf } from '../../feeds/fields.ts'

export const BAZAAR: Exchange = {
  name: 'bazaar',
  code: 'BAZAAR',
  partitions: 3,
  batchRecords: 500,
  batchWindowSeconds: 1,
  bronzeRetentionDays: 7,
  bronzeFileMiB: 64,
}

/** `["BTC/USDT", id, "price", "quantity", "bought" or "sold", microseconds]` */
export const bazaar: Decoder = decoderOf(function* (frame, receivedAt) {
  if (!Array.isArray(frame)) return
  const [pair, id, price, quantity, verb, micros] = frame.map(String)
  const [base, currency] = pair.split('/')
  const units = [parseDecimal(price, PRICE_SCALE), parseDecimal(quantity, QUANTITY_SCALE)]
  if (currency === undefined || units[0] === undefined || units[1] === undefined)
    throw new MalformedFrame(frame.join(' '))
  yield tradeOf(
    {
      exchange: BAZAAR.code,
      id,
      symbol: base + currency,
      currency,
      timestamp: BigInt(micros),
      price: units[0],
      quantity: units[1],
      side: verb === 'bought' ? 'BUY' : 'SELL',
      vendorData: { pair },
    },
    receivedAt,
  )
})
