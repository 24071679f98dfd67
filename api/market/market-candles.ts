/** Candles of one market, the first of a range or the last of it, as other exchanges' shapes ask for them. */
import { type Candle, foldCandles } from '../../domain/candles.ts'
import type { Ports } from '../../domain/ports.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { CURRENT, snapshotsIn } from './as-of.ts'
import { type CandleQuery, type CandleRow, candlePage, openCandleTables } from './candle-pages.ts'
import { type Market, oneMarket } from './markets.ts'

export interface MarketCandles {
  readonly windows: Windows
  /** Starts of windows, microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly fill: CandleQuery['fill']
}

/** The lake's clock when it was asked, microseconds since 1970, besides its ports. */
export interface ReadAt {
  readonly ports: Pick<Ports, 'store' | 'state'>
  readonly now: bigint
}

/**
 * The first of them, at most `limit`. Windows without trades are filled between the market's first trade and its last: what
 * came after the last trade nobody knows yet.
 * @throws Corrupt
 */
export async function firstCandles(
  { ports, now }: ReadAt,
  market: Market,
  { windows, from, to, fill }: MarketCandles,
  limit: number,
): Promise<readonly CandleRow[]> {
  const end = windows.endOf(windows.startOf(market.lastTrade))
  const tables = await openCandleTables(ports, [windows])
  const query: CandleQuery = {
    ...{ windows: [windows], markets: oneMarket(market), from, to: to < end ? to : end },
    ...{ fill, includeOpen: true, limit },
  }
  const { rows } = await candlePage(ports, tables, query, snapshotsIn(CURRENT, tables.values()), undefined, now)
  return rows
}

/** The last of them, at most `limit`, the oldest first. @throws Corrupt */
export async function lastCandles(
  at: ReadAt,
  market: Market,
  asked: MarketCandles,
  limit: number,
): Promise<readonly CandleRow[]> {
  const { windows } = asked
  const least = asked.from > market.firstTrade ? asked.from : market.firstTrade
  const last = asked.to - 1n < market.lastTrade ? asked.to - 1n : market.lastTrade
  let start = windows.endOf(windows.startOf(last))
  // Where windows have no trades, the last of them reach further back than so many windows.
  for (let count = limit; ; count *= 4) {
    for (let n = 0; n < count && start > least; n++) start = windows.startOf(start - 1n)
    const from = start > asked.from ? start : asked.from
    const rows = await firstCandles(at, market, { ...asked, from }, Number.POSITIVE_INFINITY)
    if (rows.length >= limit || start <= least) return rows.slice(-limit)
  }
}

export const MINUTES = parseWindows('1m') as Windows
const HOURS = parseWindows('1h') as Windows

/** All trades from the begin of an hour or a minute to now, as one candle; undefined where there were none. @throws Corrupt */
export async function candleSince(at: ReadAt, market: Market, from: bigint): Promise<Candle | undefined> {
  const windows = HOURS.startOf(from) === from ? HOURS : MINUTES
  const asked = { windows, from, to: at.now + 1n, fill: 'none' } as const
  const candles = (await firstCandles(at, market, asked, Number.POSITIVE_INFINITY)).flatMap(
    ({ candle }) => candle ?? [],
  )
  return candles.length > 0 ? foldCandles(candles, from, at.now - from) : undefined
}
