/**
 * A seeded market: the messages of one exchange, tick by tick, as a pure function of its options.
 *
 * Tick k holds what the feed receives in the k-th fifth of a second. It comes out the same whether the ticks before
 * it were made by this object, by another one, or never: a run may be cut anywhere and gone on with.
 * On purpose there are repeats (byte for byte, up to 30 s later), late trades (up to two hours), messages that
 * cannot be decoded and messages that break a rule.
 */
import type { LogRecord, PartitionEnd } from '../domain/ports.ts'
import { messageId, type Trade } from '../domain/trade.ts'
import { encodeTrade, TRADE_SCHEMA_ID } from '../domain/wire.ts'
import { brokenValue } from './broken-records.ts'
import { type Instrument, VENUES, type Venue } from './instruments.ts'
import { partitionOf } from './partitioner.ts'
import { mix, type Random, randomStream } from './random.ts'

/** Length of a tick. */
export const TICK_MICROS = 200_000n

export interface MarketOptions {
  /** A whole number from 0; the same seed makes the same market. */
  readonly seed: number
  /** Begin of tick 0, microseconds since 1970. */
  readonly startMicros: bigint
  /** Messages of all exchanges together, on average, without repeats and broken ones. */
  readonly ratePerSecond: number
  /** Name and code as in domain/exchanges.ts. */
  readonly exchange: { readonly name: string; readonly code: string }
  /** Of its topic. */
  readonly partitions: number
  /** Tells apart markets of one seed that begin at different times: their trade ids never meet. 0 unless told. */
  readonly market?: number
}

export interface MarketRecord extends LogRecord {
  /** The valid trade that the value holds, also where it is a repeat; undefined where the record is broken. */
  readonly trade: Trade | undefined
}

export interface Market {
  /** The records of a tick in the order of their receipt. Cheapest when ticks are asked for one after another. */
  tick(k: number): MarketRecord[]
}

const REPEAT_CHANCE = 0.01
const LATE_CHANCE = 0.003
const BROKEN_CHANCE = 0.005
/** Repeats come 0.2 to 30 s after the first. */
const MAX_REPEAT_TICKS = 150
const MAX_LATE_MICROS = 7_200_000_000
const MIN_LATE_MICROS = 2_000_000
/** The feed gets a trade this long after it happened. */
const MIN_LATENCY_MICROS = 5_000
const MAX_LATENCY_MICROS = 80_000
/** Bursts: in each 32 s there are 2 s, somewhere, with four times as many messages as else. */
const BURST_TICKS = 10
const BURST_ONE_OF = 16
const BURST_FACTOR = 4
const CALM = BURST_ONE_OF / (BURST_ONE_OF + BURST_FACTOR - 1)
/** How far a price moves in a tick, and how strongly it is drawn back to its base. */
const STEP = 0.0004
const PULL = 0.0001
/** Ids of one market; a billion years of ticks do not use them up at any rate that one machine makes. */
const IDS_PER_MARKET = 10_000_000_000
const MAX_MARKETS = 900_000
const OTHER_VENUE: Venue = { ...VENUES.binance, share: 0.05 }

/** What changes from tick to tick: all that a later tick needs to know of the earlier ones. */
interface Walk {
  readonly instrument: Instrument
  readonly number: number
  readonly key: Uint8Array
  readonly partition: number
  /** In price steps. */
  price: number
  nextId: number
}

