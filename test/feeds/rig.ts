/** A feed of a simulated exchange on a fake clock: real feed code, no network, a topic in memory. */
import { Registry } from 'prom-client'
import type { KnownExchange } from '../../domain/exchanges.ts'
import type { FeedGap } from '../../domain/feed-gaps.ts'
import { decodeGap } from '../../domain/feed-gaps.ts'
import type { FeedPosition, FeedRecord, Http, RecordSink, Spill } from '../../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC, topicName } from '../../domain/names.ts'
import { pairOf } from '../../domain/pairs.ts'
import type { Log } from '../../domain/ports.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'
import { DECODERS } from '../../feeds/exchanges/decoders.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { createFeed, type Feed } from '../../feeds/feed.ts'
import { createFeedMetrics } from '../../feeds/metrics.ts'
import type { StreamKind } from '../../feeds/protocol.ts'
import { randomStream } from '../../feeds/random.ts'
import { memoryNetwork } from '../../feeds/simulator/memory.ts'
import { createSimulator, type Simulator } from '../../feeds/simulator/simulator.ts'
import type { Fault } from '../../feeds/simulator/types.ts'
import { SILENT } from '../silent-log.ts'
import { createFakeTimers, type FakeTimers } from './fake-timers.ts'

const MIB = 1024 * 1024

export interface Rig {
  readonly timers: FakeTimers
  readonly simulator: Simulator
  readonly feed: Feed
  readonly registry: Registry
  /** What Kafka has, in the order of its coming. */
  readonly records: FeedRecord[]
  readonly positions: Map<string, FeedPosition>
  readonly kafka: { up: boolean }
  readonly exits: string[]
  gaps(): FeedGap[]
}

export interface RigOptions {
  readonly exchange: Pick<KnownExchange, 'name' | 'code'>
  readonly symbols: readonly string[]
  readonly timers?: FakeTimers
  readonly simulator?: Simulator
  readonly seed?: number
  readonly ratePerSecond?: number
  readonly stream?: StreamKind
  readonly faults?: readonly Fault[]
  readonly hosts?: readonly string[]
  readonly positions?: Map<string, FeedPosition>
  readonly maxAgeMs?: number
  readonly pairsPerConnection?: number
  readonly heapBytes?: () => number
  readonly log?: Log
  readonly memoryBytes?: number
  readonly spillBytes?: number
  /** Hosts that nobody listens at. */
  readonly down?: readonly string[]
  /** In place of the simulated exchange's REST API, which it is given. */
  readonly http?: (exchange: Http) => Http
  /** Begin of trading, milliseconds since 1970; START_MS by default. */
  readonly marketStartMs?: number
  /** How far the feed's wall clock is off, milliseconds. */
  readonly clockOff?: () => number
  /** What an earlier process left on disk. */
  readonly spill?: Spill
  /** In place of a topic in memory. */
  readonly sink?: RecordSink
  /** The feed has had none of the market's trades, and knows it: the first ones count as missed. */
  readonly fromTheFirst?: boolean
}

export const START_MS = Date.UTC(2026, 10, 20, 10)

export function createRig(options: RigOptions): Rig {
  const { exchange, seed = 1, ratePerSecond = 100, hosts = [`${exchange.name}.sim`] } = options
  const timers = options.timers ?? createFakeTimers(START_MS)
  const simulator =
    options.simulator ??
    createSimulator({
      seed,
      startMicros: BigInt(options.marketStartMs ?? START_MS) * 1000n,
      ratePerSecond,
      timers,
      exchanges: [exchange],
      faults: options.faults,
    })
  const simulated = simulator.exchanges.find(({ name }) => name === exchange.name)
  if (!simulated) throw new Error(`no simulated ${exchange.name}`)
  const up = hosts.filter(host => !options.down?.includes(host))
  const network = memoryNetwork({ hosts: Object.fromEntries(up.map(host => [host, simulated])), timers })
  const venue = VENUES[exchange.name]
  const registry = new Registry()
  const records: FeedRecord[] = []
  const positions = options.positions ?? new Map<string, FeedPosition>()
  if (options.fromTheFirst) for (const symbol of options.symbols) positions.set(symbol, { symbol, id: 0, at: START_MS })
  const kafka = { up: true }
  const exits: string[] = []
  const feed = createFeed(
    {
      exchange: exchange.name,
      venue: {
        ...venue,
        urls: hosts.map(host => `ws://${host}`),
        restUrls: hosts.map(host => `http://${host}`),
        maxAgeMs: options.maxAgeMs ?? venue.maxAgeMs,
        pairsPerConnection: options.pairsPerConnection ?? venue.pairsPerConnection,
      },
      decoder: DECODERS[exchange.name],
      pairs: options.symbols.map(symbol => pairOf(symbol)),
      stream: options.stream ?? 'trade',
      topics: { trades: topicName(exchange.name), gaps: FEED_GAPS_TOPIC },
      schemaIds: BUNDLED_IDS,
      metrics: createFeedMetrics(registry, exchange.name),
      memoryBytes: options.memoryBytes ?? 64 * MIB,
      spillBytes: options.spillBytes ?? 64 * MIB,
      heapLimitBytes: 1024 * MIB,
      exit: reason => exits.push(reason),
    },
    {
      timers: { ...timers, now: () => timers.now() + (options.clockOff?.() ?? 0) },
      sockets: network,
      http: options.http?.(network) ?? network,
      sink: options.sink ?? {
        async send(batch) {
          await new Promise<void>(resolve => timers.after(2, resolve))
          if (!kafka.up) throw new Error('no broker answers')
          records.push(...batch)
        },
      },
      spill: options.spill ?? memorySpill(),
      positions: {
        load: async () => [...positions.values()],
        async save(saved) {
          for (const position of saved) positions.set(position.symbol, position)
        },
      },
      random: randomStream(seed),
      log: options.log ?? SILENT,
      heapBytes: options.heapBytes ?? (() => 50 * MIB),
    },
  )
  return {
    timers,
    simulator,
    feed,
    registry,
    records,
    positions,
    kafka,
    exits,
    gaps: () => records.filter(record => record.topic === FEED_GAPS_TOPIC).map(record => decodeGap(record.value)),
  }
}

export function memorySpill(): Spill {
  let waiting: FeedRecord[] = []
  let given = 0
  const size = (records: readonly FeedRecord[]) => records.reduce((sum, { value }) => sum + value.length, 0)
  return {
    get records() {
      return waiting.length
    },
    get bytes() {
      return size(waiting)
    },
    append(records) {
      waiting.push(...records)
    },
    next() {
      given = Math.min(waiting.length, 1_000)
      return waiting.slice(0, given)
    },
    taken() {
      waiting = waiting.slice(given)
    },
    close() {},
  }
}
