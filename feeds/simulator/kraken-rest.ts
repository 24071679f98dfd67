/** Kraken's REST API, as far as a feed needs it. Source: Kraken "Get Recent Trades", "Get Tradable Asset Pairs". */
import type { HttpReply } from '../../domain/feed-ports.ts'
import { json, wholeNumber } from './http.ts'
import { findPair, type Pair } from './kraken-pairs.ts'
import type { MarketTrade } from './market.ts'
import { secondsTime } from './times.ts'
import type { Book } from './types.ts'

const MAX_COUNT = 1000
const PRICE_DIGITS = 5
const UNKNOWN_PAIR = 'EQuery:Unknown asset pair'
const INVALID = 'EGeneral:Invalid arguments'

export function krakenRest(book: Book, pairs: readonly Pair[]): (url: URL) => HttpReply {
  function assetPairs(url: URL): HttpReply {
    const asked = url.searchParams.get('pair')
    const found = asked === null ? pairs : asked.split(',').map(name => findPair(pairs, name))
    const result: Record<string, unknown> = {}
    for (const pair of found) {
      if (!pair) return fail(UNKNOWN_PAIR)
      const { altname, v1, base, quote, name, instrument } = pair
      result[name] = {
        altname,
        wsname: v1,
        base,
        quote,
        lot_decimals: 8,
        tick_size: book.amount(instrument.priceStep, 'plain'),
        status: 'online',
      }
    }
    return json(JSON.stringify({ error: [], result }))
  }

  function trades(url: URL): HttpReply {
    const asked = url.searchParams.get('pair')
    if (asked === null) return fail(INVALID)
    const pair = findPair(pairs, asked)
    if (!pair) return fail(UNKNOWN_PAIR)
    const count = wholeNumber(url, 'count') ?? MAX_COUNT
    const since = url.searchParams.get('since')
    if (!(count >= 1 && count <= MAX_COUNT) || (since !== null && !/^\d{1,19}$/.test(since))) return fail(INVALID)
    const page =
      since === null
        ? book.last(pair.number, count)
        : wholeMoments(book.after(pair.number, Number(BigInt(since) / 1000n), count + 1), count)
    const last = page.at(-1)
    const end = last ? `${last.happenedAt}000` : (since ?? `${book.now()}000`)
    return json(`{"error":[],"result":{"${pair.name}":[${page.map(row).join(',')}],"last":"${end}"}}`)
  }

  const row = ({ price, quantity, timestamp, side, id }: MarketTrade) =>
    `["${book.amount(price, PRICE_DIGITS)}","${book.amount(quantity, 8)}",${secondsTime(timestamp)},"${side === 'BUY' ? 'b' : 's'}","${id % 3 === 0 ? 'l' : 'm'}","",${id}]`

  return url => {
    switch (url.pathname) {
      case '/0/public/Trades':
        return trades(url)
      case '/0/public/AssetPairs':
        return assetPairs(url)
      case '/0/public/SystemStatus':
        return json('{"error":[],"result":{"status":"online"}}')
      default:
        return json('{"error":["EGeneral:Unknown method"]}', 404)
    }
  }
}

/**
 * So many trades, but for those of a microsecond that would be cut in two: the next page begins after `last`, and would
 * miss the rest of it.
 */
function wholeMoments(trades: readonly MarketTrade[], count: number): readonly MarketTrade[] {
  const next = trades[count]
  if (!next) return trades
  const whole = trades.filter(({ happenedAt }) => happenedAt < next.happenedAt)
  return whole.length > 0 ? whole : trades.slice(0, count)
}

function fail(error: string): HttpReply {
  return json(JSON.stringify({ error: [error] }))
}
