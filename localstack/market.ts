/**
 * Publishes the seeded market into the topic log as time passes. Each append names the tick that it goes up to, so
 * after a crash the market goes on exactly where it was: what a lake has received is a function of seed, start and
 * rate alone.
 */

import { topicName } from '../domain/names.ts'
import type { Attributes, Key, Write } from '../domain/ports.ts'
import { createMarket, type MarketRecord, TICK_MICROS } from '../feeds/market.ts'
import type { Lake } from './lake.ts'

/** A market that stood still longer than this is not caught up with: a new one begins. */
const MAX_PAUSE_MS = 600_000
/** Records of one append while catching up. */
const RECORDS_PER_APPEND = 20_000
const PARTITION = 'market'
const DEFAULT_SEED = 1
/** Trades a second of all exchanges together. */
const DEFAULT_RATE = 200

export interface MarketRun {
  readonly number: number
  readonly seed: number
  readonly ratePerSecond: number
  readonly startMicros: bigint
  /**
   * Publishes the ticks that have ended by now, of a long pause some at a time; gives how many records that were, by
   * exchange.
   */
  publish(): Promise<Map<string, number>>
}

export interface WantedMarket {
  readonly seed?: number
  readonly rate?: number
  /** Its first moment, microseconds since 1970; the market is then caught up with, however long ago that is. */
  readonly startMicros?: bigint
}

/**
 * Goes on with the lake's market; begins a new one where there is none, another one is wanted, or it stood still for
 * long.
 */
export async function openMarket(lake: Lake, wanted: WantedMarket): Promise<MarketRun> {
  const now = lake.ports.clock.now()
  const last = (await lake.ports.state.query('state', PARTITION)).at(-1)
  const known = last && parse(last.attributes)
  if (known && isWanted(known, wanted) && (wanted.startMicros !== undefined || !(await stoodStill(lake, known, now))))
    return running(lake, known)
  const market = {
    number: known ? known.number + 1 : 0,
    seed: wanted.seed ?? known?.seed ?? DEFAULT_SEED,
    ratePerSecond: wanted.rate ?? known?.ratePerSecond ?? DEFAULT_RATE,
    startMicros: wanted.startMicros ?? BigInt(now) * 1000n,
  }
  const key: Key = { table: 'state', partition: PARTITION, sort: String(market.number).padStart(6, '0') }
  const attributes: Attributes = {
    number: market.number,
    seed: market.seed,
    rate: market.ratePerSecond,
    start_micros: `${market.startMicros}`,
  }
  const put: Write = { kind: 'put', item: { key, attributes }, when: { is: 'absent' } }
  await lake.ports.state.transact([put], lake.ports.ids.uuid())
  return running(lake, market)
}

function isWanted(known: MarketState, wanted: WantedMarket): boolean {
  return (
    (wanted.seed ?? known.seed) === known.seed &&
    (wanted.rate ?? known.ratePerSecond) === known.ratePerSecond &&
    (wanted.startMicros ?? known.startMicros) === known.startMicros
  )
}

type MarketState = Omit<MarketRun, 'publish'>

function parse(attributes: Attributes): MarketState {
  return {
    number: Number(attributes.number),
    seed: Number(attributes.seed),
    ratePerSecond: Number(attributes.rate),
    startMicros: BigInt(String(attributes.start_micros)),
  }
}

function producerId(market: MarketState, exchange: string): string {
  return `market-${market.number}-${exchange}`
}

async function stoodStill(lake: Lake, market: MarketState, now: number): Promise<boolean> {
  const ticks = await Promise.all(lake.exchanges.map(({ name }) => lake.topics.lastSequence(producerId(market, name))))
  const last = Math.max(...ticks.map(tick => tick ?? 0))
  const at = Number(market.startMicros + BigInt(last) * TICK_MICROS) / 1000
  return now - at > MAX_PAUSE_MS
}

async function running(lake: Lake, market: MarketState): Promise<MarketRun> {
  const feeds = await Promise.all(
    lake.exchanges.map(async exchange => ({
      exchange,
      market: createMarket({ ...market, exchange, partitions: exchange.partitions, market: market.number }),
      next: ((await lake.topics.lastSequence(producerId(market, exchange.name))) ?? -1) + 1,
    })),
  )
  return {
    ...market,
    async publish() {
      const elapsed = BigInt(lake.ports.clock.now()) * 1000n - market.startMicros
      const ended = Number(elapsed / TICK_MICROS)
      const published = new Map<string, number>()
      for (const feed of feeds) {
        const records: MarketRecord[] = []
        while (feed.next < ended && records.length < RECORDS_PER_APPEND) records.push(...feed.market.tick(feed.next++))
        const producer = { id: producerId(market, feed.exchange.name), sequence: feed.next - 1 }
        if (records.length > 0) await lake.topics.append(topicName(feed.exchange.name), records, producer)
        published.set(feed.exchange.name, records.length)
      }
      return published
    },
  }
}
