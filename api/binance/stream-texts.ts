/** The events of a feed's messages, for the streams that ask for them. */
import { marketKey } from '../../domain/candles.ts'
import { type ObjectCache, objectCache } from '../../iceberg/cache.ts'
import { candleJson } from '../live/candle-text.ts'
import { type Chunk, eachMessage } from '../live/messages.ts'
import { type Message, microsIn, parsed } from '../live/texts.ts'
import { firstCandles, type ReadAt } from '../market/market-candles.ts'
import { numberOf } from '../market/market-trades.ts'
import { aggregatesOf } from './aggregates.ts'
import { binanceMarket } from './markets.ts'
import { aggregateEvent, klineEvent, type TimeOf, tickerEvent, tradeEvent, tradeIn } from './stream-events.ts'
import type { Feed } from './stream-feeds.ts'
import type { StreamKind, StreamName } from './stream-names.ts'
import { type DayTicker, dayTicker } from './tickers.ts'
import { endsOf } from './trades.ts'

/** An event and the stream that it is of. */
export interface Event {
  readonly name: string
  readonly text: string
}

/** What all connections ask for once: numbers of candles' trades, and tickers. */
export interface StreamMemory {
  readonly numbers: ObjectCache<readonly [number, number]>
  readonly tickers: ObjectCache<DayTicker>
}

const MOST_REMEMBERED = 10_000

export function createStreamMemory(): StreamMemory {
  return { numbers: objectCache(MOST_REMEMBERED), tickers: objectCache(MOST_REMEMBERED) }
}

/** @throws Corrupt */
export async function eventsIn(
  memory: StreamMemory,
  at: ReadAt,
  feed: Feed,
  chunk: Chunk,
  timeOf: TimeOf,
): Promise<Event[]> {
  const messages = [...eachMessage(chunk)].map(parsed)
  return feed.channel.windows
    ? [
        ...(await klinesIn(memory, at, feed, messages, timeOf)),
        ...(await tickersIn(memory, at, feed, messages, timeOf)),
      ]
    : tradesIn(at, feed, messages, timeOf)
}

function tradesIn(at: ReadAt, feed: Feed, messages: readonly Message[], timeOf: TimeOf): Event[] {
  const events: Event[] = []
  const { held } = feed
  const trades = messages.filter(({ type }) => type === 'trade').map(({ data }) => tradeIn(data))
  for (const trade of trades)
    for (const { name } of streamsOf(feed, keyOf(trade), 'trade'))
      events.push({ name, text: tradeEvent(trade, at.now, timeOf) })
  const byMarket = Map.groupBy(trades, keyOf)
  // A step that is not over yet may go on with the same order.
  const isWhole = feed.channel.position.partly === undefined
  for (const market of new Set([...held.keys(), ...byMarket.keys()])) {
    const some = [...(held.get(market) ?? []), ...(byMarket.get(market) ?? [])].filter(
      trade => numberOf(trade) !== undefined,
    )
    held.delete(market)
    const streams = streamsOf(feed, market, 'aggTrade')
    if (streams.length === 0) continue
    const aggregates = aggregatesOf(some)
    const last = aggregates.at(-1)
    if (!isWhole && last && last.first >= 0) {
      aggregates.pop()
      held.set(market, some.slice(-(last.last - last.first + 1)))
    }
    for (const aggregate of aggregates)
      for (const { name } of streams)
        events.push({ name, text: aggregateEvent(some[0].symbol, aggregate, at.now, timeOf) })
  }
  return events
}

async function klinesIn(
  { numbers }: StreamMemory,
  at: ReadAt,
  feed: Feed,
  messages: readonly Message[],
  timeOf: TimeOf,
): Promise<Event[]> {
  const events: Event[] = []
  for (const { type, data } of messages.filter(isCandle)) {
    const market = keyOf(data)
    const streams = streamsOf(feed, market, 'kline')
    if (streams.length === 0) continue
    const send = (each: Message['data'], ends: readonly [number, number]) => {
      for (const stream of streams)
        events.push({ name: stream.name, text: klineEvent(stream, each, ends, at.now, timeOf) })
    }
    if (type === 'candle') for (const each of await windowsBefore(at, feed, data)) send(each, NO_TRADES)
    const key = [market, data.first_trade, data.last_trade, data.trades].join(' ')
    send(data, await numbers.once(key, async () => ({ value: await numbersOf(at, data), weight: 1 })))
  }
  return events
}

/** Numbers of the trades of a window that has none. */
const NO_TRADES = [-1, -1] as const
/** After a longer rest the windows in between are asked for by REST. */
const MOST_WINDOWS = 1000

/** Windows without trades since the candle before, with its price: as REST fills them. @throws Corrupt */
async function windowsBefore(at: ReadAt, { channel, lastStart }: Feed, data: Message['data']) {
  const { windows } = channel
  const [market, start] = [keyOf(data), microsIn(data.start)]
  const before = lastStart.get(market)
  if (!windows || (before !== undefined && start <= before)) return []
  lastStart.set(market, start)
  const from = before === undefined ? start : windows.endOf(before)
  if (from >= start) return []
  // The daily candles, which say when a market was traded last, may not be there yet.
  const known = { ...(await binanceMarket(at, data.symbol)), lastTrade: microsIn(data.first_trade) }
  const rows = await firstCandles(at, known, { windows, from, to: start, fill: 'previous' }, MOST_WINDOWS)
  return rows.filter(({ candle }) => candle === undefined).map((row): Message['data'] => JSON.parse(candleJson(row)))
}

async function tickersIn(
  { tickers }: StreamMemory,
  at: ReadAt,
  feed: Feed,
  messages: readonly Message[],
  timeOf: TimeOf,
): Promise<Event[]> {
  const events: Event[] = []
  const changed = new Map(messages.filter(isCandle).map(({ data }) => [keyOf(data), data.symbol]))
  for (const [market, symbol] of changed)
    for (const stream of [...streamsOf(feed, market, 'ticker'), ...streamsOf(feed, market, 'miniTicker')]) {
      const key = `${market} ${feed.channel.position.base} ${at.now / 1_000_000n}`
      const ticker = await tickers.once(key, async () => ({
        value: await dayTicker(at, await binanceMarket(at, symbol)),
        weight: 1,
      }))
      events.push({ name: stream.name, text: tickerEvent(stream, ticker, at.now, timeOf) })
    }
  return events
}

/** One that has trades: a repair may take them all from one that had some. */
const isCandle = ({ type, data }: Message) => (type === 'candle' || type === 'correction') && data.open !== null

function streamsOf({ streams }: Feed, market: string, kind: StreamKind): StreamName[] {
  return [...(streams.get(market)?.values() ?? [])].filter(stream => stream.kind === kind)
}

const keyOf = ({ exchange, symbol }: { readonly exchange: string; readonly symbol: string }) =>
  marketKey(exchange, symbol)

async function numbersOf(at: ReadAt, data: Message['data']): Promise<readonly [number, number]> {
  const candle = { firstTradeTime: microsIn(data.first_trade), lastTradeTime: microsIn(data.last_trade) }
  const { first, last } = await endsOf(at, await binanceMarket(at, data.symbol), candle)
  return [(first && numberOf(first)) ?? -1, (last && numberOf(last)) ?? -1]
}
