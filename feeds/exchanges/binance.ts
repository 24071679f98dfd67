/**
 * Binance spot and futures: `trade` and `aggTrade`, as raw and as combined streams.
 * Source: Binance "WebSocket Streams" (Trade Streams, Aggregate Trade Streams).
 */
import { quoteOf } from '../../domain/pairs.ts'
import type { DecodedTrade, Decoder } from '../decoder.ts'
import { decoderOf, fieldsOf, isObject, tradesOf } from '../fields.ts'

/** A decoder of Binance's frames under an exchange code: `BINANCE` for spot, futures have one of their own. */
export function binance(exchange: string): Decoder {
  return decoderOf(function* (frame, receivedAt, unreadable) {
    const message = isObject(frame) && isObject(frame.data) ? frame.data : frame
    if (!isObject(message)) return
    const kind = message.e
    if (kind !== 'trade' && kind !== 'aggTrade') return
    const names = { market: 's', number: kind === 'trade' ? 't' : 'a' }
    yield* tradesOf([message], row => decode(exchange, kind, row), receivedAt, names, unreadable)
  })
}

function decode(exchange: string, kind: 'trade' | 'aggTrade', message: unknown): DecodedTrade {
  const fields = fieldsOf(`A ${exchange} ${kind}`, message)
  const symbol = fields.text('s')
  const buyerIsMaker = fields.boolean('m')
  const aggregate = kind === 'aggTrade'
  const number = fields.integer(aggregate ? 'a' : 't')
  const id = number.toString()
  return {
    exchange,
    id: aggregate ? `AGG-${id}` : id,
    number,
    symbol,
    currency: quoteOf(symbol),
    timestamp: fields.milliseconds('T'),
    price: fields.price('p'),
    quantity: fields.quantity('q'),
    // Where the buyer is the maker, the aggressor sold.
    side: buyerIsMaker ? 'SELL' : 'BUY',
    vendorData: {
      event_type: kind,
      is_buyer_maker: String(buyerIsMaker),
      ...(aggregate
        ? {
            agg_trade_id: id,
            // Not every source of aggregates says which trades they hold.
            ...(fields.has('f') && { first_trade_id: fields.integer('f').toString() }),
            ...(fields.has('l') && { last_trade_id: fields.integer('l').toString() }),
          }
        : { trade_id: id }),
    },
  }
}
