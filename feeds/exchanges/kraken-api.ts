/**
 * Kraken: the WebSocket API v2 and the REST history.
 * Source: Kraken "WebSocket API v2" (trade, ping, heartbeat, status) and "Get Recent Trades", "Get Tradable Asset Pairs".
 */
import { commonName, type Pair, symbolOf } from '../../domain/pairs.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { MalformedFrame } from '../decoder.ts'
import { isObject, parseFrame } from '../fields.ts'
import { readRows } from '../history-rows.ts'
import { PAGE_TRADES, type RestApi, type StreamApi } from '../protocol.ts'
import { kraken } from './kraken.ts'

/** A trade's time may be this much earlier than those of trades before it. */
const DISORDER_MICROS = MINUTE_MICROS

/** States of a pair in which trades are made ("Get Tradable Asset Pairs", status). */
const TRADED: ReadonlySet<unknown> = new Set(['online', 'post_only', 'limit_only', 'reduce_only'])

/** v2 uses the usual names of assets; REST takes those and Kraken's own. */
const nameOf = (pair: Pair) => `${pair.base}/${pair.quote}`

export const krakenStream: StreamApi = {
  address: base => `${base}/v2`,
  subscriptions: pairs => [
    // The snapshot of the last 50 trades closes short gaps without a request.
    JSON.stringify({ method: 'subscribe', params: { channel: 'trade', symbol: pairs.map(nameOf), snapshot: true } }),
  ],
  confirmations: pairs => pairs.length,
  ping: { everyMs: 30_000, text: '{"method":"ping"}' },
  control(frame) {
    if (!isObject(frame)) return { kind: 'unknown' }
    if (frame.channel === 'heartbeat' || frame.method === 'pong') return { kind: 'heartbeat' }
    // `data` of a trade frame may be empty.
    if (frame.channel === 'status' || frame.channel === 'trade') return { kind: 'other' }
    if (frame.success === false || typeof frame.error === 'string') {
      const problem = String(frame.error ?? 'no reason given')
      // Each market is answered by itself.
      return frame.method === 'subscribe' && typeof frame.symbol === 'string'
        ? { kind: 'refused', symbol: symbolOf(frame.symbol), problem, again: false }
        : { kind: 'error', problem }
    }
    if (frame.method === 'subscribe' && frame.success === true) return { kind: 'subscribed' }
    return { kind: 'unknown' }
  },
}

/** History of an exchange code's spot market. */
export function krakenRest(code: string): RestApi {
  const decoder = kraken(code)
  return {
    timePath: '/0/public/Time',
    markets: {
      // All of them: a pair has several names here, and one that is unknown spoils a request that names it.
      path: () => '/0/public/AssetPairs',
      read({ status, body }) {
        if (status !== 200) return undefined
        const reply = parseFrame(body)
        if (!isObject(reply) || !isObject(reply.result)) return undefined
        return Object.values(reply.result).flatMap(row => {
          // Dark pools have no name on the WebSocket.
          const name = isObject(row) && typeof row.wsname === 'string' ? row.wsname : ''
          const [base, quote] = name.split('/').map(commonName)
          if (!isObject(row) || !base || !quote) return []
          const isTraded = row.status === undefined || TRADED.has(row.status)
          const restName = typeof row.altname === 'string' ? row.altname : undefined
          return { symbol: base + quote, base, quote, isTraded, ...(restName && { restName }) }
        })
      },
    },
    history: {
      needsTime: true,
      // By time, nanoseconds since 1970: ids cannot be asked for. Ids and times need not have the same order.
      begin: range => String((range.after - DISORDER_MICROS) * 1000n),
      path: ({ pair, cursor }) =>
        `/0/public/Trades?pair=${pair.restName ?? nameOf(pair)}&since=${cursor}&count=${PAGE_TRADES}`,
      page(body, { pair, range }, receivedAt) {
        const { rows, last } = resultOf(body, code, pair)
        const read = readRows(
          decoder,
          rows.map(row => asStreamed(row, pair)),
          receivedAt,
        )
        // A trade of the range may be a little later than one behind it: what is behind the range begins with a page of its own.
        const more = rows.length === PAGE_TRADES && (read.ids === undefined || read.ids.from <= range.to)
        return { ...read, covers: read.ids, next: more ? last : undefined }
      },
    },
  }
}

function resultOf(body: string, code: string, pair: Pair): { rows: unknown[]; last: string } {
  const reply = parseFrame(body)
  const result = isObject(reply) && isObject(reply.result) ? reply.result : {}
  const [rows] = Object.entries(result).flatMap(([name, value]) =>
    name !== 'last' && Array.isArray(value) ? [value] : [],
  )
  if (!rows || typeof result.last !== 'string')
    throw new MalformedFrame(`${code}'s history of ${pair.symbol} has no trades and 'last': ${body.slice(0, 100)}`)
  return { rows, last: result.last }
}

/** A row `[price, volume, seconds, b|s, m|l, misc, trade_id]` as the stream would have sent it. */
function asStreamed(row: unknown, pair: Pair): unknown {
  // The decoder says that this is no trade.
  if (!Array.isArray(row)) return { channel: 'trade', data: [row] }
  const [price, qty, seconds, side, type, , tradeId] = row
  return {
    channel: 'trade',
    data: [
      {
        symbol: nameOf(pair),
        side: side === 'b' ? 'buy' : side === 's' ? 'sell' : side,
        price,
        qty,
        ord_type: type === 'l' ? 'limit' : 'market',
        trade_id: tradeId,
        timestamp: isoOf(seconds),
      },
    ],
  }
}

/** Seconds since 1970 with a fraction, as ISO 8601: the digits are kept as they are. */
function isoOf(seconds: unknown): unknown {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(String(seconds))
  if (!match) return seconds
  const whole = new Date(Number(match[1]) * 1000).toISOString().slice(0, 19)
  return `${whole}${match[2] === undefined ? '' : `.${match[2]}`}Z`
}
