/**
 * Binance spot: combined streams and the REST history.
 * Source: Binance "WebSocket Streams" (General WSS information) and "Market Data endpoints" (Old trade lookup,
 * Compressed/Aggregate trades list, Exchange information).
 */
import { MalformedFrame } from '../decoder.ts'
import { fieldsOf, isObject, parseFrame } from '../fields.ts'
import { readRows } from '../history-rows.ts'
import { PAGE_TRADES, type RestApi, type StreamApi, type StreamKind } from '../protocol.ts'
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
    timePath: '/api/v3/time',
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
      begin: range => String(range.from),
      path: ({ pair: { symbol }, cursor, stream, address }) =>
        stream === 'aggTrade'
          ? `/api/v3/aggTrades?symbol=${symbol}&fromId=${cursor}&limit=${PAGE_TRADES}`
          : hasOnlyRecent(address)
            ? `/api/v3/trades?symbol=${symbol}&limit=${PAGE_TRADES}`
            : `/api/v3/historicalTrades?symbol=${symbol}&fromId=${cursor}&limit=${PAGE_TRADES}`,
      page(body, { pair, range, cursor, stream, address }, receivedAt) {
        const rows = parseFrame(body)
        if (!Array.isArray(rows)) throw new MalformedFrame(`${code}'s history of ${pair.symbol} is not a list.`)
        const read = readRows(
          decoder,
          rows.map(row => asStreamed(row, pair.symbol, stream)),
          receivedAt,
        )
        if (stream === 'trade' && hasOnlyRecent(address))
          return {
            ...read,
            covers: read.ids,
            next: undefined,
            isPartial: read.ids === undefined || read.ids.from > range.from,
          }
        const more = rows.length === PAGE_TRADES && read.ids !== undefined && read.ids.to < range.to
        return {
          ...read,
          covers: read.ids && { from: Number(cursor), to: read.ids.to },
          next: more ? String(read.ids.to + 1) : undefined,
        }
      },
    },
  }
}

/**
 * The addresses that serve only market data have no historicalTrades, only the last trades:
 * https://developers.binance.com/docs/binance-spot-api-docs/faqs/market_data_only
 */
function hasOnlyRecent(address: string): boolean {
  return new URL(address).hostname.startsWith('data-api.')
}

/** A row of the history under the names that the stream has for its fields: one decoder reads both. */
function asStreamed(row: unknown, symbol: string, stream: StreamKind): unknown {
  if (!isObject(row)) return { e: stream, s: symbol, row }
  if (stream === 'aggTrade') return { ...row, e: 'aggTrade', s: symbol }
  return { e: 'trade', s: symbol, t: row.id, p: row.price, q: row.qty, T: row.time, m: row.isBuyerMaker }
}
