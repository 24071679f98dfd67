/**
 * Binance spot: combined streams and the REST history.
 * Source: Binance "WebSocket Streams" (General WSS information) and "Market Data endpoints" (Old trade lookup,
 * Compressed/Aggregate trades list, Exchange information).
 */
import { MalformedFrame } from '../decoder.ts'
import { isObject, parseFrame } from '../fields.ts'
import { type IdRange, PAGE_TRADES, type RestApi, type StreamApi, type StreamKind } from '../protocol.ts'
import { binance } from './binance.ts'

/** A market that the exchange does not have (error codes, "INVALID SYMBOL"). */
const INVALID_SYMBOL = '-1121'

export const binanceStream: StreamApi = {
  address: (base, pairs, stream) =>
    `${base}/stream?streams=${pairs.map(pair => `${pair.symbol.toLowerCase()}@${stream}`).join('/')}`,
  // The address says it all. The server's pings are answered by the WebSocket itself.
  subscriptions: () => [],
  confirmations: () => 0,
  control(frame) {
    if (!isObject(frame)) return { kind: 'unknown' }
    const message = isObject(frame.data) ? frame.data : frame
    if (message.e === 'serverShutdown') return { kind: 'shutdown' }
    if (isObject(frame.error)) return { kind: 'error', problem: String(frame.error.msg ?? 'no reason given') }
    if ('result' in frame) return { kind: 'other' }
    return { kind: 'unknown' }
  },
}

/** History of an exchange code's spot market. */
export function binanceRest(code: string): RestApi {
  const decoder = binance(code)
  return {
    pairPath: pair => `/api/v3/exchangeInfo?symbol=${pair.symbol}`,
    isTraded: ({ status, body }) =>
      status === 200 ? true : status === 400 && body.includes(INVALID_SYMBOL) ? false : undefined,
    history: {
      path: (pair, range, stream) => pagePath(pair.symbol, range.from, stream),
      page(body, pair, range, stream, receivedAt) {
        const rows = parseFrame(body)
        if (!Array.isArray(rows)) throw new MalformedFrame(`${code}'s history of ${pair.symbol} is no list.`)
        const trades = rows.flatMap(row => [...decoder.mapMessage(asStreamed(row, pair.symbol, stream), receivedAt)])
        const last = trades.at(-1)?.number
        const more = rows.length === PAGE_TRADES && last !== undefined && last < range.to
        return { trades, next: more ? pagePath(pair.symbol, last + 1, stream) : undefined }
      },
    },
  }
}

function pagePath(symbol: string, from: IdRange['from'], stream: StreamKind): string {
  const endpoint = stream === 'aggTrade' ? 'aggTrades' : 'historicalTrades'
  return `/api/v3/${endpoint}?symbol=${symbol}&fromId=${from}&limit=${PAGE_TRADES}`
}

/** A row of the history under the names that the stream has for its fields: one decoder reads both. */
function asStreamed(row: unknown, symbol: string, stream: StreamKind): unknown {
  if (!isObject(row)) return row
  if (stream === 'aggTrade') return { ...row, e: 'aggTrade', s: symbol }
  return { e: 'trade', s: symbol, t: row.id, p: row.price, q: row.qty, T: row.time, m: row.isBuyerMaker }
}
