/**
 * The markets that a feed is to read, by the exchange's own list: which assets a symbol is made of, and whether it is
 * traded. Where no list can be had, symbols are cut by what is known of assets (domain/assets.ts).
 */
import { BadInput, messageOf } from '../domain/errors.ts'
import type { Http, HttpReply, Timers } from '../domain/feed-ports.ts'
import { type Pair, pairOf, symbolOf } from '../domain/pairs.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { Log } from '../domain/ports.ts'
import { MalformedFrame } from './decoder.ts'
import type { Venue } from './exchanges/venues.ts'
import type { Market } from './protocol.ts'

export interface MarketPorts {
  readonly http: Http
  readonly timers: Timers
  readonly log: Log
}

/**
 * The pairs of what a person writes (`BTCUSDT`, `BTC-USD`), each once. One that the exchange does not trade now is kept
 * as long as another is traded, and reported: it may be traded later.
 * @throws BadInput where a text is not a pair, or none of the markets is traded
 */
export async function findPairs(
  exchange: string,
  texts: readonly string[],
  venue: Venue,
  ports: MarketPorts,
): Promise<Pair[]> {
  const symbols = [...new Set(texts.map(symbolOf))]
  const markets = await askAll(venue, symbols, ports)
  const pairs = new Map(
    texts.map(text => pairOf(text, symbol => markets?.get(symbol))).map(pair => [pair.symbol, pair]),
  )
  if (!markets) return [...pairs.values()]
  const found = [...pairs.values()].map(pair => {
    const { restName, isTraded } = markets.get(pair.symbol) ?? {}
    return { pair: restName === undefined ? pair : { ...pair, restName }, isTraded }
  })
  const names = (some: typeof found) => some.map(({ pair }) => `${pair.base}-${pair.quote}`).join(', ')
  const missing = found.filter(({ isTraded }) => isTraded === undefined)
  const resting = found.filter(({ isTraded }) => isTraded === false)
  if (missing.length + resting.length === found.length)
    throw new BadInput(
      missing.length > 0
        ? `The exchange has no market ${names(missing)}: check --symbols.`
        : `The exchange trades none of ${names(resting)} now: check --symbols.`,
    )
  for (const [some, problem] of [
    [missing, 'the exchange has no such market'],
    [resting, 'the exchange does not trade it now'],
  ] as const)
    if (some.length > 0) log(ports, exchange, names(some), problem)
  return found.map(({ pair }) => pair)
}

function log({ log }: MarketPorts, exchange: string, markets: string, problem: string): void {
  log.error('a market is not read', { exchange, markets, problem })
}

/** The markets by symbol, from the first address that says; undefined where none does. */
async function askAll(
  venue: Venue,
  symbols: readonly string[],
  ports: MarketPorts,
): Promise<ReadonlyMap<string, Market> | undefined> {
  let problem = 'there is no REST address'
  for (const address of venue.restUrls) {
    const found = await askAt(address, venue, symbols, ports)
    if (typeof found !== 'string') return new Map(found.map(market => [market.symbol, market]))
    problem = found
  }
  ports.log.warn('symbols could not be checked', { problem })
  return undefined
}

/** What an address says, in as few requests as it takes and at the exchange's pace; why not, where it does not say. */
async function askAt(
  address: string,
  { rest, requestsPerSecond }: Venue,
  symbols: readonly string[],
  { http, timers }: MarketPorts,
): Promise<Market[] | string> {
  const { named, path, read } = rest.markets
  const found: Market[] = []
  const left: (readonly string[])[] = named === undefined ? [symbols] : piecesOf(symbols, named)
  for (let some = left.shift(), first = true; some; some = left.shift(), first = false) {
    if (!first) await new Promise<void>(resolve => timers.after(1000 / requestsPerSecond, resolve))
    const url = `${address}${path(some)}`
    const reply = await http.get(url).catch(messageOf)
    if (typeof reply === 'string') return reply
    const markets = readSafely(read, reply)
    if (markets === undefined) return `${url} answered ${reply.status}: ${reply.body.slice(0, 100)}`
    if (markets !== 'unknown') found.push(...markets)
    // The exchange does not say which of them it lacks: halves tell.
    else if (some.length > 1) left.unshift(...piecesOf(some, Math.ceil(some.length / 2)))
  }
  return found
}

function readSafely(read: Venue['rest']['markets']['read'], reply: HttpReply) {
  try {
    return read(reply)
  } catch (error) {
    // Something else than the exchange has answered.
    if (error instanceof MalformedFrame) return undefined
    throw error
  }
}
