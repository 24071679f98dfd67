/**
 * Bybit spot: the public stream and the list of instruments.
 * Source: Bybit API v5, "WebSocket Stream", "Connect", and "Market", "Get Instruments Info".
 */
import { piecesOf } from '../../../../domain/pieces.ts'
import { fieldsOf, isObject, parseFrame } from '../../../../feeds/fields.ts'
import type { RestApi, StreamApi } from '../../../../feeds/protocol.ts'

/** A spot request subscribes to at most this many topics. */
const TOPICS = 10
const PING_MS = 20_000

export const bybitStream: StreamApi = {
  address: base => `${base}/v5/public/spot`,
  subscriptions: pairs =>
    piecesOf(pairs, TOPICS).map(some =>
      JSON.stringify({ op: 'subscribe', args: some.map(pair => `publicTrade.${pair.symbol}`) }),
    ),
  confirmations: pairs => Math.ceil(pairs.length / TOPICS),
  ping: { everyMs: PING_MS, text: '{"op":"ping"}' },
  control(frame) {
    if (!isObject(frame)) return { kind: 'unknown' }
    if (frame.success === false) return { kind: 'error', problem: String(frame.ret_msg ?? 'no reason given') }
    if (frame.op === 'subscribe' && frame.success === true) return { kind: 'subscribed' }
    if (frame.op === 'pong' || frame.ret_msg === 'pong') return { kind: 'heartbeat' }
    return { kind: 'unknown' }
  },
}

/** Without a history: the last 60 trades cannot be asked for by id, and ids do not count up by one within a symbol. */
export const bybitRest: RestApi = {
  timePath: '/v5/market/time',
  markets: {
    path: () => '/v5/market/instruments-info?category=spot',
    read({ status, body }) {
      if (status !== 200) return undefined
      const reply = parseFrame(body)
      const list = isObject(reply) && isObject(reply.result) ? reply.result.list : undefined
      if (!Array.isArray(list)) return undefined
      return list.map(row => {
        const fields = fieldsOf("A market of Bybit's", row)
        const isTraded = fields.text('status') === 'Trading'
        return {
          symbol: fields.text('symbol'),
          base: fields.text('baseCoin'),
          quote: fields.text('quoteCoin'),
          isTraded,
        }
      })
    },
  },
}
