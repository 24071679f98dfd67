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
        status: book.isListed(pair.number) ? 'online' : 'cancel_only',
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
    const { page, last } =
      since === null
        ? { page: book.last(pair.number, count), last: `${book.now()}000` }
        : pageAfter(pair.number, since, count)
    return json(`{"error":[],"result":{"${pair.name}":[${page.map(row).join(',')}],"last":"${last}"}}`)
  }

  /**
   * Kraken's times are nanoseconds, so that no two trades of a pair share one and `last` names the end of a page exactly.
   * Here the nanosecond is the trade's place among those of its microsecond.
   */
  function pageAfter(number: number, since: string, count: number): { page: MarketTrade[]; last: string } {
    const micros = Number(BigInt(since) / 1000n)
    const place = Number(BigInt(since) % 1000n)
    const trades = book.after(number, micros - 1, count + place + 1)
    const known = trades.filter(({ happenedAt }, i) => happenedAt === micros && i <= place).length
    const page = trades.slice(known, known + count)
    const end = page.at(-1)
    if (!end) return { page, last: since }
    const first = trades.findIndex(({ happenedAt }) => happenedAt === end.happenedAt)
    return { page, last: `${end.happenedAt}${String(trades.indexOf(end) - first).padStart(3, '0')}` }
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

function fail(error: string): HttpReply {
  return json(JSON.stringify({ error: [error] }))
}
