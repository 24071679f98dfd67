/**
 * Coinbase Exchange as clients see it: the channels `matches` and `heartbeat`, and the REST API's trades.
 * Source: Coinbase Exchange "WebSocket Overview", "WebSocket Channels", "REST API: Pagination" (docs.cdp.coinbase.com).
 */
import type { HttpReply } from '../../domain/feed-ports.ts'
import { mix } from '../random.ts'
import { json, wholeNumber } from './http.ts'
import type { MarketTrade } from './market.ts'
import { isoTime } from './times.ts'
import type { Book, Line, Protocol, Talk } from './types.ts'

/** A client that has not subscribed after this time is disconnected. */
const SUBSCRIBE_MS = 5_000
const HEARTBEAT_MS = 1_000
const MAX_LIMIT = 1000
const CHANNELS = ['matches', 'heartbeat']

/** A product's sequence counts all of its messages, of which trades are few: it grows with the id and jumps. */
function sequenceOf({ id }: Pick<MarketTrade, 'id'>): bigint {
  return BigInt(id) * 7n + BigInt(mix(id) % 5)
}

export function coinbase(book: Book): Protocol {
  const products = book.instruments.map(({ symbol, currency }) => `${symbol.slice(0, -currency.length)}-${currency}`)
  return {
    serves: path => /^\/(?:\?|$)/.test(path),
    connect: (_path, line) => connect(book, products, line),
    get: url => rest(book, products, url),
    tooManyRequests: '{"message":"Public rate limit exceeded"}',
    sequenceOf,
  }
}

function connect(book: Book, products: readonly string[], line: Line): Talk {
  /** Numbers of the products by channel. */
  const subscribed: Record<string, Set<number>> = { matches: new Set(), heartbeat: new Set() }
  const count = () => subscribed.matches.size + subscribed.heartbeat.size

  function match(type: 'match' | 'last_match', trade: MarketTrade): string {
    const { number, id, price, quantity, side, timestamp } = trade
    return `{"type":"${type}","trade_id":${id},"maker_order_id":"${orderId(number, id, 1)}","taker_order_id":"${orderId(number, id, 2)}","side":"${makerSide(side)}","size":"${book.amount(quantity, 'plain')}","price":"${book.amount(price, 'plain')}","product_id":"${products[number]}","sequence":${sequenceOf(trade)},"time":"${isoTime(timestamp)}"}`
  }

  function heartbeat(number: number): string {
    const [last] = book.last(number, 1)
    const sequence = last ? sequenceOf(last) + 1n : 1n
    return `{"type":"heartbeat","last_trade_id":${last?.id ?? 0},"product_id":"${products[number]}","sequence":${sequence},"time":"${isoTime(book.now())}"}`
  }

  function beat(): void {
    for (const number of subscribed.heartbeat) line.send(heartbeat(number))
    line.after(HEARTBEAT_MS, beat)
  }

  function subscriptions(): string {
    const channels = CHANNELS.filter(name => subscribed[name].size > 0).map(name => ({
      name,
      product_ids: [...subscribed[name]].map(number => products[number]),
      account_ids: null,
    }))
    return JSON.stringify({ type: 'subscriptions', channels })
  }

  /** The products that a message names, by channel. @throws RangeError whose message is the reason to give */
  function wanted(message: Record<string, unknown>): [channel: string, numbers: number[]][] {
    if (!Array.isArray(message.channels)) throw new RangeError('You need to specify at least one channel')
    return message.channels.map((channel): [string, number[]] => {
      const { name, product_ids = message.product_ids } = typeof channel === 'string' ? { name: channel } : channel
      if (!CHANNELS.includes(name)) throw new RangeError(`${name} is not a valid channel`)
      if (!Array.isArray(product_ids) || product_ids.length === 0)
        throw new RangeError(`You need to specify at least one product ID for channel ${name}`)
      return [name, product_ids.map(numberOf)]
    })
  }

  function numberOf(product: unknown): number {
    const number = products.indexOf(String(product))
    if (number === -1 || !book.isListed(number)) throw new RangeError(`${product} is not a valid product`)
    return number
  }

  function receive(text: string): void {
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text)
    } catch {
      line.send(failure('Malformed JSON'))
      return
    }
    const { type } = message
    if (type !== 'subscribe' && type !== 'unsubscribe') {
      line.send(failure(`Type has to be either subscribe or unsubscribe`))
      return
    }
    try {
      for (const [channel, numbers] of wanted(message))
        for (const number of numbers) {
          if (type === 'unsubscribe') subscribed[channel].delete(number)
          else join(channel, number)
        }
      line.send(subscriptions())
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      line.send(failure(`Failed to ${type}`, error.message))
    }
  }

  function join(channel: string, number: number): void {
    if (subscribed[channel].has(number)) return
    subscribed[channel].add(number)
    const last = channel === 'matches' ? book.last(number, 1).findLast(book.isStreamed) : undefined
    if (last) line.send(match('last_match', last))
  }

  line.after(SUBSCRIBE_MS, () => count() === 0 && line.close(1000, 'no subscription within 5 seconds'))
  line.after(HEARTBEAT_MS, beat)
  return {
    receive,
    frames: trades => trades.filter(({ number }) => subscribed.matches.has(number)).map(trade => match('match', trade)),
    malformedFrame: trade => match('match', trade).replace(/"price":"[^"]*"/, '"price":null'),
    errorFrame: () => failure('Internal server error', 'please reconnect'),
    unknownFrame: () => `{"type":"notice","text":"scheduled maintenance","time":"${isoTime(book.now())}"}`,
    // Coinbase says nothing before it goes down.
    shutdownNotice: () => undefined,
  }
}

