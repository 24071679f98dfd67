/** Gold's trades of some markets and times, from one snapshot, in the order of time: an hour's files after another. */
import { compareTradeIds, marketKey } from '../../domain/candles.ts'
import { compare } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { hourOf, planGold } from '../../tables/gold.ts'
import { type GoldColumns, readGoldColumns } from '../../tables/gold-columns.ts'
import type { Markets } from './markets.ts'

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
  readonly markets: Markets
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly snapshotId: number
}

/** The first of them behind `after`, at most `limit`. @throws Corrupt */
export async function firstTrades(
  ports: Pick<Ports, 'store'>,
  gold: LoadedTable,
  range: TradeRange,
  after: TradeRow | undefined,
  limit: number,
): Promise<TradeRow[]> {
  const from = after && after.time > range.from ? after.time : range.from
  const found: TradeRow[] = []
  for (const files of await hoursOf(ports, gold, { ...range, from })) {
    const rows = await rowsOf(ports, files, { ...range, from })
    for (const row of rows) {
      if (after && byTime(row, after) <= 0) continue
      if (found.push(row) === limit) return found
    }
  }
  return found
}

/** All of them, some ten thousand at a time. @throws Corrupt */
export async function* allTrades(
  ports: Pick<Ports, 'store'>,
  gold: LoadedTable,
  range: TradeRange,
): AsyncGenerator<TradeRow[]> {
  for (const files of await hoursOf(ports, gold, range)) {
    const { parts, partOf, rowOf, order } = await orderedTrades(ports, files, range)
    for (let at = 0; at < order.length; at += PART_ROWS)
      yield order.slice(at, at + PART_ROWS).map(place => tradeOf(parts[partOf[place]], rowOf[place]))
  }
}

/** Some 2 MB of text. */
const PART_ROWS = 16_384

/** The last of them, at most `limit`, the oldest first. @throws Corrupt */
export async function lastTrades(
  ports: Pick<Ports, 'store'>,
  gold: LoadedTable,
  range: TradeRange,
  limit: number,
): Promise<TradeRow[]> {
  let found: TradeRow[] = []
  for (const files of (await hoursOf(ports, gold, range)).reverse()) {
    const rows = await rowsOf(ports, files, range)
    found = [...rows.slice(-(limit - found.length)), ...found]
    if (found.length === limit) break
  }
  return found
}

/** The files of each hour, by time. */
async function hoursOf(ports: Pick<Ports, 'store'>, gold: LoadedTable, range: TradeRange): Promise<DataFile[][]> {
  if (range.from >= range.to) return []
  const files = await planGold(ports, gold, { from: range.from, to: range.to - 1n }, range.snapshotId)
  return [...Map.groupBy(files, hourOf)].sort(([a], [b]) => a - b).map(([, some]) => some)
}

/** Trades of an hour's files, in the order of answers. */
async function rowsOf(ports: Pick<Ports, 'store'>, files: readonly DataFile[], range: TradeRange): Promise<TradeRow[]> {
  const { parts, partOf, rowOf, order } = await orderedTrades(ports, files, range)
  return order.map(at => tradeOf(parts[partOf[at]], rowOf[at]))
}

export interface SelectedTrades {
  readonly parts: readonly GoldColumns[]
  /** Each trade's part, its row in there, and its market's place among those that were asked for. */
  readonly partOf: readonly number[]
  readonly rowOf: readonly number[]
  readonly marketOf: readonly number[]
}

/** `order` has the trades' places in the lists, by time, then market, then number. */
export interface OrderedTrades extends SelectedTrades {
  readonly order: readonly number[]
}

/** Trades of files, as they stand there. @throws Corrupt */
export async function selectedTrades(
  ports: Pick<Ports, 'store'>,
  files: readonly DataFile[],
  { markets, from, to }: Pick<TradeRange, 'markets' | 'from' | 'to'>,
): Promise<SelectedTrades> {
  const read = await Promise.all(files.map(file => readGoldColumns(ports, file, { from, to: to - 1n })))
  const parts = read.flat()
  const ranks = new Map([...markets.keys()].sort().map((key, rank) => [key, rank]))
  const [first, end] = [Number(from), Number(to)]
  const [partOf, rowOf, marketOf]: [number[], number[], number[]] = [[], [], []]
  parts.forEach(({ rows, times, market, markets: names }, part) => {
    const wanted = names.map(({ key }) => ranks.get(key) ?? -1)
    for (let row = 0; row < rows; row++) {
      const rank = wanted[market[row]]
      if (rank < 0 || times[row] < first || times[row] >= end) continue
      partOf.push(part)
      rowOf.push(row)
      marketOf.push(rank)
    }
  })
  return { parts, partOf, rowOf, marketOf }
}

/** The same, in the order of answers. @throws Corrupt */
export async function orderedTrades(
  ports: Pick<Ports, 'store'>,
  files: readonly DataFile[],
  range: Pick<TradeRange, 'markets' | 'from' | 'to'>,
): Promise<OrderedTrades> {
  const selected = await selectedTrades(ports, files, range)
  const { parts, partOf, rowOf, marketOf } = selected
  // Each part is in the order of time already, which this sort makes use of.
  const order = Array.from(partOf, (_, at) => at).sort((a, b) => {
    const [one, other] = [parts[partOf[a]], parts[partOf[b]]]
    return (
      one.times[rowOf[a]] - other.times[rowOf[b]] ||
      marketOf[a] - marketOf[b] ||
      compareIds(one, rowOf[a], other, rowOf[b])
    )
  })
  return { ...selected, order }
}

function compareIds(one: GoldColumns, a: number, other: GoldColumns, b: number): number {
  return one === other ? one.ids.compare(a, b) : compareTradeIds(one.ids.text(a), other.ids.text(b))
}

function tradeOf(part: GoldColumns, row: number): TradeRow {
  const { exchange, symbol } = part.markets[part.market[row]]
  return {
    ...{ exchange, symbol, id: part.ids.text(row), time: BigInt(part.times[row]) },
    ...{ price: part.prices[row], quantity: part.quantities[row], side: part.isBuy[row] ? 'BUY' : 'SELL' },
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
