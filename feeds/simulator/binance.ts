/**
 * Binance spot as clients see it: combined and raw streams of `trade` and `aggTrade`, and the REST API's trade history.
 * Source: Binance "WebSocket Streams" and "Public API Endpoints" (developers.binance.com).
 */
import { DAY_MS } from '../../domain/time.ts'
import { AGGREGATE_OFFSET, binanceRest } from './binance-rest.ts'
import type { MarketTrade } from './market.ts'
import type { Book, Line, Protocol, Talk } from './types.ts'

const PING_MS = 20_000
const MAX_AGE_MS = DAY_MS
const MAX_MESSAGES_PER_SECOND = 5
const MAX_STREAMS = 1024
const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY']

export function binance(book: Book): Protocol {
  const rest = binanceRest(book)
  return {
    serves: path => /^\/(?:ws|stream)(?:[/?]|$)/.test(path),
    connect: (path, line) => connect(book, path, line),
    get: rest,
    tooManyRequests:
      '{"code":-1003,"msg":"Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."}',
  }
}

function connect(book: Book, path: string, line: Line): Talk {
  const url = new URL(path, 'ws://exchange')
  let combined = url.pathname.startsWith('/stream')
  const asked = combined ? (url.searchParams.get('streams') ?? '') : url.pathname.slice('/ws/'.length)
  const streams = new Set(asked.split('/').filter(name => name !== ''))
  /** The streams that there are, by instrument. */
  const trade = book.instruments.map(({ symbol }) => `${symbol.toLowerCase()}@trade`)
  const aggregate = book.instruments.map(({ symbol }) => `${symbol.toLowerCase()}@aggTrade`)
  /** Messages of the last second. */
  let recent = 0

  const eventTime = () => Math.floor(book.now() / 1000)
  const done = (id: unknown, result: unknown) => JSON.stringify({ result, id })
  const fail = (id: unknown, code: number, msg: string) => JSON.stringify({ error: { code, msg }, id: id ?? null })
  const wrap = (stream: string, data: string) => (combined ? `{"stream":"${stream}","data":${data}}` : data)

  function keepAlive(): void {
    line.ping()
    line.after(PING_MS, keepAlive)
  }

  function isTooOften(): boolean {
    recent++
    line.after(1_000, () => recent--)
    return recent > MAX_MESSAGES_PER_SECOND
  }

  /** The reply to a message. */
  function answer(text: string): string {
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text)
    } catch {
      return fail(null, 3, 'Invalid JSON: expected value at line 1 column 1')
    }
    if (typeof message !== 'object' || message === null || typeof message.method !== 'string')
      return fail(null, 2, `Invalid request: missing field \`method\` at line 1 column ${text.length}`)
    const { id, method, params } = message
    if (!METHODS.includes(method)) {
      const known = METHODS.map(name => `\`${name}\``).join(', ')
      return fail(null, 2, `Invalid request: unknown variant \`${method}\`, expected one of ${known}`)
    }
    if (!isId(id)) return fail(null, 2, 'Invalid request: request ID must be an unsigned integer')
    if (method === 'LIST_SUBSCRIPTIONS') return done(id, [...streams])
    if (method.endsWith('_PROPERTY')) return property(method, id, params)
    if (!Array.isArray(params) || !params.every(name => typeof name === 'string'))
      return fail(id, 2, 'Invalid request: params must be a list of stream names')
    // A stream that does not exist is accepted and never sends anything.
    for (const name of params) method === 'SUBSCRIBE' ? streams.add(name) : streams.delete(name)
    return done(id, null)
  }

  function property(method: string, id: unknown, params: unknown): string {
    const [name, value] = Array.isArray(params) ? params : []
    if (typeof name !== 'string') return fail(id, 2, 'Invalid request: property name must be a string')
    if (name !== 'combined') return fail(id, 0, 'Unknown property')
    if (method === 'GET_PROPERTY') return done(id, combined)
    if (typeof value !== 'boolean') return fail(id, 1, 'Invalid value type: expected Boolean')
    combined = value
    return done(id, null)
  }

  function checkStreams(): void {
    if (streams.size > MAX_STREAMS) line.close(1008, `More than ${MAX_STREAMS} streams`)
  }

  function tradeData(shown: MarketTrade, event: number): string {
    const { instrument, id, timestamp, price, quantity, side } = shown
    return `{"e":"trade","E":${event},"s":"${instrument.symbol}","t":${id},"p":"${book.amount(price, 8)}","q":"${book.amount(quantity, 8)}","T":${timestamp / 1000},"m":${side === 'SELL'},"M":true}`
  }

  function aggregateData(shown: MarketTrade, event: number): string {
    const { instrument, id, timestamp, price, quantity, side } = shown
    return `{"e":"aggTrade","E":${event},"s":"${instrument.symbol}","a":${id + AGGREGATE_OFFSET},"p":"${book.amount(price, 8)}","q":"${book.amount(quantity, 8)}","f":${id},"l":${id},"T":${timestamp / 1000},"m":${side === 'SELL'},"M":true}`
  }

  line.after(PING_MS, keepAlive)
  line.after(MAX_AGE_MS, () => line.close(1001, 'A connection is valid for 24 hours'))
  checkStreams()

  return {
    receive(text) {
      if (isTooOften()) return line.close(1008, 'Too many requests')
      line.send(answer(text))
      checkStreams()
    },
    frames(trades) {
      const event = eventTime()
      const wanted = book.instruments.map((_, number) => streams.has(trade[number]))
      const wantedAggregates = book.instruments.map((_, number) => streams.has(aggregate[number]))
      const frames: string[] = []
      for (const shown of trades) {
        const { number } = shown
        if (wanted[number]) frames.push(wrap(trade[number], tradeData(shown, event)))
        if (wantedAggregates[number]) frames.push(wrap(aggregate[number], aggregateData(shown, event)))
      }
      return frames
    },
    malformedFrame: last => wrap(trade[last.number], tradeData(last, eventTime()).replace(/"p":"[^"]*"/, '"p":null')),
    errorFrame: () => fail(null, 2, 'Invalid request: internal error'),
    unknownFrame: () => wrap('!notice@arr', `{"e":"notice","E":${eventTime()},"level":"info"}`),
    shutdownNotice: () => wrap('!serverShutdown', `{"e":"serverShutdown","E":${eventTime()}}`),
  }
}

function isId(id: unknown): boolean {
  return id === null || Number.isSafeInteger(id) || (typeof id === 'string' && /^[A-Za-z0-9-]{1,36}$/.test(id))
}
