/**
 * Coinbase Exchange: channels `matches` and `heartbeat`, and the REST history.
 * Source: Coinbase Exchange "WebSocket Overview", "WebSocket Channels", "Get product trades", "Pagination".
 */
import { type Pair, symbolOf } from '../../domain/pairs.ts'
import { MalformedFrame } from '../decoder.ts'
import { fieldsOf, isObject, parseFrame } from '../fields.ts'
import { readRows } from '../history-rows.ts'
import { PAGE_TRADES, type RestApi, type StreamApi } from '../protocol.ts'
import { coinbase } from './coinbase.ts'

const productOf = (pair: Pair) => `${pair.base}-${pair.quote}`

export const coinbaseStream: StreamApi = {
  address: base => base,
  subscriptions: pairs => [
    JSON.stringify({ type: 'subscribe', product_ids: pairs.map(productOf), channels: ['matches', 'heartbeat'] }),
  ],
  confirmations: () => 1,
  control(frame) {
    if (!isObject(frame)) return { kind: 'unknown' }
    if (frame.type === 'subscriptions') return { kind: 'subscribed' }
    if (frame.type === 'heartbeat') {
      const product = typeof frame.product_id === 'string' ? frame.product_id : ''
      const lastId = Number(String(frame.last_trade_id))
      return Number.isSafeInteger(lastId) && lastId > 0
        ? { kind: 'heartbeat', symbol: product.replace('-', ''), lastId }
        : { kind: 'heartbeat' }
    }
    if (frame.type === 'error') {
      const problem = [frame.message, frame.reason].filter(text => typeof text === 'string').join(': ')
      const [product] = /\b[A-Z0-9]+-[A-Z0-9]+\b/.exec(String(frame.reason)) ?? []
      // One product that it does not have spoils the whole request.
      return frame.message === 'Failed to subscribe' && product !== undefined
        ? { kind: 'refused', symbol: symbolOf(product), problem, again: true }
        : { kind: 'error', problem }
    }
    return { kind: 'unknown' }
  },
}

/** History of an exchange code's market. */
export function coinbaseRest(code: string): RestApi {
  const decoder = coinbase(code)
  return {
    timePath: '/time',
    markets: {
      path: () => '/products',
      read({ status, body }) {
        if (status !== 200) return undefined
        const rows = parseFrame(body)
        if (!Array.isArray(rows)) throw new MalformedFrame(`${code}'s products are not a list.`)
        return rows.map(row => {
          const fields = fieldsOf(`A product of ${code}`, row)
          const base = fields.text('base_currency')
          const quote = fields.text('quote_currency')
          const isTraded = fields.text('status') === 'online' && !(isObject(row) && row.trading_disabled === true)
          return { symbol: base + quote, base, quote, isTraded }
        })
      },
    },
    history: {
      // Newest first: `after` gives ids below it. The trade behind the range is asked for too: where it is there, the
      // history has caught up with the stream.
      begin: range => String(range.to + 2),
      path: ({ pair, cursor }) => `/products/${productOf(pair)}/trades?limit=${PAGE_TRADES}&after=${cursor}`,
      page(body, { pair, range, cursor }, receivedAt) {
        const rows = parseFrame(body)
        if (!Array.isArray(rows)) throw new MalformedFrame(`${code}'s history of ${pair.symbol} is not a list.`)
        const read = readRows(
          decoder,
          rows.map(row => asStreamed(row, pair)),
          receivedAt,
        )
        const { ids } = read
        const isFirst = Number(cursor) === range.to + 2
        const more = rows.length === PAGE_TRADES && ids !== undefined && ids.from > range.from
        return {
          ...read,
          covers: ids && {
            // A page that is not full is the begin of all trades.
            from: rows.length < PAGE_TRADES ? 0 : ids.from,
            to: isFirst ? ids.to : Number(cursor) - 1,
          },
          next: more ? String(ids.from) : undefined,
        }
      },
    },
  }
}

/** A row of the history has no sequence and names no product. */
function asStreamed(row: unknown, pair: Pair): unknown {
  return { ...(isObject(row) ? row : { row }), type: 'match', product_id: productOf(pair) }
}
