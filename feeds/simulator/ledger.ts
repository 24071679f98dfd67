/**
 * What faults make of an exchange's trades, for stream and REST alike: times that are off, ids that are never sent,
 * trades that are not valid. All of it is a function of the market, the faults and the seed.
 */
import { sumOf } from '../../domain/counts.ts'
import { DAY_MICROS, MINUTE_MS } from '../../domain/time.ts'
import { mix } from '../random.ts'
import type { MarketTrade, SimulatedMarket } from './market.ts'
import type { Fault } from './types.ts'

export interface Ledger {
  /** Takes note of a fault that begins now. Only `late`, `skipped`, `unreadable` and `skew` change what trades are. */
  begin(fault: Fault): void
  /** The trade as the exchange shows it. */
  show(trade: MarketTrade): MarketTrade
  fateOf(trade: MarketTrade): 'sent' | 'skipped' | 'lost'
  /** Whether its price is a number. */
  isReadable(trade: MarketTrade): boolean
  /** Whether it is a valid trade: price, quantity and time are possible. */
  isValid(trade: MarketTrade): boolean
  /** How many microseconds the exchange's clock is off. */
  skewAt(micros: number): number
  /** How many ids of an instrument are lost. */
  lostOf(number: number): number
}

interface Stretch {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  readonly fate: 'sent' | 'skipped' | 'lost'
  /** Microseconds. */
  readonly late: number
  readonly isReadable: boolean
}

interface Skew {
  readonly from: number
  readonly to: number
  readonly offset: number
}

const MIN_LATE_MS = MINUTE_MS
const MAX_LATE_MS = 7_200_000
/** Trades of the future are refused from a minute on (domain/validation.ts). */
const FUTURE_MICROS = Number(DAY_MICROS)

/** Stands for a price that is written so that nobody can read it. */
export const NO_NUMBER = -1n

/** `invalidShare` of all trades, of 1, break a rule. */
export function createLedger(market: SimulatedMarket, invalidShare: number): Ledger {
  const { salt, instruments } = market
  const stretches: Stretch[][] = instruments.map(() => [])
  const skews: Skew[] = []

  /** Chooses an instrument, the busy ones more often. */
  function chooseInstrument(roll: number): number {
    let rest = (roll / 0x1_0000_0000) * sumOf(instruments, ({ share }) => share)
    return Math.max(
      0,
      instruments.findIndex(({ share }) => (rest -= share) < 0),
    )
  }

  function stretchOf(trade: MarketTrade): Stretch | undefined {
    return stretches[trade.number].find(({ from, to }) => trade.id >= from && trade.id < to)
  }

  function flawOf({ number, id }: MarketTrade): 'price' | 'quantity' | 'time' | undefined {
    if (invalidShare === 0 || mix(salt, 9, number, id) / 0x1_0000_0000 >= invalidShare) return undefined
    return (['price', 'quantity', 'time'] as const)[mix(salt, 10, number, id) % 3]
  }

  function skewAt(micros: number): number {
    return skews.reduce((sum, { from, to, offset }) => (micros >= from && micros < to ? sum + offset : sum), 0)
  }

  return {
    begin(fault) {
      if (fault.kind === 'skew') {
        const from = fault.at * 1000
        skews.push({ from, to: from + fault.milliseconds * 1000, offset: fault.offset * 1000 })
      } else if (fault.kind === 'late' || fault.kind === 'skipped' || fault.kind === 'unreadable') {
        const roll = mix(salt, 11, fault.at, fault.trades, fault.kind === 'late' ? 1 : 0)
        const named = instruments.findIndex(({ symbol }) => symbol === fault.symbol)
        const number = named === -1 ? chooseInstrument(roll) : named
        const from = market.nextId(number, fault.at * 1000)
        const late = MIN_LATE_MS + (mix(roll) % (MAX_LATE_MS - MIN_LATE_MS))
        stretches[number].push({
          from,
          to: from + fault.trades,
          fate: fault.kind !== 'skipped' ? 'sent' : fault.lost ? 'lost' : 'skipped',
          late: fault.kind === 'late' ? late * 1000 : 0,
          isReadable: fault.kind !== 'unreadable',
        })
      }
    },
    show(trade) {
      const stretch = stretches[trade.number].length === 0 ? undefined : stretchOf(trade)
      const late = stretch?.late ?? 0
      const skew = skews.length === 0 ? 0 : skewAt(trade.sentAt)
      const flaw = flawOf(trade)
      const isReadable = stretch?.isReadable ?? true
      if (late === 0 && skew === 0 && flaw === undefined && isReadable) return trade
      const timestamp = trade.timestamp - late + skew + (flaw === 'time' ? FUTURE_MICROS : 0)
      if (!isReadable) return { ...trade, timestamp, price: NO_NUMBER }
      if (flaw === 'price') return { ...trade, timestamp, price: 0n }
      if (flaw === 'quantity') return { ...trade, timestamp, quantity: 0n }
      return { ...trade, timestamp }
    },
    fateOf: trade => (stretches[trade.number].length === 0 ? 'sent' : (stretchOf(trade)?.fate ?? 'sent')),
    isReadable: trade => stretchOf(trade)?.isReadable ?? true,
    isValid: trade => flawOf(trade) === undefined,
    skewAt,
    lostOf: number =>
      stretches[number].reduce((sum, { from, to, fate }) => (fate === 'lost' ? sum + to - from : sum), 0),
  }
}
