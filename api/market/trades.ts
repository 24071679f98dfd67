/** Gold's trades of some markets and times, from one snapshot, in the order of time. */
import { compareTradeIds, marketKey } from '../../domain/candles.ts'
import { compare } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { HOUR_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { planGold } from '../../tables/gold.ts'
import { type TradeColumns, type Wanted, wantedRows } from '../../tables/gold-columns.ts'
import { type OrderedTrades, timesOf, tradesInOrder } from '../../tables/gold-order.ts'
import { inTurns, turn } from '../http/turns.ts'
import type { Markets } from './markets.ts'
import { requireRepaired } from './repairs.ts'

/** Price in units of 10^-10, quantity of 10^-8, time in microseconds since 1970. */
export interface TradeRow {
  readonly exchange: string
  readonly symbol: string
  readonly id: string
  readonly time: bigint
  readonly price: bigint
  readonly quantity: bigint
  readonly side: string
}

export interface TradeRange {
  /** By `marketKey`. */
  readonly markets: Pick<Markets, 'has'>
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  /** undefined where Gold has none yet. */
  readonly snapshotId: number | undefined
  /** Trades that are in no file of Gold's. */
  readonly more?: TradeColumns | undefined
}

/** An exchange's clock may be ahead of ours: validation takes trades of up to a minute later. Microseconds. */
export const FAR_AHEAD = MINUTE_MICROS

type ReadPorts = Pick<Ports, 'store' | 'state'>

/** The number that ends a trade's id; NaN where it has none. */
export const numberIn = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? Number.NaN)

/** The first of them behind `after`, at most `limit`. @throws Corrupt */
export async function firstTrades(
  ports: ReadPorts,
  gold: LoadedTable | undefined,
  range: TradeRange,
  after: TradeRow | undefined,
  limit: number,
): Promise<TradeRow[]> {
  const from = after && after.time > range.from ? after.time : range.from
  const found: TradeRow[] = []
  for await (const { count, columns, from: places, rows } of allTrades(ports, gold, { ...range, from }))
    for (let at = 0; at < count; at++) {
      const [trades, row] = [columns[places[at]], rows[at]]
      // Only trades of that moment may be the one it goes on behind, or before it.
      const isSame = after !== undefined && trades.times[row] === Number(after.time)
      if (isSame && byTime(tradeOf(trades, row), after) <= 0) continue
      if (found.push(tradeOf(trades, row)) === limit) return found
    }
  return found
}

/** All of them, some thousands at a time. @throws Corrupt */
export async function* allTrades(
  ports: ReadPorts,
  gold: LoadedTable | undefined,
  range: TradeRange,
): AsyncGenerator<OrderedTrades> {
  yield* tradesOf(ports, await goldFiles(ports, gold, range), range)
}

/** The same, from files that `goldFiles` named. */
export function tradesOf(
  ports: ReadPorts,
  files: readonly DataFile[],
  range: TradeRange,
): AsyncGenerator<OrderedTrades> {
  return inTurns(tradesInOrder(ports, files, wantedOf(range), range.more && [range.more]))
}

/** The last of them are looked for in the newest seconds, then further and further back: microseconds. */
const FIRST_SPAN = 4_000_000
const MOST_SPAN = Number(HOUR_MICROS)

/** The last of them, at most `limit`, the oldest first. @throws Corrupt */
export async function lastTrades(
  ports: ReadPorts,
  gold: LoadedTable | undefined,
  range: TradeRange,
  limit: number,
): Promise<TradeRow[]> {
  const files = (await goldFiles(ports, gold, range)).map(file => ({ file, ...timesOf(file) }))
  const wanted = wantedOf(range)
  const { more } = range
  const moreTimes = more ? Array.from(wantedRows(more, wanted), row => more.times[row]) : []
  let found: TradeRow[] = []
  let { to } = wanted
  for (let span = FIRST_SPAN; found.length < limit; span = Math.min(4 * span, MOST_SPAN)) {
    // Times at which nothing can have been traded are passed over.
    const newest = files.reduce(
      (newest, { first, last }) => (first < to ? Math.max(newest, Math.min(last, to - 1)) : newest),
      moreTimes.findLast(time => time < to) ?? Number.NEGATIVE_INFINITY,
    )
    if (newest < wanted.from) break
    const from = Math.max(wanted.from, newest + 1 - span)
    const some = files.filter(({ first, last }) => first < to && last >= from).map(({ file }) => file)
    const rows = await lastOf(tradesInOrder(ports, some, { ...wanted, from, to }, more && [more]), limit - found.length)
    found = [...rows, ...found]
    to = from
  }
  return found
}

async function lastOf(batches: AsyncIterable<OrderedTrades>, limit: number): Promise<TradeRow[]> {
  const last: OrderedTrades[] = []
  let held = 0
  for await (const batch of inTurns(batches)) {
    last.push(batch)
    held += batch.count
    // Batches before the last of so many rows are not wanted.
    while (held - last[0].count >= limit) held -= (last.shift() as OrderedTrades).count
  }
  const rows: TradeRow[] = []
  for (const batch of last) {
    await turn()
    rows.push(...rowsOf(batch))
  }
  return rows.slice(-limit)
}

/** Files that may hold trades of the range. @throws Problem 503 while some of its trades are being made again */
export async function goldFiles(
  ports: ReadPorts,
  gold: LoadedTable | undefined,
  range: TradeRange,
): Promise<DataFile[]> {
  if (!gold || range.snapshotId === undefined || range.from >= range.to) return []
  const times = { from: range.from, to: range.to - 1n }
  await requireRepaired(ports, gold, range.snapshotId, times)
  return planGold(ports, gold, times, { snapshotId: range.snapshotId })
}

/** Which rows of a file belong to it. */
export function wantedOf({ markets, from, to }: Pick<TradeRange, 'markets' | 'from' | 'to'>): Wanted {
  return { from: Number(from), to: Number(to), market: key => markets.has(key) }
}

/** Those from one number up to but not including another; all without. */
export function rowsOf(trades: OrderedTrades, begin = 0, end = trades.count): TradeRow[] {
  const { columns, from, rows } = trades
  return Array.from({ length: end - begin }, (_, i) => tradeOf(columns[from[begin + i]], rows[begin + i]))
}

export function tradeOf(trades: TradeColumns, row: number): TradeRow {
  const { exchange, symbol, side, ids, times, price, quantity } = trades
  return {
    exchange: exchange.entries[exchange.indexes[row]],
    symbol: symbol.entries[symbol.indexes[row]],
    ...{ id: ids.text(row), time: BigInt(times[row]), price: price.values[row], quantity: quantity.values[row] },
    side: side.entries[side.indexes[row]],
  }
}

/** The order of answers: time, then market, then the number of the trade. */
function byTime(a: TradeRow, b: TradeRow): number {
  return (
    compare(a.time, b.time) ||
    compare(marketKey(a.exchange, a.symbol), marketKey(b.exchange, b.symbol)) ||
    compareTradeIds(a.id, b.id)
  )
}
