/**
 * The feeds of a lake in this process: the same code that runs in containers, here reading simulated exchanges on a local
 * port, or the real ones.
 */
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { fetchHttp } from '../adapters/http-client.ts'
import { openSpill } from '../adapters/spill-file.ts'
import { systemTimers } from '../adapters/system.ts'
import { nodeSockets } from '../adapters/websocket.ts'
import { Throttled } from '../domain/errors.ts'
import { type ExchangeName, isExchangeName } from '../domain/exchanges.ts'
import type { RecordSink } from '../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC, topicName } from '../domain/names.ts'
import type { Log } from '../domain/ports.ts'
import type { FeedReport } from '../domain/server-ports.ts'
import { BUNDLED_IDS } from '../domain/wire.ts'
import { DECODERS } from '../feeds/exchanges/decoders.ts'
import { VENUES, type Venue } from '../feeds/exchanges/venues.ts'
import { createFeed, type Feed } from '../feeds/feed.ts'
import { findPairs } from '../feeds/markets.ts'
import { createFeedMetrics } from '../feeds/metrics.ts'
import { randomOf } from '../feeds/random.ts'
import type { Lake } from './lake.ts'
import { lakePositions, lakeSink } from './lake-sink.ts'

export interface Source {
  /** Where an exchange is, and what to subscribe to; undefined where its trades cannot be had here. */
  venue(exchange: string): Venue | undefined
  /** Ends trading if it controls the exchanges, and waits for the last trades. */
  quiet(): Promise<void>
  close(): Promise<void>
}

export interface Feeds {
  /** Messages that went into the topic of each exchange since it was asked last. */
  published(): Map<string, number>
  /** What is known of each feed now. */
  reports(): FeedReport[]
  /** What keeps trades from coming, a line each. */
  problems(): string[]
  /** What makes going on pointless: a full disk. */
  failure(): unknown
  /** Sends what waits. */
  stop(): Promise<void>
}

const MEMORY_BYTES = 64 * 1024 * 1024
const SPILL_BYTES = 1024 * 1024 * 1024
const STOP_MS = 10_000

/** The exchanges themselves. */
export const LIVE: Source = {
  venue: name => (isExchangeName(name) ? VENUES[name] : undefined),
  quiet: async () => {},
  close: async () => {},
}

/** A feed for each of the lake's exchanges that the source has. */
export async function startFeeds(lake: Lake, source: Source, file: Log): Promise<Feeds> {
  let sent = new Map<string, number>()
  // The feeds would try for ever; here `failure` lets the live view end the run.
  let failure: unknown
  const noting =
    (write: Log['info']): Log['info'] =>
    (message, fields) => {
      try {
        write(message, fields)
      } catch (error) {
        failure ??= error
      }
    }
  const log: Log = { info: noting(file.info), warn: noting(file.warn), error: noting(file.error) }
  const names = new Map(lake.exchanges.map(({ name }) => [topicName(name), name]))
  const topics = lakeSink(lake, (topic, records) => {
    const name = names.get(topic)
    if (name !== undefined) sent.set(name, (sent.get(name) ?? 0) + records)
  })
  const sink: RecordSink = {
    send: records =>
      topics.send(records).catch(error => {
        if (!(error instanceof Throttled)) failure ??= error
        throw error
      }),
  }
  const timers = systemTimers()
  const http = fetchHttp()
  const registry = new Registry()
  const feeds = new Map<ExchangeName, Feed>()
  for (const { name } of lake.exchanges) {
    const venue = source.venue(name)
    if (!venue || !isExchangeName(name)) continue
    const feed = createFeed(
      {
        exchange: name,
        venue,
        decoder: DECODERS[name],
        pairs: await findPairs(name, venue.symbols, venue, { http, timers, log }),
        stream: 'trade',
        topics: { trades: topicName(name), gaps: FEED_GAPS_TOPIC },
        schemaIds: BUNDLED_IDS,
        metrics: createFeedMetrics(registry, name),
        memoryBytes: MEMORY_BYTES,
        spillBytes: SPILL_BYTES,
        heapLimitBytes: Number.POSITIVE_INFINITY,
        exit: reason => log.error('a feed asks for a new process', { exchange: name, reason }),
      },
      {
        timers,
        sockets: nodeSockets(),
        http,
        sink,
        spill: openSpill(join(lake.directory, 'spill', name)),
        positions: lakePositions(lake, name),
        random: randomOf(lake.ports.ids.uuid()),
        log,
        // The heap here is the whole lake's: it says nothing about a feed.
        heapBytes: () => 0,
      },
    )
    feeds.set(name, feed)
  }
  for (const feed of feeds.values()) await feed.start()
  return {
    published() {
      const counts = sent
      sent = new Map()
      return counts
    },
    reports: () =>
      lake.exchanges.flatMap(({ name, code }) => {
        const feed = isExchangeName(name) ? feeds.get(name) : undefined
        return feed ? [{ exchange: code, ...feed.status() }] : []
      }),
    problems: () => [...feeds].flatMap(([name, feed]) => feed.status().problems.map(text => `${name}: ${text}`)),
    failure: () => failure,
    async stop() {
      await source.quiet()
      // After a failure nothing more can be kept.
      await Promise.all([...feeds.values()].map(feed => feed.stop(failure === undefined ? STOP_MS : 0)))
    },
  }
}