/** Starts a market before its tick 0. @throws RangeError where an option is out of range */
export function createMarket(options: MarketOptions): Market {
  const { seed, startMicros, ratePerSecond, exchange, partitions, market = 0 } = options
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`Seed ${seed} is no whole number from 0.`)
  if (!(ratePerSecond >= 0 && ratePerSecond <= 10_000_000)) throw new RangeError(`Rate ${ratePerSecond} is none.`)
  if (!Number.isInteger(market) || market < 0 || market > MAX_MARKETS) throw new RangeError(`Market ${market} is none.`)
  const venue = Object.hasOwn(VENUES, exchange.name) ? VENUES[exchange.name] : OTHER_VENUE
  const salt = mix(seed, market, ...new TextEncoder().encode(exchange.name))
  const perTick = (ratePerSecond * venue.share * Number(TICK_MICROS)) / 1_000_000

  let walks: Walk[] = []
  let next = 0
  /** Repeats by the tick that they are due in. */
  const due = new Map<number, MarketRecord[]>()

  function reset(): void {
    next = 0
    due.clear()
    walks = venue.instruments.map((instrument, number) => {
      const key = new TextEncoder().encode(instrument.symbol)
      const partition = partitionOf(key, partitions)
      return { instrument, number, key, partition, price: instrument.basePrice, nextId: market * IDS_PER_MARKET + 1 }
    })
  }

  /** How many new trades a symbol has in a tick. The fraction left over is rolled for, so that the mean is exact. */
  function countOf(walk: Walk, k: number): number {
    const window = Math.floor(k / BURST_TICKS)
    const burst = mix(salt, 1, Math.floor(window / BURST_ONE_OF)) % BURST_ONE_OF === window % BURST_ONE_OF
    const expected = perTick * walk.instrument.share * CALM * (burst ? BURST_FACTOR : 1)
    return Math.floor(expected + mix(salt, 2, k, walk.number) / 0x1_0000_0000)
  }

  /** Moves a walk over a tick. */
  function move(walk: Walk, k: number, count: number): void {
    const { basePrice } = walk.instrument
    const random = randomStream(mix(salt, 3, k, walk.number))
    const shock = random() + random() + random() - 1.5
    const moved = walk.price * (1 + STEP * shock) + (basePrice - walk.price) * PULL
    // Below some hundred steps a relative move rounds to nothing: there the price hops by whole steps.
    const hop = random() < 0.1 ? Math.floor(random() * 3) - 1 : 0
    walk.price = Math.max(1, Math.floor(moved + random()) + hop)
    walk.nextId += count
  }

  function skipTo(k: number): void {
    if (k < next) reset()
    // Repeats that are due later come from the last 30 s: those ticks are made, the others only walked.
    const from = Math.max(next, k - MAX_REPEAT_TICKS)
    for (; next < from; next++) {
      for (const walk of walks) move(walk, next, countOf(walk, next))
      due.delete(next)
    }
    while (next < k) advance()
  }

  function advance(): MarketRecord[] {
    const k = next++
    const received = startMicros + BigInt(k) * TICK_MICROS
    const records = due.get(k) ?? []
    due.delete(k)
    for (const walk of walks) {
      const count = countOf(walk, k)
      if (count > 0) makeTrades(walk, k, count, received, records)
      move(walk, k, count)
    }
    return records.sort((a, b) => a.timestamp - b.timestamp)
  }

  function makeTrades(walk: Walk, k: number, count: number, tickStart: bigint, records: MarketRecord[]): void {
    const random = randomStream(mix(salt, 4, k, walk.number))
    const slot = Number(TICK_MICROS) / count
    for (let i = 0; i < count; i++) {
      const received = tickStart + BigInt(Math.floor((i + random()) * slot))
      const trade = makeTrade(walk, walk.nextId + i, received, random)
      const timestamp = Number(received / 1000n)
      const at = { partition: walk.partition, key: walk.key, timestamp }
      const record = { ...at, value: encodeTrade(trade, TRADE_SCHEMA_ID), trade }
      records.push(record)
      if (random() < REPEAT_CHANCE) repeatLater(record, k, random)
      if (random() < BROKEN_CHANCE)
        records.push({ ...at, value: brokenValue(trade, TRADE_SCHEMA_ID, random), trade: undefined })
    }
  }

  function makeTrade(walk: Walk, id: number, received: bigint, random: Random): Trade {
    const { instrument, price } = walk
    const latency = MIN_LATENCY_MICROS + Math.floor(random() * (MAX_LATENCY_MICROS - MIN_LATENCY_MICROS))
    const late = random() < LATE_CHANCE ? lateMicros(random) : 0
    const happened = received - BigInt(latency + late)
    const spread = Math.max(1, Math.floor(price * STEP))
    const steps = Math.max(1, price + Math.floor((random() - 0.5) * spread + 0.5))
    const side = random() < 0.5 ? 'BUY' : 'SELL'
    const size = random()
    // Many small trades, few large ones.
    const lots = Math.max(1, Math.floor(instrument.quantity * 4 * size * size * size * size))
    const tradeId = `${exchange.code}-${id}`
    return {
      messageId: messageId(exchange.code, instrument.symbol, tradeId),
      tradeId,
      symbol: instrument.symbol,
      exchange: exchange.code,
      assetClass: 'crypto',
      timestamp: happened - (happened % venue.timeStep),
      price: BigInt(steps) * instrument.priceStep,
      quantity: BigInt(lots) * instrument.quantityStep,
      currency: instrument.currency,
      side,
      tradeConditions: [],
      sourceSequence: venue.sequenced ? BigInt(id) * 2n : null,
      ingestionTimestamp: received,
      platformSequence: null,
      vendorData: instrument.vendorData(side),
    }
  }

  function repeatLater(record: MarketRecord, k: number, random: Random): void {
    const ticks = 1 + Math.floor(random() * MAX_REPEAT_TICKS)
    const repeat = { ...record, timestamp: record.timestamp + ticks * (Number(TICK_MICROS) / 1000) }
    const others = due.get(k + ticks)
    if (others) others.push(repeat)
    else due.set(k + ticks, [repeat])
  }

  reset()
  return {
    tick(k) {
      if (!Number.isSafeInteger(k) || k < 0) throw new RangeError(`Tick ${k} is none: ticks are whole numbers from 0.`)
      if (k !== next) skipTo(k)
      return advance()
    },
  }
}

/** Most late trades are seconds late, few are hours: each doubling is as likely as the next. */
function lateMicros(random: Random): number {
  const doublings = 12
  const whole = Math.floor(random() * doublings)
  return Math.min(MAX_LATE_MICROS, Math.floor(MIN_LATE_MICROS * (1 << whole) * (1 + random())))
}

/**
 * The valid trades, each once and by message_id, that a topic holds up to the given ends, when all that was ever
 * appended to it are the ticks of this market from tick 0 on: what Gold must hold, recomputed without the lake.
 */
export function expectedTrades(
  options: MarketOptions,
  ends: readonly Pick<PartitionEnd, 'partition' | 'end'>[],
): Map<string, Trade> {
  const market = createMarket(options)
  const left = new Map(ends.map(({ partition, end }) => [partition, end]))
  let missing = ends.reduce((sum, { end }) => sum + end, 0)
  const trades = new Map<string, Trade>()
  for (let k = 0; missing > 0; k++) {
    for (const { partition, trade } of market.tick(k)) {
      const room = left.get(partition) ?? 0
      if (room === 0) continue
      left.set(partition, room - 1)
      missing--
      if (trade && !trades.has(trade.messageId)) trades.set(trade.messageId, trade)
    }
  }
  return trades
}
