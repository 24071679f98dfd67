/**
 * The feeds of a simulated world: the product's own, each in processes that die and begin again, between a simulated exchange
 * and the world's topics. At first much goes wrong; then everything has to come right, and the feeds end.
 */
import { rmSync } from 'node:fs'
import { EXCHANGES, type Exchange, type KnownExchange } from '../../domain/exchanges.ts'
import type { FeedPosition, FeedRecord, Timers } from '../../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import type { LogRecord } from '../../domain/ports.ts'
import { FEED_GAPS } from '../../domain/streams.ts'
import { partitionOf } from '../../feeds/partitioner.ts'
import { mix } from '../../feeds/random.ts'
import { createSimulator } from '../../feeds/simulator/simulator.ts'
import { type MadeTrade, madeTrades, publishedTrade } from './feed-laws.ts'
import { type Ban, feedNetwork } from './feed-network.ts'
import { type FeedProcess, type FeedSurroundings, startFeedProcess } from './feed-process.ts'
import { FEEDS_START, type FeedTrouble, type FeedWeather, symbolsOf, TROUBLED_MS } from './feed-weather.ts'
import { type Expected, valueKey } from './scenario.ts'
import type { Topics } from './topics.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const LOOK_MS = 5 * SECOND
const SELDOM_MS = 60 * SECOND
/** What is on its way, and what is not waited for yet, has shown by then. */
const DONE_LOOKS = 2
/** What lasts when the troubles end is over by then. */
const LASTING_MS = 20 * SECOND
const RESTART_MS = 4 * SECOND
/** Trading ends by then whatever the feed has seen. */
const LONGEST_TRADING_MS = 1_800 * SECOND
/** A refused market is asked for again after an hour. Whoever is not done by then never will be. */
const LONGEST_MS = 8 * 3_600 * SECOND

export interface Feeds {
  start(): void
  /** What the exchanges made, by their own record. */
  made(): MadeTrade[]
  /** What never came to its end, a line each. */
  readonly problems: readonly string[]
}

/** Kafka as the processes of all feeds see it. */
interface Kafka {
  downUntil: number
}

/** `expected`: gets what must become of each record. */
export function createFeeds(
  world: World,
  topics: Topics,
  exchanges: readonly Exchange[],
  weather: FeedWeather,
  expected: Map<string, Expected>,
): Feeds {
  const kafka: Kafka = { downUntil: 0 }
  const problems: string[] = []
  const feeds = exchanges.map(({ name, partitions }) => {
    const known = EXCHANGES.find(exchange => exchange.name === name)!
    return createFeedOf({ world, topics, partitions, exchange: known, weather, kafka, expected, problems })
  })
  return {
    problems,
    start() {
      for (const feed of feeds) feed.start()
    },
    made: () => feeds.flatMap(feed => feed.made()),
  }
}

interface OneFeed {
  readonly world: World
  readonly topics: Topics
  readonly partitions: number
  readonly exchange: KnownExchange
  readonly weather: FeedWeather
  readonly kafka: Kafka
  readonly expected: Map<string, Expected>
  readonly problems: string[]
}

