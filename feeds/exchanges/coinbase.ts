/**
 * Coinbase Exchange: `match` and `last_match` (the last trade before a subscription, repeated).
 * Source: Coinbase Exchange "WebSocket Channels", matches.
 */
import { type DecodedTrade, type Decoder, MalformedFrame } from '../decoder.ts'
import { decoderOf, fieldsOf, isObject, tradesOf } from '../fields.ts'

/** A decoder of Coinbase's frames under an exchange code. */
export function coinbase(exchange: string): Decoder {
  return decoderOf(function* (message, receivedAt, unreadable) {
    if (!isObject(message)) return
    const { type } = message
    if (type !== 'match' && type !== 'last_match') return
    const names = { market: 'product_id', number: 'trade_id' }
    yield* tradesOf([message], row => decode(exchange, type, row), receivedAt, names, unreadable)
  })
}

function decode(exchange: string, type: string, message: unknown): DecodedTrade {
  const fields = fieldsOf(`A ${exchange} ${type}`, message)
  const product = fields.text('product_id')
  const [base, quote, ...more] = product.split('-')
  if (!base || !quote || more.length > 0)
    throw new MalformedFrame(`${exchange} product ${JSON.stringify(product)} is not of the form BTC-USD.`)
  const makerSide = fields.text('side')
  const number = fields.integer('trade_id')
  return {
    exchange,
    id: number.toString(),
    number,
    symbol: base + quote,
    currency: quote,
    timestamp: fields.isoTime('time'),
    price: fields.price('price'),
    quantity: fields.quantity('size'),
    // `side` is the maker's; the aggressor is on the other one.
    side: makerSide === 'buy' ? 'SELL' : makerSide === 'sell' ? 'BUY' : fields.fail('side', "'buy' or 'sell'"),
    // The REST history has no sequence.
    ...(fields.has('sequence') && { sequence: fields.integer('sequence') }),
    vendorData: {
      type,
      product_id: product,
      maker_side: makerSide,
      maker_order_id: fields.optionalText('maker_order_id'),
      taker_order_id: fields.optionalText('taker_order_id'),
    },
  }
}
