/**
 * The trades of one simulated exchange as a pure function of its options: tick by tick as they come, and any past
 * stretch of one instrument by id or by time. Nothing is kept but the walk's state at every 32nd tick.
 */
import { mix, randomStream } from '../random.ts'
import type { Instrument } from './instruments.ts'
import { createWalker, drawTerms, type Terms, TICK_MICROS, type Walk, type WalkOptions } from './walk.ts'

/** Times are microseconds since 1970, as numbers: exact until the year 2255. */
export interface MarketTrade extends Terms {
  readonly instrument: Instrument
  /** The instrument's place in the exchange's list. */
  readonly number: number
  /** Counts up by one within an instrument. */
  readonly id: number
  /** When it happened, in the exchange's own steps of time; grows with the id, or stays. */
  readonly happenedAt: number
  /** When the exchange says that it happened; the same, but for faults. */
  readonly timestamp: number
  /** When the exchange sends it: 5 to 80 ms after it happened; grows with the id, or stays. */
  readonly sentAt: number
}

export interface SimulatedMarket {
  readonly instruments: readonly Instrument[]
  readonly salt: number
  /** The trades of the k-th fifth of a second in the order of their sending. Cheapest one tick after another. */
  tick(k: number): MarketTrade[]
  /** The tick that a time is in; below 0 before the market began. */
  tickOf(micros: number): number
  /** When tick k begins. */
  startOf(k: number): number
  /** The id of an instrument's first trade after a time. */
  nextId(number: number, micros: number): number
  /** Up to `limit` trades of an instrument from an id on, in the order of their ids, of those sent by `now`. */
  fromId(number: number, id: number, limit: number, now: number): MarketTrade[]
  /** Those that happened after `micros`, up to `limit`, of those sent by `now`. */
  after(number: number, micros: number, limit: number, now: number): MarketTrade[]
  /** The last ones sent by `now`, in the order of their ids. */
  last(number: number, limit: number, now: number): MarketTrade[]
}

const BLOCK_TICKS = 32
const TICK = Number(TICK_MICROS)
const MIN_LATENCY_MICROS = 5_000
const MAX_LATENCY_MICROS = 80_000

interface BlockStart {
  readonly price: number
  readonly nextId: number
}

/** @throws RangeError where an option is out of range */
export function simulatedMarket(options: WalkOptions): SimulatedMarket {
  const { venue, salt, start, countOf, move } = createWalker(options)
  const begin = Number(options.startMicros)
  const timeStep = Number(venue.timeStep)
  // By block, by instrument.
  const blocks: BlockStart[][] = []
  const frontier = start()

  /** The walk of an instrument as it stands before tick k. */
  function walkAt(number: number, k: number): Walk {
    const block = Math.floor(k / BLOCK_TICKS)
    reach(block)
    const walk = { ...frontier[number], ...blocks[block][number] }
    for (let tick = block * BLOCK_TICKS; tick < k; tick++) move(walk, tick, countOf(walk, tick))
    return walk
  }

  function reach(block: number): void {
    while (blocks.length <= block) {
      const from = blocks.length * BLOCK_TICKS
      blocks.push(frontier.map(({ price, nextId }) => ({ price, nextId })))
      for (const walk of frontier)
        for (let tick = from; tick < from + BLOCK_TICKS; tick++) move(walk, tick, countOf(walk, tick))
    }
  }

  /** Between two ticks it changes steadily, so that a later trade never has an earlier time. */
  function latencyAt(number: number, k: number): number {
    return MIN_LATENCY_MICROS + (mix(salt, 5, k, number) % (MAX_LATENCY_MICROS - MIN_LATENCY_MICROS))
  }

  function tradesOf(walk: Walk, k: number, count: number, into: MarketTrade[]): void {
    const random = randomStream(mix(salt, 4, k, walk.number))
    const from = latencyAt(walk.number, k)
    const slope = (latencyAt(walk.number, k + 1) - from) / TICK
    for (let i = 0; i < count; i++) {
      const offset = Math.floor(((i + random()) * TICK) / count)
      const sentAt = begin + k * TICK + offset
      const exact = sentAt - Math.ceil(from + slope * offset)
      const happenedAt = exact - (exact % timeStep)
      const { price, quantity, side } = drawTerms(walk, random)
      const { instrument, number } = walk
      const id = walk.nextId + i
      into.push({ instrument, number, id, happenedAt, timestamp: happenedAt, sentAt, price, quantity, side })
    }
  }

  /** The trades of one instrument from tick k on, tick by tick, up to and with the tick of `now`. */
  function* ticksFrom(number: number, k: number, now: number): Generator<MarketTrade[]> {
    const walk = walkAt(number, k)
    const end = tickOf(now)
    for (let tick = k; tick <= end; tick++) {
      const count = countOf(walk, tick)
      const trades: MarketTrade[] = []
      tradesOf(walk, tick, count, trades)
      move(walk, tick, count)
      yield tick < end ? trades : trades.filter(({ sentAt }) => sentAt <= now)
    }
  }

  function collect(number: number, k: number, limit: number, now: number, wanted: (trade: MarketTrade) => boolean) {
    const found: MarketTrade[] = []
    for (const trades of ticksFrom(number, Math.max(0, k), now)) {
      for (const trade of trades) if (wanted(trade)) found.push(trade)
      if (found.length >= limit) break
    }
    return found.slice(0, limit)
  }

  function tickOf(micros: number): number {
    return Math.floor((micros - begin) / TICK)
  }

  /** The last block at whose begin the id had not been reached, of those up to `now`. */
  function blockOf(number: number, id: number, now: number): number {
    let [low, high] = [0, Math.max(0, Math.floor(tickOf(now) / BLOCK_TICKS))]
    reach(high)
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (blocks[middle][number].nextId <= id) low = middle
      else high = middle - 1
    }
    return low
  }

  function fromId(number: number, id: number, limit: number, now: number): MarketTrade[] {
    const block = blockOf(number, id, now)
    return collect(number, block * BLOCK_TICKS, limit, now, trade => trade.id >= id)
  }

  function nextId(number: number, micros: number): number {
    const tick = Math.max(0, tickOf(micros))
    return walkAt(number, tick).nextId + collect(number, tick, Number.POSITIVE_INFINITY, micros, () => true).length
  }

  let walks = start()
  let next = 0
  return {
    instruments: venue.instruments,
    salt,
    tickOf,
    startOf: k => begin + k * TICK,
    tick(k) {
      if (!Number.isSafeInteger(k) || k < 0) throw new RangeError(`Tick ${k} is none: ticks are whole numbers from 0.`)
      if (k !== next) walks = walks.map(({ number }) => walkAt(number, k))
      next = k + 1
      const trades: MarketTrade[] = []
      for (const walk of walks) {
        const count = countOf(walk, k)
        tradesOf(walk, k, count, trades)
        move(walk, k, count)
      }
      return trades.sort((a, b) => a.sentAt - b.sentAt)
    },
    fromId,
    after: (number, micros, limit, now) =>
      collect(number, tickOf(micros), limit, now, trade => trade.happenedAt > micros),
    nextId,
    last: (number, limit, now) => fromId(number, nextId(number, now) - limit, limit, now),
  }
}