function createFeedOf({ world, topics, partitions, exchange, weather, kafka, expected, problems }: OneFeed) {
  const { scheduler } = world
  const { name } = exchange
  const symbols = symbolsOf(name)
  const calmFrom = FEEDS_START + TROUBLED_MS
  const at = (due: number, what: string, run: () => void | Promise<void>) =>
    scheduler.add({ due, label: `${name} ${what}`, owner: undefined, run })
  const outside: Timers = {
    now: scheduler.now,
    steady: scheduler.now,
    after(ms, run) {
      const entry = { due: scheduler.now() + Math.ceil(Math.max(0, ms)), label: `${name} timer`, owner: undefined, run }
      scheduler.add(entry)
      return () => scheduler.cancel(entry)
    },
  }
  const simulator = createSimulator({
    seed: mix(world.seed, 29),
    startMicros: BigInt(FEEDS_START) * 1000n,
    ratePerSecond: weather.ratePerSecond / SHARES[exchange.name],
    timers: outside,
    exchanges: [exchange],
    faults: weather.faults.filter(fault => fault.exchange === name),
    invalidShare: weather.invalidShare,
  })
  const [simulated] = simulator.exchanges
  // The feed has had nothing of the market, and knows it: the first trades count too.
  const positions = new Map<string, FeedPosition>(symbols.map(symbol => [symbol, { symbol, id: 0, at: FEEDS_START }]))
  const ban: Ban = { until: 0, ms: 0, offences: 0 }
  const spill = world.engine.scratch.path(`spill-${name}`)
  /** Markets of which a trade has come since the troubles ended. */
  const seen = new Set<string>()
  let clockOff = 0
  let number = 0
  let process: FeedProcess | undefined
  let isOver = false
  let hasEndedTrading = false
  /** Looks in a row that found nothing left to do. */
  let doneFor = 0

  const isTroubled = () => scheduler.now() < calmFrom
  const fault: FeedSurroundings['fault'] & Parameters<typeof feedNetwork>[2]['fault'] = (type, detail) =>
    isTroubled() ? world.point(type, detail) : undefined

  async function stored(records: readonly FeedRecord[]): Promise<void> {
    for (const [topic, some] of Map.groupBy(records, record => record.topic)) {
      const isGaps = topic === FEED_GAPS_TOPIC
      const placed = some.map(({ key, value, timestamp }): LogRecord => {
        if (isGaps) scheduler.note(`  report ${Buffer.from(value)}`)
        else expect(value, timestamp)
        return { partition: partitionOf(key, isGaps ? FEED_GAPS.partitions : partitions), key, value, timestamp }
      })
      await topics.append(isGaps ? FEED_GAPS.name : name, placed)
    }
  }

  function expect(value: Uint8Array, timestamp: number): void {
    const key = valueKey(value)
    if (!expected.has(key)) expected.set(key, publishedTrade(value, timestamp))
  }

  function delivered(text: string): void {
    if (
      scheduler.now() < calmFrom + LASTING_MS ||
      hasEndedTrading ||
      !/"e":"trade"|"type":"(?:update|match)"/.test(text)
    )
      return
    const letters = text.replaceAll(/[^A-Z]/g, '')
    for (const symbol of symbols) if (letters.includes(symbol)) seen.add(symbol)
  }

  const surroundings: FeedSurroundings = {
    ...{ world, weather, exchange, symbols, spill, positions, outside, stored, fault },
    clockOff: () => clockOff,
    isKafkaUp: () => scheduler.now() >= kafka.downUntil,
    network: host => feedNetwork(host, simulated, { latencyMs: weather.latencyMs, ban, fault, delivered }),
    ended: () => startSoon(RESTART_MS),
  }

  function startSoon(ms: number): void {
    process = undefined
    at(scheduler.now() + ms, 'feed starts', () => {
      process ??= startFeedProcess(surroundings, number++)
    })
  }

  async function make({ kind, ms }: FeedTrouble): Promise<void> {
    if (kind === 'kafka-down') kafka.downUntil = Math.max(kafka.downUntil, Math.min(scheduler.now() + ms, calmFrom))
    else if (kind === 'clock-jump') clockOff += ms
    else if (kind === 'kill') process?.die()
    else if (process) {
      const old = process
      process = undefined
      await old.stop()
      // Where it dies meanwhile, this never comes.
      startSoon(ms)
    }
  }

  /** Whether a stream has had the last trade of each market, for all to read: who has not seen a trade knows of it by those behind it. */
  function endsStreamed(): boolean {
    const log = simulated.log()
    return symbols.every(symbol => {
      const last = log.findLast(({ trade }) => trade.instrument.symbol === symbol)
      return last?.fate === 'sent' && last.isReadable
    })
  }

  /** Comes again until nothing is left to do. */
  function look(): void {
    const status = process?.feed.status()
    const isRefused = status?.problems.some(problem => problem.includes('is not read')) ?? false
    const late = scheduler.now() > FEEDS_START + LONGEST_MS
    if (late) problems.push(`the feed of ${name} is not done after hours`)
    const longEnough = scheduler.now() > FEEDS_START + LONGEST_TRADING_MS
    if (!hasEndedTrading && (((seen.size === symbols.length || isRefused) && endsStreamed()) || longEnough)) {
      hasEndedTrading = true
      simulator.endTrading()
    }
    const isDone = hasEndedTrading && status?.missingTrades === 0 && !isRefused
    doneFor = isDone ? doneFor + 1 : 0
    if (doneFor > DONE_LOOKS || late) end()
    else at(scheduler.now() + (isRefused ? SELDOM_MS : LOOK_MS), 'is looked at', look)
  }

  function end(): void {
    isOver = true
    void (process?.stop() ?? Promise.resolve()).then(() => {
      process = undefined
      simulator.stop()
      rmSync(spill, { force: true })
    })
  }

  return {
    start() {
      startSoon(FEEDS_START - scheduler.now())
      for (const trouble of weather.troubles)
        if (trouble.exchange === name) at(FEEDS_START + trouble.at, trouble.kind, () => void make(trouble))
      at(calmFrom + LASTING_MS, 'is looked at', look)
    },
    made: () => madeTrades(exchange, symbols, simulated.log()),
    get isOver() {
      return isOver
    },
  }
}

/** Shares of the exchanges in the trades of all that can be simulated. */
const SHARES: Readonly<Record<KnownExchange['name'], number>> = { binance: 0.8, kraken: 0.12, coinbase: 0.08 }
