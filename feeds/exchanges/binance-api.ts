/**
 * Binance spot: combined streams and the REST history.
 * Source: Binance "WebSocket Streams" (General WSS information) and "Market Data endpoints" (Old trade lookup,
 * Compressed/Aggregate trades list, Exchange information).
 */
import { MalformedFrame } from '../decoder.ts'
import { fieldsOf, isObject, parseFrame } from '../fields.ts'
import { type IdRange, PAGE_TRADES, type RestApi, type StreamApi, type StreamKind } from '../protocol.ts'
import { binance } from './binance.ts'

/** A market that the exchange does not have (error codes, "INVALID SYMBOL"). */
const INVALID_SYMBOL = '-1121'

export const binanceStream: StreamApi = {
  address: (base, pairs, stream) =>
    `${base}/stream?streams=${pairs.map(pair => `${pair.symbol.toLowerCase()}@${stream}`).join('/')}`,
  // The address names the streams, so nothing is sent. The WebSocket itself answers the server's pings.
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
    markets: {
      // A request weighs 20 of 6,000 a minute, however many markets it names; an address has to fit a request line.
      named: 100,
      path: symbols =>
        `/api/v3/exchangeInfo?symbols=${encodeURIComponent(JSON.stringify(symbols))}&showPermissionSets=false`,
      read({ status, body }) {
        if (status === 400 && body.includes(INVALID_SYMBOL)) return 'unknown'
        if (status !== 200) return undefined
        const reply = parseFrame(body)
        const rows = isObject(reply) ? reply.symbols : undefined
        if (!Array.isArray(rows)) throw new MalformedFrame(`${code}'s exchangeInfo has no list of symbols.`)
        return rows.map(row => {
          const fields = fieldsOf(`A market of ${code}`, row)
          return {
            symbol: fields.text('symbol'),
            base: fields.text('baseAsset'),
            quote: fields.text('quoteAsset'),
            isTraded: fields.text('status') === 'TRADING',
          }
        })
      },
    },
    history: {
      path: (pair, range, stream) => pagePath(pair.symbol, range.from, stream),
      page(body, pair, range, stream, receivedAt) {
        const rows = parseFrame(body)
        if (!Array.isArray(rows)) throw new MalformedFrame(`${code}'s history of ${pair.symbol} is not a list.`)
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
