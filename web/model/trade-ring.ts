/** The newest trades, as many as are kept, in the order of time: adding one costs the same however many there are, unless it comes late. */
import type { TradeRow } from '../../figures/rows.ts'

export interface TradeRing {
  add(trade: TradeRow): void
  /** How many there are. */
  readonly size: number
  /** How many there have ever been. */
  readonly total: number
  /** By age: 0 is the newest. Of one moment the higher number is newer. */
  at(age: number): TradeRow | undefined
  clear(): void
}

export function createTradeRing(capacity: number): TradeRing {
  let trades: Timed[] = []
  let next = 0
  let total = 0
  return {
    add(trade) {
      const timed = { trade, micros: microsOf(trade.time), number: Number(/\d+$/.exec(trade.id)?.[0] ?? 0) }
      let place = next
      next = (next + 1) % capacity
      total++
      const others = Math.min(trades.length, capacity - 1)
      // One that comes late goes before those that were traded after it; the oldest, where all places are taken, makes room.
      for (let passed = 0; passed < others; passed++) {
        const before = (place - 1 + capacity) % capacity
        if (!isLater(trades[before], timed)) break
        trades[place] = trades[before]
        place = before
      }
      trades[place] = timed
    },
    get size() {
      return trades.length
    },
    get total() {
      return total
    },
    at: age => (age < 0 || age >= trades.length ? undefined : trades[(next - 1 - age + 2 * capacity) % capacity].trade),
    clear() {
      trades = []
      next = 0
    },
  }
}

interface Timed {
  readonly trade: TradeRow
  /** Microseconds since 1970. */
  readonly micros: number
  readonly number: number
}

const isLater = (a: Timed, b: Timed) => a.micros > b.micros || (a.micros === b.micros && a.number > b.number)

/** Whole below 2^53 until the year 2255. */
function microsOf(time: string): number {
  const [, seconds, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? []
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}