const failure = (message: string, reason?: string) => JSON.stringify({ type: 'error', message, reason })
const makerSide = (side: MarketTrade['side']) => (side === 'BUY' ? 'sell' : 'buy')

/** Text in the form of a UUID. */
function orderId(number: number, id: number, role: number): string {
  const part = (index: number) => mix(number, id, role, index).toString(16).padStart(8, '0')
  const [a, b, c, d] = [part(0), part(1), part(2), part(3)]
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`
}

function rest(book: Book, products: readonly string[], url: URL): HttpReply {
  if (url.pathname === '/products')
    return json(JSON.stringify(products.map((_, number) => productOf(book, products, number))))
  const [, product, trades] = /^\/products\/([^/]+)(\/trades)?$/.exec(url.pathname) ?? []
  const number = products.indexOf(product)
  if (number === -1) return json('{"message":"NotFound"}', 404)
  if (!trades) return json(JSON.stringify(productOf(book, products, number)))
  const [limit = MAX_LIMIT, before, after] = ['limit', 'before', 'after'].map(name => wholeNumber(url, name))
  if ([limit, before, after].some(Number.isNaN)) return json('{"message":"Invalid cursor or limit"}', 400)
  const asked = Math.min(limit, MAX_LIMIT)
  const older = after === undefined ? book.last(number, asked) : book.beforeId(number, after, asked)
  const page = older.filter(({ id }) => before === undefined || id > before).reverse()
  const headers: Record<string, string> = {}
  if (page.length > 0) {
    headers['cb-before'] = String(page[0].id)
    headers['cb-after'] = String(page[page.length - 1].id)
  }
  const rows = page.map(
    ({ id, side, price, quantity, timestamp }) =>
      `{"trade_id":${id},"side":"${makerSide(side)}","size":"${book.amount(quantity, 'plain')}","price":"${book.amount(price, 'plain')}","time":"${isoTime(timestamp)}"}`,
  )
  return json(`[${rows.join(',')}]`, 200, headers)
}

function productOf(book: Book, products: readonly string[], number: number) {
  const { currency, priceStep, quantityStep } = book.instruments[number]
  return {
    id: products[number],
    base_currency: products[number].slice(0, -currency.length - 1),
    quote_currency: currency,
    quote_increment: book.amount(priceStep, 'plain'),
    base_increment: book.amount(quantityStep, 'plain'),
    display_name: products[number].replace('-', '/'),
    status: book.isListed(number) ? 'online' : 'delisted',
    trading_disabled: false,
  }
}
