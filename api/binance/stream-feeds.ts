/** The streams of one connection, and the live messages that they are made of: one way through each table for all of them. */
import { marketKey } from '../../domain/candles.ts'
import type { Ports } from '../../domain/ports.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { nearest } from '../../figures/nearest.ts'
import type { Live } from '../live/live.ts'
import type { Mailbox } from '../live/mailbox.ts'
import type { Chunk } from '../live/messages.ts'
import { currentId } from '../live/steps.ts'
import { type Channel, stream } from '../live/stream.ts'
import { candleTableOf } from '../live/stream-route.ts'
import { marketsOf } from '../market/markets.ts'
import type { TradeRow } from '../market/trades.ts'
import { EXCHANGE } from './markets.ts'
import { Refusal } from './refusals.ts'
import { type StreamName, streamNamed } from './stream-names.ts'

export interface StreamLake {
  readonly ports: Pick<Ports, 'store' | 'state' | 'clock'>
  readonly live: Live
}

/** Trades, or candles of some windows, of the markets that streams ask for. */
export interface Feed {
  readonly channel: Channel
  /** By `marketKey`, then by name. */
  readonly streams: Map<string, Map<string, StreamName>>
  readonly messages: AsyncGenerator<Chunk>
  readonly over: AbortController
  /** Trades of an aggregate that may go on in the next messages, by `marketKey`. */
  readonly held: Map<string, readonly TradeRow[]>
  /** Start of the last window whose candle has come, by `marketKey`, microseconds since 1970. */
  readonly lastStart: Map<string, bigint>
}

/** Messages have come of a feed; nothing where it has ended. */
export interface Arrival {
  readonly feed: Feed
  readonly chunk?: Chunk
  readonly error?: unknown
}

export interface Feeds {
  /** All of them or none; from now on. @throws Refusal; Corrupt */
  subscribe(names: readonly string[]): Promise<void>
  unsubscribe(names: readonly string[]): void
  /** In the order in which they were asked for. */
  names(): string[]
  has(feed: Feed): boolean
  /** Begins to put arrivals into a mailbox, one of each feed, until `pull` asks for the next. */
  start(mailbox: Pick<Mailbox<Arrival>, 'put'>): void
  pull(feed: Feed): void
  end(): Promise<void>
}

/** As many as Binance takes. */
const MOST_STREAMS = 1024

export function createFeeds({ ports, live }: StreamLake): Feeds {
  const { follower, timers } = live
  const names = new Map<string, StreamName>()
  const feeds = new Map<string, Feed>()
  let put: ((arrival: Arrival) => void) | undefined

  async function requireMarkets(streams: readonly StreamName[]): Promise<void> {
    const markets = await marketsOf(ports)
    const wrong = streams.find(({ symbol }) => !markets.has(marketKey(EXCHANGE, symbol)))
    if (!wrong) return
    const present = [...markets.values()].filter(({ exchange }) => exchange === EXCHANGE).map(({ symbol }) => symbol)
    const hint = nearest(wrong.symbol, new Set(present)) ?? 'the lake has no candles yet'
    throw new Refusal(-1121, `Invalid symbol. ${wrong.symbol} of ${wrong.name} is not here: ${hint}.`)
  }

  async function openFeed({ windows }: StreamName): Promise<Feed> {
    const table = windows ? candleTableOf(windows.base) : GOLD_TABLE
    const channel: Channel = { table, windows, position: { base: currentId(await follower.open(table)) } }
    const streams: Feed['streams'] = new Map()
    const over = new AbortController()
    const asked = { channels: [channel], cursor: '', market: (key: string) => streams.has(key) }
    const messages = stream({ ...ports, timers, follower }, asked, 'frames', over.signal)
    return { channel, streams, messages, over, held: new Map(), lastStart: new Map() }
  }

  function pull(feed: Feed): void {
    feed.messages.next().then(
      ({ value, done }) => put?.(done ? { feed } : { feed, chunk: value }),
      error => put?.({ feed, error }),
    )
  }

  function leave(feed: Feed): Promise<unknown> {
    feed.over.abort()
    return feed.messages.return(undefined)
  }

  return {
    async subscribe(given) {
      const wanted = [...new Set(given)].filter(name => !names.has(name)).map(streamNamed)
      if (names.size + wanted.length > MOST_STREAMS)
        throw new Refusal(2, `Invalid request: too many streams; a connection takes ${MOST_STREAMS}.`)
      await requireMarkets(wanted)
      for (const name of wanted) {
        const key = feedKey(name)
        let feed = feeds.get(key)
        if (!feed) {
          feed = await openFeed(name)
          feeds.set(key, feed)
          if (put) pull(feed)
        }
        const market = marketKey(EXCHANGE, name.symbol)
        const here = feed.streams.get(market) ?? new Map<string, StreamName>()
        feed.streams.set(market, here.set(name.name, name))
        names.set(name.name, name)
      }
    },
    unsubscribe(given) {
      for (const text of given) {
        const name = names.get(text)
        const feed = name && feeds.get(feedKey(name))
        if (!name || !feed) continue
        names.delete(text)
        const market = marketKey(EXCHANGE, name.symbol)
        const here = feed.streams.get(market)
        here?.delete(text)
        if (here?.size === 0) for (const map of [feed.streams, feed.held, feed.lastStart]) map.delete(market)
        if (feed.streams.size > 0) continue
        feeds.delete(feedKey(name))
        // How it ends is nobody's matter any more.
        leave(feed).catch(() => {})
      }
    },
    names: () => [...names.keys()],
    has: feed => [...feeds.values()].includes(feed),
    start(mailbox) {
      put = mailbox.put
      for (const feed of feeds.values()) pull(feed)
    },
    pull,
    async end() {
      put = undefined
      await Promise.allSettled([...feeds.values()].map(leave))
    },
  }
}

const feedKey = ({ windows }: StreamName) => windows?.name ?? 'trades'
