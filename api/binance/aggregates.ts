/**
 * Aggregated trades: "Trades that fill at the time, from the same taker order, with the same price will have the quantity
 * aggregated" (Binance, "Compressed/Aggregate trades list"). No trade says whose order it was. Here trades that follow each
 * other without a gap, at one time and price and on one side, are of one order. Pure, but for the pages that it asks for.
 */
import { isAggregate } from '../../domain/trade.ts'
import { numberOf } from '../market/market-trades.ts'
import type { TradeRow } from '../market/trades.ts'

export interface Aggregate {
  readonly number: number
  readonly price: bigint
  readonly quantity: bigint
  /** Numbers of its trades; -1 where the lake has Binance's own aggregate and not its trades. */
  readonly first: number
  readonly last: number
  readonly time: bigint
  readonly side: string
}

/** Aggregates of trades in the order of time. Each is numbered as its first trade is. */
export function aggregatesOf(trades: readonly TradeRow[]): Aggregate[] {
  const found: Aggregate[] = []
  for (const trade of trades) {
    const number = numberOf(trade)
    if (number === undefined) continue
    const { price, quantity, time, side } = trade
    const before = found.at(-1)
    if (isAggregate({ tradeId: trade.id }))
      found.push({ ...{ number, price, quantity, time, side }, first: -1, last: -1 })
    else if (before?.last === number - 1 && before.time === time && before.price === price && before.side === side)
      found[found.length - 1] = { ...before, quantity: before.quantity + quantity, last: number }
    else found.push({ ...{ number, price, quantity, time, side }, first: number, last: number })
  }
  return found
}

const PAGE = 2000

/** The first aggregates that are wanted, at most `limit`, of trades that come in pages behind a trade. */
export async function firstAggregates(
  page: (limit: number, after: TradeRow | undefined) => Promise<readonly TradeRow[]>,
  isWanted: (aggregate: Aggregate) => boolean,
  limit: number,
): Promise<Aggregate[]> {
  const trades: TradeRow[] = []
  for (;;) {
    const more = await page(PAGE, trades.at(-1))
    trades.push(...more)
    const found = aggregatesOf(trades).filter(isWanted)
    // The last of a full page may go on in the next.
    if (found.length > limit || more.length < PAGE) return found.slice(0, limit)
  }
}

/** The last aggregates, at most `limit`, of the last trades, however many are asked for. */
export async function lastAggregates(
  last: (limit: number) => Promise<readonly TradeRow[]>,
  limit: number,
): Promise<Aggregate[]> {
  for (let count = limit + 1; ; count *= 2) {
    const trades = await last(count)
    const found = aggregatesOf(trades)
    // The first may have begun before.
    if (found.length > limit || trades.length < count) return found.slice(-limit)
  }
}
