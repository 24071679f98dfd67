/**
 * Figures of a lake for the live view: the trades that it holds, and the last closed minute of each symbol.
 */
import { marketsOf } from '../api/market/markets.ts'
import { formatDecimal, PRICE_SCALE, QUANTITY_SCALE } from '../domain/decimal.ts'
import { compare } from '../domain/order.ts'
import { candleTable, GOLD_TABLE } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import type { Lake } from '../embedded/lake.ts'
import { findTable, openTable } from '../iceberg/catalog.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { planFiles } from '../iceberg/scan.ts'
import { readCandles, type StoredCandle } from '../tables/candles.ts'

/** Trades in Gold, as its snapshot counts them: no data file is opened. */
export async function goldTrades(lake: Lake): Promise<number> {
  const table = await findTable(lake.ports, GOLD_TABLE.name)
  const snapshot = table && currentSnapshot(table.metadata)
  return Number(snapshot?.summary['total-records'] ?? 0)
}

/** The time of each exchange's newest trade that has a candle, by its code, milliseconds since 1970. */
export async function newestTrades({ ports }: Lake): Promise<ReadonlyMap<string, number>> {
  const newest = new Map<string, number>()
  for (const { exchange, lastTrade } of (await marketsOf(ports)).values())
    newest.set(exchange, Math.max(newest.get(exchange) ?? 0, Number(lastTrade / 1000n)))
  return newest
}

export interface ShownCandle {
  /** ISO time of the window's start. */
  readonly window: string
  /** Whether the window's end has passed. */
  readonly closed: boolean
  readonly exchange: string
  readonly symbol: string
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly trades: string
}

/** How far back to look for a last candle. */
const RECENT_MS = 600_000

/**
 * The last closed minute candle of each symbol, on the exchange where it traded most in it; the open one if none has
 * closed yet. `since`: a window that ended before this (microseconds since 1970) has late trades only, and is left out.
 */
export async function lastCandles(lake: Lake, since: bigint): Promise<ShownCandle[]> {
  const now = BigInt(lake.ports.clock.now()) * 1000n
  const table = await openTable(lake.ports, candleTable(TIMEFRAMES[0]))
  if (!table) return []
  const recent = { lower: now - BigInt(RECENT_MS) * 1000n, upper: now }
  const files = await planFiles(lake.ports, table, { where: [{ column: 'window_start', ranges: [recent] }] })
  const shown = new Map<string, StoredCandle>()
  for (const candle of (await Promise.all(files.map(file => readCandles(lake.ports, file.key)))).flat()) {
    if (candle.windowStart < recent.lower || candle.windowEnd <= since) continue
    const known = shown.get(candle.symbol)
    if (known === undefined || isBetter(candle, known, now)) shown.set(candle.symbol, candle)
  }
  return [...shown.values()]
    .sort((a, b) => compare(a.symbol, b.symbol))
    .map(candle => ({
      window: new Date(Number(candle.windowStart / 1000n)).toISOString(),
      closed: candle.windowEnd <= now,
      exchange: candle.exchange,
      symbol: candle.symbol,
      open: formatDecimal(candle.open, PRICE_SCALE),
      high: formatDecimal(candle.high, PRICE_SCALE),
      low: formatDecimal(candle.low, PRICE_SCALE),
      close: formatDecimal(candle.close, PRICE_SCALE),
      volume: formatDecimal(candle.volume, QUANTITY_SCALE),
      trades: String(candle.tradeCount),
    }))
}

/** Closed before open, newer before older, more trades before fewer. */
function isBetter(candle: StoredCandle, known: StoredCandle, now: bigint): boolean {
  const closed = candle.windowEnd <= now
  if (closed !== known.windowEnd <= now) return closed
  if (candle.windowStart !== known.windowStart) return candle.windowStart > known.windowStart
  return candle.tradeCount > known.tradeCount
}
