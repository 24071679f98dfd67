/**
 * Bybit spot: the public stream and the list of instruments.
 * Source: Bybit API v5, "WebSocket Stream", "Connect", and "Market", "Get Instruments Info".
 */
import { piecesOf } from '../../../../domain/pieces.ts'
import { isObject, parseFrame } from '../../../../feeds/fields.ts'
import type { RestApi, StreamApi } from '../../../../feeds/protocol.ts'

/** A spot request subscribes to at most so many topics. */
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
  pairPath: pair => `/v5/market/instruments-info?category=spot&symbol=${pair.symbol}`,
  isTraded({ status, body }) {
    if (status !== 200) return undefined
    const reply = parseFrame(body)
    const list = isObject(reply) && isObject(reply.result) ? reply.result.list : undefined
    return Array.isArray(list) ? list.length > 0 : undefined
  },
}
