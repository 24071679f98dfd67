/** The newest trades, as many as are kept: adding one costs the same however many there are. */
import type { TradeRow } from '../../figures/rows.ts'

export interface TradeRing {
  add(trade: TradeRow): void
  /** How many there are. */
  readonly size: number
  /** How many there have ever been. */
  readonly total: number
  /** By age: 0 is the newest. */
  at(age: number): TradeRow | undefined
  clear(): void
}

export function createTradeRing(capacity: number): TradeRing {
  let trades: TradeRow[] = []
  let next = 0
  let total = 0
  return {
    add(trade) {
      trades[next] = trade
      next = (next + 1) % capacity
      total++
    },
    get size() {
      return trades.length
    },
    get total() {
      return total
    },
    at: age => (age < 0 || age >= trades.length ? undefined : trades[(next - 1 - age + 2 * capacity) % capacity]),
    clear() {
      trades = []
      next = 0
    },
  }
}
