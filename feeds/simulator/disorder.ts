/** Sends some trades after those that follow them. */
import type { MarketTrade } from './market.ts'

export interface Disorder {
  /** Lets the next `trades` trades come after as many that follow them. */
  begin(trades: number): void
  /** The trades to send now in place of those due now. `now` in microseconds since 1970. */
  reorder(due: MarketTrade[], now: number): MarketTrade[]
  forget(): void
}

/** Where too little is traded, what was held back goes out after this time. */
const MAX_HOLD_MICROS = 2_000_000

export function createDisorder(): Disorder {
  let wanted = 0
  let passed = 0
  let held: MarketTrade[] = []

  function release(): MarketTrade[] {
    const trades = held
    held = []
    wanted = 0
    passed = 0
    return trades
  }

  return {
    begin(trades) {
      wanted += trades
    },
    reorder(due, now) {
      if (wanted === 0) return due
      const out: MarketTrade[] = []
      for (const trade of due) {
        if (held.length < wanted) held.push(trade)
        else {
          out.push(trade)
          if (wanted > 0 && ++passed === wanted) out.push(...release())
        }
      }
      if (held.length > 0 && now - held[0].sentAt > MAX_HOLD_MICROS) out.push(...release())
      return out
    },
    forget: () => void release(),
  }
}
