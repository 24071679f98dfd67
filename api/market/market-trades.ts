/** Gold's trades of one market by time and by the number that the exchange gave them. */
import { GOLD_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { firstCandles, MINUTES, type ReadAt } from './market-candles.ts'
import { type Market, oneMarket } from './markets.ts'
import { FAR_AHEAD, firstTrades, lastTrades, type TradeRow } from './trades.ts'

export interface MarketTrades {
  /** The first of a range behind a trade, at most `limit`. Microseconds since 1970; the end is not included. @throws Corrupt */
  first(range: TimeSpan, limit: number, after?: TradeRow): Promise<TradeRow[]>
  /** The last of a range, at most `limit`, the oldest first. @throws Corrupt */
  last(range: TimeSpan, limit: number): Promise<TradeRow[]>
}

export interface TimeSpan {
  readonly from?: bigint | undefined
  readonly to?: bigint | undefined
}

/** All that is asked of it is of one snapshot. @throws Corrupt */
export async function tradesOfMarket({ ports, now }: ReadAt, market: Market): Promise<MarketTrades> {
  const gold = await openTable(ports, GOLD_TABLE)
  const snapshotId = gold && currentSnapshot(gold.metadata)?.['snapshot-id']
  if (!gold || snapshotId === undefined) return { first: async () => [], last: async () => [] }
  const markets = oneMarket(market)
  const rangeOf = ({ from = 0n, to = now + FAR_AHEAD }: TimeSpan) => ({ markets, from, to, snapshotId })
  return {
    first: (range, limit, after) => firstTrades(ports, gold, rangeOf(range), after, limit),
    last: (range, limit) => lastTrades(ports, gold, rangeOf(range), limit),
  }
}

/** The number that ends a trade's id: undefined where the exchange gave none (Kraken's API v1). */
export function numberOf({ id }: Pick<TradeRow, 'id'>): number | undefined {
  const number = Number(/-(\d{1,16})$/.exec(id)?.[1] ?? Number.NaN)
  return Number.isSafeInteger(number) ? number : undefined
}

/**
 * A time before which all trades have lower numbers: that of a trade in the same minute, or earlier where the lake lacks trades.
 * Numbers rise with time; the candles say when each day, hour and minute had its first trade.
 * @throws Corrupt
 */
export async function timeOfNumber(at: ReadAt, market: Market, trades: MarketTrades, number: number): Promise<bigint> {
  let [from, to] = [market.firstTrade, at.now + DAY_MICROS]
  for (const windows of NARROWER) {
    const starts = await firstCandles(
      at,
      market,
      { windows, from: windows.startOf(from), to, fill: 'none' },
      Number.POSITIVE_INFINITY,
    )
    // The last window whose first trade is not behind it.
    let [low, high] = [0, starts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const time = starts[middle].candle?.firstTradeTime ?? 0n
      const [trade] = await trades.first({ from: time, to: time + 1n }, 1)
      const found = trade && numberOf(trade)
      if (found === undefined || found <= number) low = middle + 1
      else high = middle
    }
    if (low === 0) return from
    const window = starts[low - 1]
    from = window.candle?.firstTradeTime ?? window.windowStart
    to = window.windowEnd
  }
  return from
}

/** A trade's time may be this much later than those of trades with higher numbers. */
const DISORDER = 1_000_000n

/** The last of those with lower numbers, at most `limit`, by their numbers. @throws Corrupt */
export async function tradesBelow(
  at: ReadAt,
  market: Market,
  trades: MarketTrades,
  number: number,
  limit: number,
): Promise<TradeRow[]> {
  const to = MINUTES.endOf(MINUTES.startOf(await timeOfNumber(at, market, trades, number))) + DISORDER
  for (let count = 2 * limit; ; count *= 2) {
    const found = await trades.last({ to }, count)
    const below = byNumber(found).filter(trade => (numberOf(trade) ?? -1) < number)
    if (below.length >= limit || found.length < count) return below.slice(-limit)
  }
}

export function byNumber(trades: readonly TradeRow[]): TradeRow[] {
  return [...trades].sort((a, b) => (numberOf(a) ?? -1) - (numberOf(b) ?? -1))
}

const NARROWER = ['1d', '1h', '1m'].map(name => parseWindows(name) as Windows)
