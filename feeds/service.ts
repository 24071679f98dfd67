/** A feed as a process of its own: everything is checked before the first connection, and nothing ends without a last flush. */

import { join } from 'node:path'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { fetchHttp } from '../adapters/http-client.ts'
import { type Answer, type Endpoint, openEndpoint } from '../adapters/http-endpoint.ts'
import type { KafkaAccess } from '../adapters/kafka-access.ts'
import { kafkaPositions, kafkaSink } from '../adapters/kafka-feed.ts'
import { lockLake } from '../adapters/lake-lock.ts'
import { registerTradeSchemas } from '../adapters/schema-registration.ts'
import { openSpill } from '../adapters/spill-file.ts'
import { systemIds, systemTimers } from '../adapters/system.ts'
import { nodeSockets } from '../adapters/websocket.ts'
import { BadInput, messageOf, Throttled } from '../domain/errors.ts'
import type { KnownExchange } from '../domain/exchanges.ts'
import { FEED_GAPS_TOPIC, FEED_POSITIONS_TOPIC, topicName } from '../domain/names.ts'
import type { Log } from '../domain/ports.ts'
import type { SchemaIds } from '../domain/wire.ts'
import { DECODERS } from './exchanges/decoders.ts'
import type { Venue } from './exchanges/venues.ts'
import { createFeed, type Feed } from './feed.ts'
import { waitForKafka } from './kafka-wait.ts'
import { findPairs } from './markets.ts'
import { createFeedMetrics } from './metrics.ts'
import type { StreamKind } from './protocol.ts'
import { randomOf } from './random.ts'

export interface ServiceOptions {
  readonly exchange: KnownExchange
  readonly venue: Venue
  /** As a person writes them: `BTCUSDT`, `BTC-USD`. */
  readonly symbols: readonly string[]
  readonly stream: StreamKind
  readonly kafka: KafkaAccess
  /** How long brokers and topics may take to be there, milliseconds. */
  readonly waitMs: number
  /** URL of a Confluent schema registry. */
  readonly registry: string | undefined
  /** The schemas' ids for use without a registry, or when it does not answer. */
  readonly schemaIds: SchemaIds | undefined
  /** Where health and metrics are served; undefined: nowhere. */
  readonly endpoint: { readonly host: string; readonly port: number } | undefined
  /** A folder for records that Kafka does not take. */
  readonly spill: string
  readonly memoryBytes: number
  readonly spillBytes: number
  readonly log: Log
}

export interface Service {
  /** Where health and metrics are served. */
  readonly port: number | undefined
  /** Settles when the process has to end by itself, with the reason. */
  readonly exits: Promise<string>
  /** Sends what waits, for this many milliseconds at most. */
  stop(milliseconds: number): Promise<void>
}

/** Above it a container of 512 MiB has little memory left. */
const HEAP_LIMIT_BYTES = 300 * 1024 * 1024

/** @throws BadInput naming the setting that is wrong: a symbol, a broker, the registry, a port */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { exchange, venue, log } = options
  const http = fetchHttp()
  const sink = kafkaSink(options.kafka)
  const folder = join(options.spill, exchange.name)
  const lock = lockLake(folder)
  let endpoint: Endpoint | undefined
  try {
    const timers = systemTimers()
    const pairs = await findPairs(exchange.name, options.symbols, venue, { http, timers, log })
    const schemaIds = await schemaIdsOf(options)
    const topics = { trades: topicName(exchange.name), gaps: FEED_GAPS_TOPIC }
    const needed = [...Object.values(topics), FEED_POSITIONS_TOPIC]
    await waitForKafka(() => sink.check(needed), options.waitMs, { timers, log })
    const registry = new Registry()
    // The process's own CPU time, memory and event loop, by the names that Prometheus knows.
    collectDefaultMetrics({ register: registry })
    const ids = systemIds()
    const exits = Promise.withResolvers<string>()
    const feed = createFeed(
      {
        ...options,
        exchange: exchange.name,
        pairs,
        decoder: DECODERS[exchange.name],
        topics,
        schemaIds,
        metrics: createFeedMetrics(registry, exchange.name),
        heapLimitBytes: HEAP_LIMIT_BYTES,
        exit: exits.resolve,
      },
      {
        timers,
        sockets: nodeSockets(),
        http,
        sink,
        spill: openSpill(join(folder, 'records')),
        positions: kafkaPositions(options.kafka, sink, {
          topic: FEED_POSITIONS_TOPIC,
          exchange: exchange.name,
          uuid: ids.uuid(),
        }),
        random: randomOf(ids.uuid()),
        log,
        heapBytes: () => process.memoryUsage().heapUsed,
      },
    )
    // A taken port is reported before anything is read.
    if (options.endpoint) endpoint = await openEndpoint(options.endpoint, routesOf(feed, registry))
    await feed.start()
    log.info('feeding', { exchange: exchange.name, symbols: pairs.map(({ symbol }) => symbol), port: endpoint?.port })
    return {
      port: endpoint?.port,
      exits: exits.promise,
      async stop(milliseconds) {
        try {
          await feed.stop(milliseconds)
        } finally {
          await close()
        }
      },
    }
  } catch (error) {
    await close()
    throw error
  }

  async function close(): Promise<void> {
    await endpoint?.close()
    await sink.close()
    lock.release()
  }
}

function routesOf(feed: Feed, registry: Registry): Record<string, () => Answer | Promise<Answer>> {
  const health = (isWell: (status: ReturnType<Feed['status']>) => boolean) => (): Answer => {
    const status = feed.status()
    return { status: isWell(status) ? 200 : 503, type: 'application/json', body: `${JSON.stringify(status)}\n` }
  }
  return {
    '/healthz': health(status => status.healthy),
    '/readyz': health(status => status.ready),
    '/metrics': async () => ({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: await registry.metrics(),
    }),
  }
}

/** The ids of the schemas that trades are written with. @throws BadInput where neither a registry nor ids are given */
export async function schemaIdsOf({
  registry,
  schemaIds,
  log,
}: Pick<ServiceOptions, 'registry' | 'schemaIds' | 'log'>): Promise<SchemaIds> {
  if (registry === undefined) {
    if (schemaIds === undefined)
      throw new BadInput('Give --registry URL, or --schema-ids N,M to write without a registry.')
    return schemaIds
  }
  try {
    return await registerTradeSchemas(registry)
  } catch (error) {
    if (!(error instanceof Throttled) || schemaIds === undefined) throw error
    log.warn('the registry does not answer: the given schema ids are used', { schemaIds, problem: messageOf(error) })
    return schemaIds
  }
}
