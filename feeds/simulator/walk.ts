/**
 * The seeded walk under every generated market: how many trades each instrument has in each tick, at what price about,
 * and what a trade looks like. Counts and prices of a tick are a pure function of the options and the tick's number.
 */
import { mix, type Random, randomStream } from '../random.ts'
import { type Instrument, isSimulated, MARKETS, type Marketplace } from './instruments.ts'

/** Length of a tick, microseconds. */
export const TICK_MICROS = 200_000n

export interface WalkOptions {
  /** A whole number from 0; the same seed makes the same market. */
  readonly seed: number
  /** Begin of tick 0, microseconds since 1970. */
  readonly startMicros: bigint
  /** New trades of all exchanges together, on average; an exchange has its share (instruments.ts). */
  readonly ratePerSecond: number
  /** Name and code as in domain/exchanges.ts. */
  readonly exchange: { readonly name: string; readonly code: string }
  /** Tells apart markets of one seed that begin at different times: their trade ids never meet. 0 unless told. */
  readonly market?: number
}

/** What changes from tick to tick: all that a later tick needs to know of the earlier ones. */
export interface Walk {
  readonly instrument: Instrument
  readonly number: number
  /** In price steps. */
  price: number
  nextId: number
}

export interface Walker {
  readonly venue: Marketplace
  /** Mixed into all of this market's randomness. */
  readonly salt: number
  /** Before tick 0. */
  start(): Walk[]
  /** How many new trades a walk's instrument has in tick k. */
  countOf(walk: Walk, k: number): number
  /** Moves a walk over tick k, in which it has `count` trades. */
  move(walk: Walk, k: number, count: number): void
}

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
/** An exchange that is not simulated trades Binance's symbols, at a share of its own. */
const OTHER_MARKET: Marketplace = { ...MARKETS.binance, share: 0.05 }

/** @throws RangeError where an option is out of range */
export function createWalker({ seed, ratePerSecond, exchange, market = 0 }: WalkOptions): Walker {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`Seed ${seed} is no whole number from 0.`)
  if (!(ratePerSecond >= 0 && ratePerSecond <= 10_000_000)) throw new RangeError(`Rate ${ratePerSecond} is none.`)
  if (!Number.isInteger(market) || market < 0 || market > MAX_MARKETS) throw new RangeError(`Market ${market} is none.`)
  const venue = isSimulated(exchange.name) ? MARKETS[exchange.name] : OTHER_MARKET
  const salt = mix(seed, market, ...new TextEncoder().encode(exchange.name))
  const perTick = (ratePerSecond * venue.share * Number(TICK_MICROS)) / 1_000_000

  return {
    venue,
    salt,
    start: () =>
      venue.instruments.map((instrument, number) => ({
        instrument,
        number,
        price: instrument.basePrice,
        nextId: market * IDS_PER_MARKET + 1,
      })),
    countOf(walk, k) {
      const window = Math.floor(k / BURST_TICKS)
      const burst = mix(salt, 1, Math.floor(window / BURST_ONE_OF)) % BURST_ONE_OF === window % BURST_ONE_OF
      const expected = perTick * walk.instrument.share * CALM * (burst ? BURST_FACTOR : 1)
      // The fraction left over is rolled for, so that the mean is exact.
      return Math.floor(expected + mix(salt, 2, k, walk.number) / 0x1_0000_0000)
    },
    move(walk, k, count) {
      const { basePrice } = walk.instrument
      const random = randomStream(mix(salt, 3, k, walk.number))
      const shock = random() + random() + random() - 1.5
      const moved = walk.price * (1 + STEP * shock) + (basePrice - walk.price) * PULL
      // Below some hundred steps a relative move rounds to nothing: there the price hops by whole steps.
      const hop = random() < 0.1 ? Math.floor(random() * 3) - 1 : 0
      walk.price = Math.max(1, Math.floor(moved + random()) + hop)
      walk.nextId += count
    },
  }
}

export interface Terms {
  /** Units of 10^-8. */
  readonly price: bigint
  readonly quantity: bigint
  /** The aggressor's. */
  readonly side: 'BUY' | 'SELL'
}

/** Price, quantity and side of one trade of a walk. */
export function drawTerms({ instrument, price }: Walk, random: Random): Terms {
  const spread = Math.max(1, Math.floor(price * STEP))
  const steps = Math.max(1, price + Math.floor((random() - 0.5) * spread + 0.5))
  const side = random() < 0.5 ? 'BUY' : 'SELL'
  const size = random()
  // Many small trades, few large ones.
  const lots = Math.max(1, Math.floor(instrument.quantity * 4 * size * size * size * size))
  return { price: BigInt(steps) * instrument.priceStep, quantity: BigInt(lots) * instrument.quantityStep, side }
}
