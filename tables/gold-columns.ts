/** Gold's trades in columns: a row group of a file at a time, its wanted rows in the order of answers. */
import type { RowGroup } from 'hyparquet'
import { marketKey } from '../domain/candles.ts'
import {
  type Batch,
  type BigDecimalColumn,
  type BytesColumn,
  type DictionaryColumn,
  halvesOf,
  type Int64Column,
  numbersOf,
} from '../domain/columns.ts'
import { sumOf } from '../domain/counts.ts'
import { compare } from '../domain/order.ts'
import type { Ports } from '../domain/ports.ts'
import type { TimeRange } from '../domain/ranges.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { compareIds, type TradeIds, tradeIdsIn, tradeIdsOf } from '../domain/trade-ids.ts'
import { cachePerStore } from '../iceberg/cache.ts'
import { readGroups } from '../iceberg/parquet/batch.ts'
import type { DataFile } from '../iceberg/types.ts'
import { mayHold, openGoldFile } from './gold.ts'

/** Units of 10^-scale, one a row; `halves` where all fit 64 bits: low before high. */
export interface Decimals {
  readonly values: ArrayLike<bigint>
  readonly halves: Int32Array | undefined
}

export interface TradeColumns {
  readonly rows: number
  /** Microseconds since 1970. */
  readonly times: Float64Array
  readonly exchange: DictionaryColumn<string>
  readonly symbol: DictionaryColumn<string>
  readonly side: DictionaryColumn<string>
  readonly price: Decimals
  readonly quantity: Decimals
  readonly ids: TradeIds
  /** `marketKey` by the places of exchange and symbol in their dictionaries. */
  readonly markets: readonly (readonly string[])[]
}

/** Which rows are wanted; times in microseconds since 1970, the first up to but not including the second. */
export interface Wanted {
  readonly from: number
  readonly to: number
  market(key: string): boolean
}

export const EVERY_TRADE: Wanted = {
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  market: () => true,
}

const COLUMNS = ['symbol', 'exchange', 'timestamp', 'trade_id', 'price', 'quantity', 'side']
const PLAIN = new Set(['trade_id'])

/** Decoded files that a process keeps, in bytes: some half a million trades. */
const MAX_CACHED_BYTES = 32 * 1024 * 1024
const cached = cachePerStore<readonly TradeColumns[]>(MAX_CACHED_BYTES)
/** Larger files are not kept: decoded they take two to three times their bytes, and a few would drive out all others. Some 65,000 trades. */
const KEPT_FILE_BYTES = 2 * 1024 * 1024
/** What a row takes besides its id and decimals that 64 bits do not hold. */
const ROW_BYTES = 5 * 8
const WIDE_BYTES = 48
/** And what a row group's objects take. */
const GROUP_BYTES = 8_000

/**
 * The row groups of a file that may hold wanted rows. Files of a few commits are kept; of a larger one a group is read when it is asked for.
 * @throws Corrupt; NotFound
 */
export async function* readTrades(
  ports: Pick<Ports, 'store'>,
  file: DataFile,
  { from, to }: Pick<Wanted, 'from' | 'to'>,
): AsyncGenerator<TradeColumns> {
  if (file.bytes <= KEPT_FILE_BYTES) {
    yield* await cached(ports.store).once(file.key, async () => {
      const groups = (await Array.fromAsync(groupsOf(ports, file))).map(withOwnIds)
      return { value: groups, weight: sumOf(groups, weightOf) }
    })
    return
  }
  const isRange = Number.isFinite(from) && Number.isFinite(to)
  yield* groupsOf(ports, file, isRange ? { from: BigInt(from), to: BigInt(to) - 1n } : undefined)
}

async function* groupsOf(ports: Pick<Ports, 'store'>, file: DataFile, range?: TimeRange): AsyncGenerator<TradeColumns> {
  const keep = range && ((group: RowGroup) => mayHold(group, range))
  const source = await openGoldFile(ports, file)
  for await (const batch of readGroups(GOLD_TABLE, source, { columns: COLUMNS, plain: PLAIN, keep }))
    yield columnsOf(batch)
}

/** The columns of a batch that has those of a trade. */
export function columnsOf({ rows, columns }: Batch): TradeColumns {
  const [exchange, symbol, side] = [columns.exchange, columns.symbol, columns.side] as DictionaryColumn<string>[]
  const id = columns.trade_id as BytesColumn
  return {
    ...{ rows, exchange, symbol, side },
    // Microseconds are below 2^53 until the year 2255.
    times: numbersOf((columns.timestamp as Int64Column).values),
    price: decimalsOf(columns.price as Int64Column | BigDecimalColumn),
    quantity: decimalsOf(columns.quantity as Int64Column | BigDecimalColumn),
    ids: tradeIdsOf(id, rows),
    markets: exchange.entries.map(code => symbol.entries.map(name => marketKey(code, name))),
  }
}

/** The same with ids in memory of their own: as they are read they lie in a page's, which is several times as large. */
function withOwnIds({ ids, ...columns }: TradeColumns): TradeColumns {
  return { ...columns, ids: tradeIdsIn(new Uint8Array(ids.bytes), ids.starts) }
}

function weightOf({ rows, price, quantity, ids }: TradeColumns): number {
  const wide = [price, quantity].filter(({ halves }) => halves === undefined).length
  return GROUP_BYTES + rows * (ROW_BYTES + wide * WIDE_BYTES) + ids.bytes.length
}

function decimalsOf(column: Int64Column | BigDecimalColumn): Decimals {
  return { values: column.values, halves: column.kind === 'int64' ? halvesOf(column.values) : undefined }
}

export function marketOf({ markets, exchange, symbol }: TradeColumns, row: number): string {
  return markets[exchange.indexes[row]][symbol.indexes[row]]
}

/** The order of answers: time, then market, then the number of the trade. */
export function compareTrades(a: TradeColumns, rowA: number, b: TradeColumns, rowB: number): number {
  return (
    a.times[rowA] - b.times[rowB] ||
    compare(marketOf(a, rowA), marketOf(b, rowB)) ||
    compareIds(a.ids, rowA, b.ids, rowB)
  )
}

/** The wanted rows in the order of answers. A file is in the order of time already; only trades of one moment have to be put in order. */
export function wantedRows(columns: TradeColumns, wanted: Wanted): Int32Array {
  const { rows, times, exchange, symbol, markets } = columns
  const isWanted = markets.map(keys => keys.map(key => wanted.market(key)))
  const order = new Int32Array(rows)
  let count = 0
  let sorted = true
  for (let row = 0; row < rows; row++) {
    const time = times[row]
    if (time < wanted.from || time >= wanted.to || !isWanted[exchange.indexes[row]][symbol.indexes[row]]) continue
    if (count > 0 && time < times[order[count - 1]]) sorted = false
    order[count++] = row
  }
  const found = order.subarray(0, count)
  const byAll = (a: number, b: number) => compareTrades(columns, a, columns, b)
  if (!sorted) return found.sort(byAll)
  for (let from = 0; from < count; ) {
    let to = from + 1
    while (to < count && times[found[to]] === times[found[from]]) to++
    if (to - from > 1) found.subarray(from, to).sort(byAll)
    from = to
  }
  return found
}
