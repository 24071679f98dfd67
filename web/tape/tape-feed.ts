/** The trades as they come: the newest of them kept, and their rate. */
import type { Parameters } from '../../figures/requests.ts'
import { marketName, type TradeRow } from '../../figures/rows.ts'
import { askRows, reasonOf } from '../api/requests.ts'
import { openStream } from '../api/stream.ts'
import { now } from '../browser.ts'
import { createTradeRing, type TradeRing } from '../model/trade-ring.ts'

export interface TapeFeed {
  readonly trades: TradeRing
  /** Trades a second, over the last ten seconds. */
  rate(): number | undefined
  readonly phase: () => 'loading' | 'ready' | { readonly reason: string }
  close(): void
}

const KEPT = 10_000
const FIRST = 200
const RATE_MS = 10_000

/** `changed` is told of every trade: who draws waits for the next picture. */
export function openTapeFeed(asked: Pick<Parameters, 'symbols' | 'exchanges'>, changed: () => void): TapeFeed {
  const trades = createTradeRing(KEPT)
  const over = new AbortController()
  let waiting: TradeRow[] | undefined
  let phase: ReturnType<TapeFeed['phase']> = 'loading'
  /** How many came, by second. */
  let counts: { second: number; count: number }[] = []
  const openedMs = now()

  function take(trade: TradeRow): void {
    trades.add(trade)
    const second = Math.floor(now() / 1000)
    const last = counts.at(-1)
    if (last?.second === second) last.count++
    else counts = [...counts.filter(each => each.second > second - RATE_MS / 1000 - 1), { second, count: 1 }]
    changed()
  }

  async function load(): Promise<void> {
    waiting = []
    try {
      const rows = await askRows<TradeRow>('trades', { ...asked, limit: FIRST }, over.signal)
      const known = new Set(rows.map(idOf))
      trades.clear()
      for (const row of rows) trades.add(row)
      phase = 'ready'
      for (const row of waiting) if (!known.has(idOf(row))) take(row)
    } catch (error) {
      if (over.signal.aborted) return
      if (phase !== 'ready') phase = { reason: reasonOf(error) }
      for (const row of waiting) take(row)
    }
    waiting = undefined
    changed()
  }

  const stop = openStream(
    { ...asked, channels: 'trades' },
    {
      begun: continued => {
        if (!continued) void load()
      },
      message({ type, data }) {
        if (type !== 'trade') return
        if (waiting) waiting.push(data)
        else take(data)
      },
    },
  )
  return {
    trades,
    rate() {
      // What there was already came at once, and not in these seconds.
      if (now() - openedMs < RATE_MS) return undefined
      const since = Math.floor(now() / 1000) - RATE_MS / 1000
      const count = counts.reduce((sum, each) => sum + (each.second >= since ? each.count : 0), 0)
      return count / (RATE_MS / 1000)
    },
    phase: () => phase,
    close() {
      over.abort()
      stop()
    },
  }
}

const idOf = (trade: TradeRow) => `${marketName(trade)} ${trade.id}`
