/**
 * Binance spot and futures: `trade` and `aggTrade`, as raw and as combined streams.
 * Source: Binance "WebSocket Streams" (Trade Streams, Aggregate Trade Streams).
 */
import { fieldsOf, isObject, parseFrame } from './json.ts'
import { type DecodedTrade, type Decoder, tradeOf } from './types.ts'

// Symbols have no separator: the quote asset is the longest of these that the symbol ends with.
const QUOTES = [
  ...['FDUSD', 'BFUSD', 'RLUSD', 'USDT', 'USDC', 'BUSD', 'TUSD', 'USDP', 'USDS', 'USD1', 'XUSD', 'EURI', 'AEUR'],
  ...[
    'IDRT',
    'BIDR',
    'BVND',
    'BKRW',
    'DOGE',
    'BTC',
    'ETH',
    'BNB',
    'XRP',
    'TRX',
    'SOL',
    'DOT',
    'DAI',
    'PAX',
    'VAI',
    'UST',
  ],
  ...[
    'EUR',
    'GBP',
    'AUD',
    'TRY',
    'BRL',
    'RUB',
    'UAH',
    'ZAR',
    'NGN',
    'JPY',
    'MXN',
    'PLN',
    'RON',
    'ARS',
    'COP',
    'CZK',
    'USD',
  ],
].sort((a, b) => b.length - a.length)

/** Years after 9999 are no times (and would overflow as microseconds). */
const MAX_TIME_MS = 253_402_300_799_999n

/** A decoder of Binance's frames under an exchange code: `BINANCE` for spot, futures have one of their own. */
export function binance(exchange: string): Decoder {
  return {
    *map(frame, receivedAt) {
      const parsed = parseFrame(frame)
      const message = isObject(parsed) && isObject(parsed.data) ? parsed.data : parsed
      if (!isObject(message)) return
      if (message.e === 'trade' || message.e === 'aggTrade')
        yield tradeOf(decode(exchange, message.e, message), receivedAt)
    },
  }
}

function decode(exchange: string, kind: 'trade' | 'aggTrade', message: unknown): DecodedTrade {
  const fields = fieldsOf(`A ${exchange} ${kind}`, message)
  const symbol = fields.text('s')
  const time = fields.integer('T')
  if (time > MAX_TIME_MS) fields.fail('T', 'time in milliseconds')
  const buyerIsMaker = fields.boolean('m')
  const aggregate = kind === 'aggTrade'
  const id = fields.integer(aggregate ? 'a' : 't').toString()
  return {
    exchange,
    id: aggregate ? `AGG-${id}` : id,
    symbol,
    currency: quoteOf(symbol),
    timestamp: time * 1000n,
    price: fields.decimal('p'),
    quantity: fields.decimal('q'),
    // Where the buyer is the maker, the aggressor sold.
    side: buyerIsMaker ? 'SELL' : 'BUY',
    vendorData: {
      event_type: kind,
      is_buyer_maker: String(buyerIsMaker),
      ...(aggregate
        ? {
            agg_trade_id: id,
            first_trade_id: fields.integer('f').toString(),
            last_trade_id: fields.integer('l').toString(),
          }
        : { trade_id: id }),
    },
  }
}

/** `UNKNOWN` where no known quote asset ends the symbol: a new listing's trades are kept, its currency is not guessed. */
function quoteOf(symbol: string): string {
  // Delivery contracts carry their date after the pair: ETHUSDT_210625, BTCUSD_PERP.
  const [pair, contract] = symbol.split('_', 2)
  // Coin-margined contracts are all in USD, which `TUSD` could hide: GMTUSD_PERP.
  if (contract !== undefined && pair.endsWith('USD')) return 'USD'
  return QUOTES.find(quote => pair.length > quote.length && pair.endsWith(quote)) ?? 'UNKNOWN'
}
