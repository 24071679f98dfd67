/** Binance's REST API, as far as a feed needs it. Source: Binance "Public API Endpoints" and "Errors". */
import type { HttpReply } from '../../domain/feed-ports.ts'
import { json, wholeNumber } from './http.ts'
import type { MarketTrade } from './market.ts'
import type { Book } from './types.ts'

/** Aggregates have numbers of their own; here each holds one trade, whose id this is added to. */
export const AGGREGATE_OFFSET = 1_000_000
const DEFAULT_LIMIT = 500
const MAX_LIMIT = 1000

export function binanceRest(book: Book): (url: URL) => HttpReply {
  const numbers = new Map(book.instruments.map(({ symbol }, number) => [symbol, number]))

  function exchangeInfo(url: URL): HttpReply {
    const one = url.searchParams.get('symbol')
    const several = url.searchParams.get('symbols')
    const wanted = one !== null ? [one] : several !== null ? listOf(several) : [...numbers.keys()]
    if (!wanted) return fail(-1100, "Illegal characters found in parameter 'symbols'.")
    if (!wanted.every(symbol => numbers.has(symbol))) return fail(-1121, 'Invalid symbol.')
    const symbols = wanted.map(symbol => {
      const number = numbers.get(symbol) ?? 0
      return { ...book.instruments[number], status: book.isListed(number) ? 'TRADING' : 'BREAK' }
    })
    return json(
      JSON.stringify({
        timezone: 'UTC',
        serverTime: Math.floor(book.now() / 1000),
        rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 }],
        exchangeFilters: [],
        symbols: symbols.map(({ symbol, status, currency, priceStep, quantityStep }) => ({
          symbol,
          status,
          baseAsset: symbol.slice(0, -currency.length),
          baseAssetPrecision: 8,
          quoteAsset: currency,
          quoteAssetPrecision: 8,
          filters: [
            { filterType: 'PRICE_FILTER', tickSize: book.amount(priceStep, 8) },
            { filterType: 'LOT_SIZE', stepSize: book.amount(quantityStep, 8) },
          ],
        })),
      }),
    )
  }

  function history(url: URL, offset: number, write: (trade: MarketTrade) => string): HttpReply {
    const symbol = url.searchParams.get('symbol')
    if (!symbol) return fail(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    const number = numbers.get(symbol)
    if (number === undefined) return fail(-1121, 'Invalid symbol.')
    const asked = wholeNumber(url, 'limit') ?? DEFAULT_LIMIT
    const fromId = wholeNumber(url, 'fromId')
    for (const [name, value] of Object.entries({ limit: asked, fromId }))
      if (Number.isNaN(value))
        return fail(-1100, `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`)
    const limit = Math.min(asked, MAX_LIMIT)
    const trades = fromId === undefined ? book.last(number, limit) : book.fromId(number, fromId - offset, limit)
    return json(`[${trades.map(write).join(',')}]`)
  }

  const historicalTrade = ({ id, price, quantity, timestamp, side }: MarketTrade) =>
    `{"id":${id},"price":"${book.amount(price, 8)}","qty":"${book.amount(quantity, 8)}","quoteQty":"${book.amount((price * quantity) / 100_000_000n, 8)}","time":${timestamp / 1000},"isBuyerMaker":${side === 'SELL'},"isBestMatch":true}`
  const aggregateTrade = ({ id, price, quantity, timestamp, side }: MarketTrade) =>
    `{"a":${id + AGGREGATE_OFFSET},"p":"${book.amount(price, 8)}","q":"${book.amount(quantity, 8)}","f":${id},"l":${id},"T":${timestamp / 1000},"m":${side === 'SELL'},"M":true}`

  return url => {
    switch (url.pathname) {
      case '/api/v3/ping':
        return json('{}')
      case '/api/v3/time':
        return json(`{"serverTime":${Math.floor(book.now() / 1000)}}`)
      case '/api/v3/exchangeInfo':
        return exchangeInfo(url)
      case '/api/v3/trades':
        return history(url, 0, historicalTrade)
      case '/api/v3/historicalTrades':
        return history(url, 0, historicalTrade)
      case '/api/v3/aggTrades':
        return history(url, AGGREGATE_OFFSET, aggregateTrade)
      default:
        return json('{"code":-1,"msg":"Not found, unknown endpoint"}', 404)
    }
  }
}

function fail(code: number, msg: string): HttpReply {
  return json(JSON.stringify({ code, msg }), 400)
}

function listOf(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined
  } catch {
    return undefined
  }
}
