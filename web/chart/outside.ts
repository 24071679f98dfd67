/** Times before a market's first trade and after its last: what there is in their place. */
import { noTradeText } from '../../figures/markets.ts'
import type { MarketRow } from '../../figures/rows.ts'

export interface Outside {
  /** Where there is something, milliseconds since 1970. */
  readonly ms: number
  /** What there is, in words. */
  readonly text: string
  /** What a button says that leads there. */
  readonly offer: string
}

const MINUTE_MS = 60_000

/** `last`: the time of a trade that is newer than the market's row, where one is known. Undefined where the time lies between the two, to the minute. */
export function outsideOf(market: MarketRow, last: string | undefined, ms: number): Outside | undefined {
  const firstMs = Date.parse(market.first_trade)
  const lastMs = Math.max(Date.parse(market.last_trade), Date.parse(last ?? market.last_trade))
  const text = noTradeText([market], lastMs)
  if (ms < Math.floor(firstMs / MINUTE_MS) * MINUTE_MS) return { ms: firstMs, text, offer: 'Go to the first' }
  if (ms >= Math.floor(lastMs / MINUTE_MS + 1) * MINUTE_MS) return { ms: lastMs, text, offer: 'Go to the last' }
  return undefined
}

/** The same for a part of time of which nothing lies between the two. */
export function spanOutside(
  market: MarketRow,
  last: string | undefined,
  { from, to }: { readonly from: number; readonly to: number },
): Outside | undefined {
  const before = outsideOf(market, last, to)
  if (before && before.ms > to) return before
  const behind = outsideOf(market, last, from)
  return behind && behind.ms < from ? behind : undefined
}
