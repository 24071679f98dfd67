/** A page of candles of some windows and markets: what is asked for, where the last page ended, and the rows from there on. */
import { type Candle, marketKey } from '../../domain/candles.ts'
import { closedUntil, statusOf, type WindowStatus } from '../../domain/closed-windows.ts'
import type { Ports } from '../../domain/ports.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import type { Timeframe } from '../../domain/timeframes.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { watermarksOf } from '../../tables/watermarks.ts'
import { TURN_ROWS, turn } from '../http/turns.ts'
import { type AsOf, CURRENT, requireSnapshot, type Snapshots } from './as-of.ts'
import { findCandles, requireKept } from './candles.ts'
import { findGaps } from './gaps.ts'
import type { Markets } from './markets.ts'
import { openTogether } from './together.ts'

export type Fill = 'none' | 'previous' | 'null'

export interface CandleQuery {
  readonly windows: readonly Windows[]
  readonly markets: Markets
  /** Starts of windows, microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly fill: Fill
  /** Windows that are not closed count too. */
  readonly includeOpen: boolean
  readonly limit: number
}

/** A window of a market. Without trades it has no candle: none at all, or one with the price before it. */
export interface CandleRow {
  readonly windows: Windows
  readonly exchange: string
  readonly symbol: string
  readonly windowStart: bigint
  readonly windowEnd: bigint
  readonly candle: Candle | undefined
  /** Units of 10^-10, where the window has no trades and the price before it was asked for. */
  readonly price: bigint | undefined
  readonly status: WindowStatus
}

type PlainRow = Omit<CandleRow, 'status'>

/** The tables that the query's windows are made of, by the windows' base; one that there is not yet is left out. */
export type CandleTables = ReadonlyMap<Timeframe, LoadedTable>

/** Where a page ended: the windows' number in the query, and the row's. */
export type Position = readonly [windows: number, start: bigint, market: string]

export interface CandlePage {
  readonly rows: readonly CandleRow[]
  readonly next: Position | undefined
}

type ReadPorts = Pick<Ports, 'store' | 'state'>

/** The definitions of the tables that windows are made of, each once. */
export function candleTablesOf(windows: readonly Windows[]): TableDefinition[] {
  return [...new Set(windows.map(({ base }) => base))].map(candleTable)
}

/** Those that are among opened tables. */
export function candleTablesIn(opened: ReadonlyMap<string, LoadedTable>, windows: readonly Windows[]): CandleTables {
  return new Map(
    windows.flatMap(({ base }) => {
      const table = opened.get(candleTable(base).name)
      return table ? [[base, table] as const] : []
    }),
  )
}

/** @throws Problem 410 where windows of the query's markets are kept no longer */
export function requireKeptWindows(
  tables: CandleTables,
  { windows, markets, from }: CandleQuery,
  snapshots: Snapshots,
) {
  const firsts = [...markets.values()].map(({ firstTrade }) => firstTrade)
  if (firsts.length === 0) return
  const first = firsts.reduce(min)
  for (const each of windows) {
    const table = tables.get(each.base)
    // A window that begins before the range is not asked for.
    if (table) requireKept(table, snapshots[table.name], aligned(each, max(from, each.startOf(first))))
  }
}

/** @throws Corrupt */
export async function openCandleTables(ports: ReadPorts, windows: readonly Windows[]): Promise<CandleTables> {
  return candleTablesIn(await openTogether(ports, candleTablesOf(windows)), windows)
}

/** Windows that are looked at first; twice as many after each look that found too few. */
const FIRST_LOOK = 64

/**
 * The rows behind a position, at most `limit`. `now`: microseconds since 1970.
 * @throws Problem 410 where a snapshot has expired; Corrupt
 */
export async function candlePage(
  ports: ReadPorts,
  tables: CandleTables,
  query: CandleQuery,
  snapshots: Snapshots,
  after: Position | undefined,
  now: bigint,
  asOf: AsOf = CURRENT,
): Promise<CandlePage> {
  if (query.limit > TURN_ROWS) await turn(true)
  const isGap = await findGaps(ports, asOf)
  const rows: CandleRow[] = []
  for (let number = after?.[0] ?? 0; number < query.windows.length; number++) {
    const windows = query.windows[number]
    const table = tables.get(windows.base)
    const snapshotId = table && snapshots[table.name]
    if (!table || snapshotId === undefined) continue
    const closed = closedUntil(watermarksOf(requireSnapshot(table, snapshotId)), now)
    const find: Find = (markets, from, to) => findCandles(ports, table, { windows, markets, from, to, snapshotId })
    for await (const each of rowsOf(find, query, windows, number === after?.[0] ? after : undefined, now)) {
      const row: CandleRow = { ...each, status: statusOf(each, closed, isGap) }
      if (row.status === 'open' && !query.includeOpen) continue
      if (rows.length === query.limit) {
        const last = rows[rows.length - 1]
        return { rows, next: [query.windows.indexOf(last.windows), last.windowStart, keyOf(last)] }
      }
      rows.push(row)
    }
  }
  return { rows, next: undefined }
}

