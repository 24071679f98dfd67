/**
 * Figures of a lake for the live view: what its tables held at the start, and the last closed minute of each symbol.
 */
import { formatDecimal } from '../domain/decimal.ts'
import { bronzeTable, candleTable, DLQ_TABLE, GOLD_TABLE, silverTable } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import type { Lake } from '../embedded/lake.ts'
import { openTable } from '../iceberg/catalog.ts'
import { planFiles } from '../iceberg/scan.ts'
import { readCandles, type StoredCandle } from '../tables/candles.ts'
import { createView, openTables } from '../tables/views.ts'

export interface TableTotals {
  bronze: number
  silver: number
  dlq: number
  gold: number
  candles: number
}

/** Rows of each exchange in the tables, candles of all timeframes together. */
export async function tableTotals(lake: Lake): Promise<Map<string, TableTotals>> {
  const tables = await openTables(lake)
  const rowsOf = (name: string) =>
    tables.find(table => table.definition.name === name)?.files.reduce((sum, file) => sum + file.records, 0) ?? 0
  const shared = [DLQ_TABLE, GOLD_TABLE, ...TIMEFRAMES.map(candleTable)]
  const counts = new Map<string, number>()
  const session = await lake.ports.engine.session()
  try {
    for (const { name } of shared) {
      const table = tables.find(candidate => candidate.definition.name === name)
      if (!table || table.files.length === 0) continue
      await session.run(await createView(lake, table))
      for (const row of await session.run(`SELECT exchange, count(*) AS rows FROM ${name} GROUP BY exchange`))
        counts.set(`${name}|${row.exchange}`, Number(row.rows))
    }
  } finally {
    session.close()
  }
  return new Map(
    lake.exchanges.map(exchange => {
      const count = (table: string) => counts.get(`${table}|${exchange.code}`) ?? 0
      return [
        exchange.name,
        {
          bronze: rowsOf(bronzeTable(exchange).name),
          silver: rowsOf(silverTable(exchange).name),
          dlq: count(DLQ_TABLE.name),
          gold: count(GOLD_TABLE.name),
          candles: TIMEFRAMES.reduce((sum, timeframe) => sum + count(candleTable(timeframe).name), 0),
        },
      ]
    }),
  )
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

/** How far back a last candle is looked for. */
const RECENT_MS = 600_000

/**
 * The last closed minute candle of each symbol, on the exchange where it traded most in it; the open one where none has
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
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
    .map(candle => ({
      window: new Date(Number(candle.windowStart / 1000n)).toISOString(),
      closed: candle.windowEnd <= now,
      exchange: candle.exchange,
      symbol: candle.symbol,
      open: formatDecimal(candle.open),
      high: formatDecimal(candle.high),
      low: formatDecimal(candle.low),
      close: formatDecimal(candle.close),
      volume: formatDecimal(candle.volume),
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
