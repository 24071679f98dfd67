/**
 * Bybit spot: the topic `publicTrade`.
 * Source: Bybit API v5, "WebSocket Stream", "Public", "Trade".
 */
import { quoteOf } from '../../../../domain/pairs.ts'
import { type DecodedTrade, type Decoder, MalformedFrame } from '../../../../feeds/decoder.ts'
import { decoderOf, fieldsOf, isObject, tradesOf } from '../../../../feeds/fields.ts'

/** A decoder of Bybit's frames under an exchange code. */
export function bybit(exchange: string): Decoder {
  return decoderOf(function* (frame, receivedAt, unreadable) {
    if (!isObject(frame) || typeof frame.topic !== 'string' || !frame.topic.startsWith('publicTrade.')) return
    if (!Array.isArray(frame.data)) throw new MalformedFrame(`A ${exchange} trade frame has no list in 'data'.`)
    yield* tradesOf(frame.data, row => decode(exchange, row), receivedAt, { market: 's' }, unreadable)
  })
}

function decode(exchange: string, trade: unknown): DecodedTrade {
  const fields = fieldsOf(`A ${exchange} trade`, trade)
  const symbol = fields.text('s')
  const side = fields.text('S')
  return {
    exchange,
    id: fields.text('i'),
    symbol,
    currency: quoteOf(symbol),
    timestamp: fields.milliseconds('T'),
    price: fields.price('p'),
    quantity: fields.quantity('v'),
    // The taker's.
    side: side === 'Buy' ? 'BUY' : side === 'Sell' ? 'SELL' : fields.fail('S', "'Buy' or 'Sell'"),
    vendorData: { block_trade: String(fields.boolean('BT')) },
  }
}
