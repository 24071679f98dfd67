/** A candle file in columns, for readers who ask for few of its rows again and again: no object for a row that nobody wants. */
import { type Candle, marketKey } from '../domain/candles.ts'
import type { BigDecimalColumn, ColumnData, DictionaryColumn, Int64Column } from '../domain/columns.ts'
import type { Ports } from '../domain/ports.ts'
import { candleTable } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { cachePerStore, type Weighed } from '../iceberg/cache.ts'
import { readBatch, sourceOf } from '../iceberg/parquet/batch.ts'
import { CANDLE_FIELDS } from './candles.ts'

export interface CandleColumns {
  /** Each market's rows, by the start of their windows. */
  readonly markets: ReadonlyMap<string, readonly number[]>
  /** Starts of the rows' windows, microseconds since 1970. */
  readonly starts: BigInt64Array
  candle(row: number): Candle
}

/** Decoded files that a process keeps, in bytes: some hundred thousand candles. */
const MAX_CACHED_BYTES = 16 * 1024 * 1024
const cached = cachePerStore<CandleColumns>(MAX_CACHED_BYTES)

/** All timeframes' tables have the same columns. */
const CANDLES = candleTable(TIMEFRAMES[0])
const READ = ['symbol', 'exchange', ...Object.values(CANDLE_FIELDS)]
const FIELDS = Object.keys(CANDLE_FIELDS) as (keyof typeof CANDLE_FIELDS)[]
/** What a decimal takes that 64 bits do not hold, with its object; and what a file, a market in it and a row take besides numbers. */
const [WIDE_BYTES, FILE_BYTES, MARKET_BYTES, ROW_BYTES] = [48, 1_500, 200, 24]

/** A file of candles. @throws Corrupt where it is none; NotFound */
export async function readCandleColumns(ports: Pick<Ports, 'store'>, key: string): Promise<CandleColumns> {
  return cached(ports.store).once(key, () => decode(ports, key))
}

async function decode(ports: Pick<Ports, 'store'>, key: string): Promise<Weighed<CandleColumns>> {
  const { rows, columns } = await readBatch(CANDLES, [sourceOf(key, await ports.store.get(key))], {
    columns: READ,
    plain: new Set(),
  })
  // A commit's file has few rows, and a server keeps thousands of files: all their numbers lie in one piece of memory.
  const longs = new BigInt64Array(FIELDS.length * rows)
  const wide = new Map<string, readonly bigint[]>()
  for (const [place, field] of FIELDS.entries()) {
    const column = columns[CANDLE_FIELDS[field]] as Int64Column | BigDecimalColumn
    if (column.kind === 'int64') longs.set(column.values, place * rows)
    else wide.set(field, column.values)
  }
  const start = FIELDS.indexOf('windowStart') * rows
  const starts = longs.subarray(start, start + rows)
  const [symbols, exchanges] = [textsOf(columns.symbol), textsOf(columns.exchange)]
  const byMarket = Map.groupBy(Array(rows).keys(), row => marketKey(exchanges[row], symbols[row]))
  // Other writers may have sorted them otherwise.
  for (const found of byMarket.values()) found.sort((a, b) => Number(starts[a] - starts[b]))
  const decoded: CandleColumns = {
    markets: byMarket,
    starts,
    candle(row) {
      const found: Record<string, string | bigint> = { symbol: symbols[row], exchange: exchanges[row] }
      for (const [place, field] of FIELDS.entries()) found[field] = wide.get(field)?.[row] ?? longs[place * rows + row]
      return found as unknown as Candle
    },
  }
  const own = longs.byteLength + rows * (ROW_BYTES + wide.size * WIDE_BYTES)
  return { value: decoded, weight: FILE_BYTES + own + byMarket.size * MARKET_BYTES }
}

const textsOf = (column: ColumnData): readonly string[] => {
  const { entries, indexes } = column as DictionaryColumn<string>
  return Array.from(indexes, index => entries[index])
}
