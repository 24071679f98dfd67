/**
 * Kraken: trades of API v1 (arrays, several trades a frame, no ids) and v2 (objects with ids).
 * Source: Kraken "WebSockets API" v1 and v2, channel trade.
 */
import { createHash } from 'node:crypto'
import { commonName } from '../../domain/pairs.ts'
import { LAST_MICROS } from '../../domain/time.ts'
import { type DecodedTrade, type Decoder, MalformedFrame } from '../decoder.ts'
import { decoderOf, fieldsOf, isObject, tradesOf } from '../fields.ts'

/** Length of the hash that stands for a v1 trade's id: 128 bits. */
const ID_HEX_DIGITS = 32

/** A decoder of Kraken's frames under an exchange code. */
export function kraken(exchange: string): Decoder {
  return decoderOf(function* (frame, receivedAt, unreadable) {
    if (Array.isArray(frame)) {
      if (frame.at(-2) !== 'trade') return
      const { trades, read } = decoderV1(exchange, frame)
      yield* tradesOf(trades, read, receivedAt, { market: '' }, unreadable)
    } else if (isObject(frame) && frame.channel === 'trade') {
      if (!Array.isArray(frame.data)) throw new MalformedFrame(`A ${exchange} trade frame has no list in 'data'.`)
      const names = { market: 'symbol', number: 'trade_id' }
      yield* tradesOf(frame.data, row => decodeV2(exchange, row), receivedAt, names, unreadable)
    }
  })
}

/** `[channelID, [[price, volume, time, side, orderType, misc], …], "trade", "XBT/USD"]` */
function decoderV1(exchange: string, frame: readonly unknown[]) {
  const pair = frame.at(-1)
  const trades = frame[1]
  if (frame.length !== 4 || typeof pair !== 'string' || !Array.isArray(trades))
    throw new MalformedFrame(`A ${exchange} trade frame is not [channel, trades, "trade", pair].`)
  const seen = new Map<string, number>()
  const read = (trade: unknown): DecodedTrade => {
    const fields = fieldsOf(`A ${exchange} trade of ${JSON.stringify(pair)}`, trade)
    // The texts are hashed as Kraken writes them, which is with a fixed number of digits.
    const identity = [pair, ...[2, 0, 1, 3, 4].map(index => fields.text(index))].join('|')
    const occurrence = seen.get(identity) ?? 0
    seen.set(identity, occurrence + 1)
    const id = createHash('sha256').update(`${identity}|${occurrence}`).digest('hex').slice(0, ID_HEX_DIGITS)
    const side = fields.text(3)
    const timestamp = fields.decimal(2, 6)
    if (timestamp < 0n || timestamp > LAST_MICROS) fields.fail(2, 'time in seconds')
    return {
      exchange,
      id,
      ...assetsOf(exchange, pair),
      timestamp,
      price: fields.price(0),
      quantity: fields.quantity(1),
      // The taker's.
      side: side === 'b' ? 'BUY' : side === 's' ? 'SELL' : fields.fail(3, "'b' or 's'"),
      vendorData: { pair, order_type: fields.text(4), misc: fields.optionalText(5) },
    }
  }
  return { trades, read }
}

/** `{symbol, side, price, qty, ord_type, trade_id, timestamp}`, price and quantity as JSON numbers. */
function decodeV2(exchange: string, trade: unknown): DecodedTrade {
  const fields = fieldsOf(`A ${exchange} trade`, trade)
  const pair = fields.text('symbol')
  const side = fields.text('side')
  const number = fields.integer('trade_id')
  return {
    exchange,
    id: number.toString(),
    number,
    ...assetsOf(exchange, pair),
    timestamp: fields.isoTime('timestamp'),
    price: fields.price('price'),
    quantity: fields.quantity('qty'),
    side: side === 'buy' ? 'BUY' : side === 'sell' ? 'SELL' : fields.fail('side', "'buy' or 'sell'"),
    vendorData: { pair, order_type: fields.optionalText('ord_type'), misc: '' },
  }
}

function assetsOf(exchange: string, pair: string): { symbol: string; currency: string } {
  const [base, quote, ...more] = pair.split('/').map(commonName)
  if (!base || !quote || more.length > 0)
    throw new MalformedFrame(`${exchange} pair ${JSON.stringify(pair)} is not of the form XBT/USD.`)
  return { symbol: base + quote, currency: quote }
}
