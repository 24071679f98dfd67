/** Gold's trades of some markets and times, from one snapshot, in the order of time: an hour's files after another. */
import { compareTradeIds, marketKey } from '../../domain/candles.ts'
import type { BigDecimalColumn, BytesColumn, DictionaryColumn, Int64Column } from '../../domain/columns.ts'
import { compare } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { tradeIdsOf } from '../../domain/trade-ids.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { readGroups } from '../../iceberg/parquet/batch.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { hourOf, mayHold, openGoldFile, planGold } from '../../tables/gold.ts'
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

const COLUMNS = ['symbol', 'exchange', 'timestamp', 'trade_id', 'price', 'quantity', 'side']
const PLAIN = new Set(['trade_id'])

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
    const rows = (await rowsOf(ports, files, { ...range, from })).sort(byTime)
    for (const row of rows) {
      if (after && byTime(row, after) <= 0) continue
      if (found.push(row) === limit) return found
    }
  }
  return found
}

/** The last of them, at most `limit`, the oldest first. @throws Corrupt */
export async function lastTrades(
  ports: Pick<Ports, 'store'>,
  gold: LoadedTable,
  range: TradeRange,
  limit: number,
): Promise<TradeRow[]> {
  let found: TradeRow[] = []
  for (const files of (await hoursOf(ports, gold, range)).reverse()) {
    const rows = (await rowsOf(ports, files, range)).sort(byTime)
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

async function rowsOf(
  ports: Pick<Ports, 'store'>,
  files: readonly DataFile[],
  { markets, from, to }: TradeRange,
): Promise<TradeRow[]> {
  const rows: TradeRow[] = []
  const keep = (group: Parameters<typeof mayHold>[0]) => mayHold(group, { from, to: to - 1n })
  for (const file of files) {
    const source = await openGoldFile(ports, file)
    for await (const batch of readGroups(GOLD_TABLE, source, { columns: COLUMNS, plain: PLAIN, keep })) {
      const { columns } = batch
      const [exchange, symbol, side] = [columns.exchange, columns.symbol, columns.side] as DictionaryColumn<string>[]
      const [price, quantity] = [columns.price, columns.quantity] as (Int64Column | BigDecimalColumn)[]
      const times = (columns.timestamp as Int64Column).values
      const ids = tradeIdsOf(columns.trade_id as BytesColumn, batch.rows)
      // Each pair of entries is looked up once, not each row.
      const wanted = exchange.entries.map(code => symbol.entries.map(name => markets.has(marketKey(code, name))))
      for (let row = 0; row < batch.rows; row++) {
        if (!wanted[exchange.indexes[row]][symbol.indexes[row]] || times[row] < from || times[row] >= to) continue
        rows.push({
          exchange: exchange.entries[exchange.indexes[row]],
          symbol: symbol.entries[symbol.indexes[row]],
          id: ids.text(row),
          time: times[row],
          price: price.values[row],
          quantity: quantity.values[row],
          side: side.entries[side.indexes[row]],
        })
      }
    }
  }
  return rows
}

/** The order of answers: time, then market, then the number of the trade. */
function byTime(a: TradeRow, b: TradeRow): number {
  return (
    compare(a.time, b.time) ||
    compare(marketKey(a.exchange, a.symbol), marketKey(b.exchange, b.symbol)) ||
    compareTradeIds(a.id, b.id)
  )
}
