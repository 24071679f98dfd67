/** A process of a feed: the product's own feed on the world's time, which dies whole and leaves its file on disk behind. */
import { appendFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import { openSpill } from '../../adapters/spill-file.ts'
import { messageOf, TradelakeError } from '../../domain/errors.ts'
import type { KnownExchange } from '../../domain/exchanges.ts'
import type { FeedPosition, FeedRecord, Spill, Timers } from '../../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC, topicName } from '../../domain/names.ts'
import { pairOf } from '../../domain/pairs.ts'
import type { Log } from '../../domain/ports.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'
import { DECODERS } from '../../feeds/exchanges/decoders.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { createFeed, type Feed } from '../../feeds/feed.ts'
import { createFeedMetrics } from '../../feeds/metrics.ts'
import { mix, randomStream } from '../../feeds/random.ts'
import type { FaultKind } from './faults.ts'
import type { FeedNetwork } from './feed-network.ts'
import type { FeedWeather } from './feed-weather.ts'
import type { Entry } from './scheduler.ts'
import { START, type World } from './world.ts'

const HEAP_BYTES = 50 * 1024 * 1024
const SLOW_MS = 4_000
const UNANSWERED_MS = 15_000
/** The beginning of a record of a thousand bytes. */
const HALF_A_RECORD = Uint8Array.of(0xe8, 3, 0, 0, 5, 0, 3)

/** A process as what is around it sees it. */
export interface FeedHost {
  readonly world: World
  readonly dead: boolean
  /** Ends it at once. */
  die(): void
  /** Timers of the exchange and of the wires, which go on without it. */
  readonly outside: Timers
  /** Something that takes time; it comes to pass, or not, where the process dies meanwhile. */
  wait<T>(ms: number, label: string, effect: () => T): Promise<T>
}

export interface FeedProcess extends FeedHost {
  readonly feed: Feed
  /** Ends it as a person or a scheduler would. */
  stop(): Promise<void>
}

/** What outlives the processes of a feed. */
export interface FeedSurroundings {
  readonly world: World
  readonly weather: FeedWeather
  readonly exchange: KnownExchange
  readonly symbols: readonly string[]
  readonly spill: string
  readonly positions: Map<string, FeedPosition>
  readonly outside: Timers
  /** How far its wall clock is ahead, milliseconds. */
  clockOff(): number
  isKafkaUp(): boolean
  /** Kafka has these. */
  stored(records: readonly FeedRecord[]): Promise<void>
  fault(type: 'produce', detail: string): FaultKind | undefined
  network(host: FeedHost): FeedNetwork
  /** The process has ended by itself. */
  ended(): void
}

const STOP_MS = 10_000

export function startFeedProcess(around: FeedSurroundings, number: number): FeedProcess {
  const { world, weather, exchange, symbols, positions } = around
  const { scheduler } = world
  const name = `feed-${exchange.name}#${number}`
  const owner = {}
  let dead = false

  const add = (ms: number, label: string, run: Entry['run']): Entry => {
    const entry = { due: scheduler.now() + Math.ceil(ms), label: `${name} ${label}`, owner, run }
    scheduler.add(entry)
    return entry
  }

  const timers: Timers = {
    now: () => scheduler.now() + around.clockOff(),
    steady: () => scheduler.now() - START,
    after(ms, run) {
      if (dead) return () => {}
      const entry = add(Math.max(0, ms), 'timer', run)
      return () => scheduler.cancel(entry)
    },
  }

  function wait<T>(ms: number, label: string, effect: () => T): Promise<T> {
    if (dead) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      add(ms, label, async () => {
        try {
          const value = await effect()
          if (!dead) resolve(value)
        } catch (error) {
          if (!dead) reject(error)
        }
      })
    })
  }

  /** Sends to Kafka: a batch of records, or a position. */
  async function produce(what: string, effect: () => void | Promise<void>): Promise<void> {
    if (dead) return new Promise(() => {})
    const kind = around.fault('produce', `${name} ${what}`)
    if (kind === 'crash-before') return wait(weather.latencyMs, `${what} crashes`, () => host.die())
    if (kind === 'crash-after')
      return wait(weather.latencyMs, `${what} then crashes`, async () => {
        await effect()
        host.die()
      })
    const delay = weather.latencyMs + (kind === 'slow' ? SLOW_MS : 0)
    const unanswered = kind === 'late'
    await wait(delay, what, () => {
      if (kind === 'fail' || !around.isKafkaUp()) throw new TradelakeError('no broker answers')
      return effect()
    })
    if (!unanswered) return
    await wait(UNANSWERED_MS, `${what} unanswered`, () => {})
    throw new TradelakeError('no broker answered in time')
  }

  const spill = openSpill(around.spill)
  let isSpillOpen = true
  const closing: Spill = Object.assign(Object.create(spill), {
    close() {
      if (isSpillOpen) spill.close()
      isSpillOpen = false
    },
  })

  function end(): void {
    dead = true
    network.hangUp()
    closing.close()
    // Requests that are on their way may arrive all the same.
    for (const entry of scheduler.drop(owner))
      if (entry.label.includes(' send ') && world.random() < 0.5) scheduler.add({ ...entry, owner: undefined })
  }

  const host: FeedHost = {
    world,
    get dead() {
      return dead
    },
    outside: around.outside,
    wait,
    die() {
      if (dead) return
      scheduler.note(`  ${name} dies`)
      end()
      // It may have been writing.
      if (world.random() < 0.3) appendFileSync(around.spill, HALF_A_RECORD)
      around.ended()
    },
  }
  const network = around.network(host)
  const tell = (text: string) => scheduler.note(`  ${name}: ${text}`)
  const log: Log = { info: tell, warn: tell, error: tell }
  const venue = VENUES[exchange.name]
  const feed = createFeed(
    {
      exchange: exchange.name,
      venue: { ...venue, urls: [`ws://${exchange.name}.sim`], restUrls: [`http://${exchange.name}.sim`] },
      decoder: DECODERS[exchange.name],
      pairs: symbols.map(symbol => pairOf(symbol)),
      stream: 'trade',
      topics: { trades: topicName(exchange.name), gaps: FEED_GAPS_TOPIC },
      schemaIds: BUNDLED_IDS,
      metrics: createFeedMetrics(new Registry(), exchange.name),
      memoryBytes: weather.memoryBytes,
      spillBytes: weather.spillBytes,
      heapLimitBytes: 4 * HEAP_BYTES,
      exit: () => host.die(),
    },
    {
      timers,
      sockets: network,
      http: network,
      sink: { send: records => produce(`send ${records.length}`, () => around.stored(records)) },
      spill: closing,
      positions: {
        load: () =>
          wait(weather.latencyMs, 'loads its position', () => {
            if (!around.isKafkaUp()) throw new TradelakeError('no broker answers')
            return [...positions.values()]
          }),
        save: saved =>
          produce('send position', () => {
            for (const position of saved) positions.set(position.symbol, position)
          }),
      },
      random: randomStream(mix(world.seed, 23, number)),
      log,
      heapBytes: () => HEAP_BYTES,
    },
  )
  feed.start().catch(error => {
    tell(messageOf(error))
    host.die()
  })
  return Object.assign(Object.create(host), {
    feed,
    async stop() {
      await feed.stop(STOP_MS)
      if (!dead) end()
    },
  })
}
