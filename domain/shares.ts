/**
 * How Gold's and the candles' work is shared out: one run does that of all exchanges, or a run for each does its own beside the others.
 * Trades of two exchanges are never repeats of each other, and no candle has trades of two.
 */
import { pendingListsOf } from './events.ts'
import type { Exchange } from './exchanges.ts'
import { consumers } from './names.ts'

export interface Share {
  /** Names it in logs, and its lease. */
  readonly name: 'gold' | `gold_${string}`
  /** Whether it has an exchange's trades, by code. */
  has(code: string): boolean
  /** The code of its exchange where it has that one only. */
  readonly only?: string
  /** The lists that its Gold works off. */
  readonly goldLists: readonly string[]
  /** The lists that its candles work off. */
  readonly candleLists: readonly string[]
  /** Where its Gold puts what is left for the candles. */
  readonly candleList: string
}

/** The share that is everything: a lake's exchanges, and whatever else its lists hold. */
export function wholeShare(exchanges: readonly Exchange[]): Share {
  return {
    name: 'gold',
    has: () => true,
    goldLists: exchanges.map(({ name }) => consumers.gold(name)),
    candleLists: [consumers.candles(), ...exchanges.map(({ name }) => consumers.candles(name))],
    candleList: consumers.candles(),
  }
}

/** Whom a run of Gold, or of the candles, works for: all exchanges together, or each run for one. */
export type SharedBy = 'all' | 'exchange'

/** The shares that all of the work is made of. */
export function sharesOf(exchanges: readonly Exchange[], by: SharedBy): readonly Share[] {
  return by === 'exchange' ? sharesByExchange(exchanges) : [wholeShare(exchanges)]
}

/** A share for each exchange. */
export function sharesByExchange(exchanges: readonly Exchange[]): Share[] {
  return exchanges.map(({ name, code }) => ({
    name: consumers.gold(name),
    has: other => other === code,
    only: code,
    goldLists: [consumers.gold(name)],
    candleLists: [consumers.candles(name)],
    candleList: consumers.candles(name),
  }))
}

/** The shares whose lists an event says to have news; all where it says nothing of lists, as a schedule's. */
export function sharesWithNews(event: unknown, shares: readonly Share[]): readonly Share[] {
  const lists = pendingListsOf(event)
  const found = shares.filter(share => [...share.goldLists, ...share.candleLists].some(list => lists.has(list)))
  return found.length > 0 ? found : shares
}
