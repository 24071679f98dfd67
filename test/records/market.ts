/**
 * A seeded market as Kafka records, without feeds between: the messages of one exchange, tick by tick, as a pure function
 * of its options.
 *
 * Tick k holds what the feed receives in the k-th fifth of a second. It comes out the same whether the ticks before
 * it were made by this object, by another one, or never: a run may be cut anywhere and gone on with.
 * On purpose there are repeats (byte for byte, up to 30 s later), late trades (up to two hours), messages that
 * cannot be decoded and messages that break a rule.
 */
import type { LogRecord } from '../../domain/ports.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { partitionOf } from '../../feeds/partitioner.ts'
import { mix, type Random, randomStream } from '../../feeds/random.ts'
import { createWalker, drawTerms, TICK_MICROS, type Walk, type WalkOptions } from '../../feeds/simulator/walk.ts'
import { brokenValue } from './broken-records.ts'

export { TICK_MICROS }

export interface MarketOptions extends WalkOptions {
  /** Partitions of the exchange's topic. */
  readonly partitions: number
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

/** Starts a market before its tick 0. @throws RangeError where an option is out of range */
export function createMarket(options: MarketOptions): Market {
  const { startMicros, exchange, partitions } = options
  const { venue, salt, start, countOf, move } = createWalker(options)
  const keys = venue.instruments.map(({ symbol }) => new TextEncoder().encode(symbol))
  const partitionsOf = keys.map(key => partitionOf(key, partitions))

  let walks: Walk[] = []
  let next = 0
  /** Repeats by the tick that they are due in. */
  const due = new Map<number, MarketRecord[]>()

  function reset(): void {
    next = 0
    due.clear()
    walks = start()
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
      const at = { partition: partitionsOf[walk.number], key: keys[walk.number], timestamp }
      const record = { ...at, value: encodeTrade(trade), trade }
      records.push(record)
      if (random() < REPEAT_CHANCE) repeatLater(record, k, random)
      if (random() < BROKEN_CHANCE) records.push({ ...at, value: brokenValue(trade, random), trade: undefined })
    }
  }

  function makeTrade(walk: Walk, id: number, received: bigint, random: Random): Trade {
    const { instrument } = walk
    const latency = MIN_LATENCY_MICROS + Math.floor(random() * (MAX_LATENCY_MICROS - MIN_LATENCY_MICROS))
    const late = random() < LATE_CHANCE ? lateMicros(random) : 0
    const happened = received - BigInt(latency + late)
    const terms = drawTerms(walk, random)
    const tradeId = `${exchange.code}-${id}`
    return {
      messageId: messageId(exchange.code, instrument.symbol, tradeId),
      tradeId,
      symbol: instrument.symbol,
      exchange: exchange.code,
      assetClass: 'crypto',
      timestamp: happened - (happened % venue.timeStep),
      ...terms,
      price: terms.price * 100n,
      currency: instrument.currency,
      tradeConditions: [],
      sourceSequence: venue.sequenced ? BigInt(id) * 2n : null,
      ingestionTimestamp: received,
      platformSequence: null,
      vendorData: instrument.vendorData(terms.side),
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
      if (!Number.isSafeInteger(k) || k < 0)
        throw new RangeError(`Tick ${k} does not exist: ticks are whole numbers from 0.`)
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
