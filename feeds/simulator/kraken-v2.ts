/**
 * Kraken's WebSockets v2: trades as objects with ids, prices and quantities as JSON numbers.
 * Source: Kraken "Spot WebSockets v2": Status, Trades, Heartbeat, Ping (docs.kraken.com).
 */
import { compare } from '../../domain/order.ts'
import type { Pair } from './kraken-pairs.ts'
import type { MarketTrade } from './market.ts'
import { isoTime } from './times.ts'
import type { Book, Line, Talk } from './types.ts'

const HEARTBEAT_MS = 1_000
const SNAPSHOT_TRADES = 50

export function krakenV2(book: Book, pairs: readonly Pair[], line: Line, connection: number): Talk {
  /** Numbers of the pairs. */
  const subscribed = new Set<number>()

  function entry({ number, side, price, quantity, id, timestamp }: MarketTrade): string {
    const order = id % 3 === 0 ? 'limit' : 'market'
    return `{"symbol":"${pairs[number].v2}","side":"${side.toLowerCase()}","price":${book.amount(price, 'plain')},"qty":${book.amount(quantity, 'plain')},"ord_type":"${order}","trade_id":${id},"timestamp":"${isoTime(timestamp)}"}`
  }

  const frame = (type: 'snapshot' | 'update', trades: readonly MarketTrade[]) =>
    `{"channel":"trade","type":"${type}","data":[${trades.map(entry).join(',')}]}`

  function status(system: string): string {
    const data = [{ version: '2.0.10', system, api_version: 'v2', connection_id: connection }]
    return JSON.stringify({ channel: 'status', type: 'update', data })
  }

  /** Kraken's replies name their fields in alphabetical order. */
  function reply(method: string, id: unknown, fields: Record<string, unknown>): string {
    const time = isoTime(book.now())
    const all = { ...fields, method, time_in: time, time_out: time, ...(id === undefined ? {} : { req_id: id }) }
    return JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => compare(a, b))))
  }

  function subscribe(name: unknown, snapshot: boolean, id: unknown): string[] {
    const pair = pairs.find(({ v2 }) => v2 === name)
    const fail = (error: string) => [reply('subscribe', id, { error, success: false, symbol: name })]
    if (!pair || !book.isListed(pair.number)) return fail(`Currency pair not supported ${name}`)
    if (subscribed.has(pair.number)) return fail('Already subscribed')
    subscribed.add(pair.number)
    const done = reply('subscribe', id, { result: { channel: 'trade', snapshot, symbol: name }, success: true })
    if (!snapshot) return [done]
    return [done, frame('snapshot', book.last(pair.number, SNAPSHOT_TRADES).filter(book.isStreamed))]
  }

  function unsubscribe(name: unknown, id: unknown): string[] {
    const pair = pairs.find(({ v2 }) => v2 === name)
    if (!pair || !subscribed.delete(pair.number))
      return [reply('unsubscribe', id, { error: 'Subscription Not Found', success: false, symbol: name })]
    return [reply('unsubscribe', id, { result: { channel: 'trade', symbol: name }, success: true })]
  }

  /** The replies to a message. */
  function answer(text: string): string[] {
    const message = parse(text)
    if (typeof message?.method !== 'string') return ['{"error":"Malformed request","success":false}']
    const { method, params, req_id: id } = message
    const fail = (error: string) => [reply(method, id, { error, success: false })]
    if (method === 'ping') return [reply('pong', id, {})]
    if (method !== 'subscribe' && method !== 'unsubscribe') return fail('Unsupported method')
    const { channel, symbol, snapshot } = (params ?? {}) as Record<string, unknown>
    if (channel !== 'trade') return fail(`Unsupported channel ${channel}`)
    if (!Array.isArray(symbol) || symbol.length === 0) return fail('Field(s) missing: [symbol]')
    return symbol.flatMap(name =>
      method === 'subscribe' ? subscribe(name, snapshot === true, id) : unsubscribe(name, id),
    )
  }

  function beat(): void {
    if (subscribed.size > 0) line.send('{"channel":"heartbeat"}')
    line.after(HEARTBEAT_MS, beat)
  }

  line.send(status('online'))
  line.after(HEARTBEAT_MS, beat)
  return {
    receive(text) {
      for (const reply of answer(text)) line.send(reply)
    },
    frames(trades) {
      const wanted = trades.filter(({ number }) => subscribed.has(number))
      return [...Map.groupBy(wanted, ({ number }) => number).values()].map(group => frame('update', group))
    },
    malformedFrame: trade => frame('update', [trade]).replace(/"price":[^,]*/, '"price":null'),
    errorFrame: () => '{"error":"Exceeded msg rate","method":"subscribe","success":false}',
    unknownFrame: () => '{"channel":"announcement","type":"update","data":[{"text":"scheduled maintenance"}]}',
    shutdownNotice: () => status('maintenance'),
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