const keyOf = ({ exchange, symbol }: Pick<CandleRow, 'exchange' | 'symbol'>) => marketKey(exchange, symbol)

/** The candles of a table's windows, in order. */
export type Find = (markets: Markets, from: bigint, to: bigint) => Promise<Candle[]>

async function* rowsOf(
  find: Find,
  { markets, from, to, fill }: CandleQuery,
  windows: Windows,
  after: Position | undefined,
  now: bigint,
): AsyncGenerator<PlainRow> {
  const traded = [...markets.values()]
  if (traded.length === 0) return
  // Before a market's first trade it has no window, and behind the last trade of all only those that are filled.
  const first = traded.map(({ firstTrade }) => firstTrade).reduce(min)
  const last = traded.map(({ lastTrade }) => lastTrade).reduce(max)
  let start = aligned(windows, max(from, windows.startOf(first)))
  if (after) start = max(start, after[1])
  const behind = windows.endOf(windows.startOf(fill === 'none' ? last : now))
  const end = min(to, behind)
  const prices = new Map<string, bigint>()
  if (fill === 'previous') await pricesBefore(find, windows, markets, start, prices)

  for (let look = Math.max(1, Math.ceil(FIRST_LOOK / traded.length)); start < end; look *= 2) {
    let until = start
    for (let n = 0; n < look && until < end; n++) until = windows.endOf(until)
    const found = await find(markets, start, min(until, end))
    for (const row of fill === 'none'
      ? found.map(candle => rowOf(windows, candle))
      : filled(start, min(until, end), found)) {
      if (after && (row.windowStart < after[1] || (row.windowStart === after[1] && keyOf(row) <= after[2]))) continue
      yield row
    }
    start = until
  }

  /** A row for every window of every market that has begun. */
  function* filled(from: bigint, to: bigint, candles: readonly Candle[]): Generator<PlainRow> {
    const byWindow = Map.groupBy(candles, ({ windowStart }) => windowStart)
    for (let start = from; start < to; start = windows.endOf(start)) {
      const here = new Map(byWindow.get(start)?.map(candle => [keyOf(candle), candle]))
      for (const [market, { exchange, symbol, firstTrade }] of markets) {
        const candle = here.get(market)
        if (candle) {
          prices.set(market, candle.close)
          yield rowOf(windows, candle)
        } else if (start >= windows.startOf(firstTrade)) {
          const price = fill === 'previous' ? prices.get(market) : undefined
          yield {
            windows,
            exchange,
            symbol,
            windowStart: start,
            windowEnd: windows.endOf(start),
            candle: undefined,
            price,
          }
        }
      }
    }
  }
}

function rowOf(windows: Windows, candle: Candle): PlainRow {
  const { exchange, symbol, windowStart, windowEnd } = candle
  return { windows, exchange, symbol, windowStart, windowEnd, candle, price: undefined }
}

/** Start of the first window that begins at a time or later. */
function aligned(windows: Windows, time: bigint): bigint {
  const start = windows.startOf(time)
  return start < time ? windows.endOf(start) : start
}

/** Notes each market's last price before a window: looks further and further back, to its first trade. */
export async function pricesBefore(
  find: Find,
  windows: Windows,
  markets: Markets,
  start: bigint,
  prices: Map<string, bigint>,
): Promise<void> {
  let left = new Map([...markets].filter(([, { firstTrade }]) => firstTrade < start))
  let to = start
  for (let back = (windows.endOf(start) - start) * 16n; left.size > 0; back *= 8n) {
    const from = windows.startOf(max(start - back, 0n))
    for (const candle of await find(left, from, to)) prices.set(keyOf(candle), candle.close)
    left = new Map([...left].filter(([market, { firstTrade }]) => !prices.has(market) && firstTrade < from))
    to = from
  }
}

const max = (a: bigint, b: bigint) => (a > b ? a : b)
const min = (a: bigint, b: bigint) => (a < b ? a : b)
