/** A candle file in columns, for readers who ask for few of its rows again and again: no object for a row that nobody wants. */
import { type Candle, marketKey } from '../domain/candles.ts'
import type { BigDecimalColumn, DictionaryColumn, Int64Column } from '../domain/columns.ts'
import type { Ports } from '../domain/ports.ts'
import { candleTable } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { cachePerStore, type Weighed } from '../iceberg/cache.ts'
import { readBatch, sourceOf } from '../iceberg/parquet/batch.ts'
import { CANDLE_FIELDS } from './candles.ts'

export interface CandleColumns {
  /** Each market's rows, by the start of their windows. */
  readonly markets: ReadonlyMap<string, Int32Array>
  /** Starts of the rows' windows, microseconds since 1970. */
  readonly starts: BigInt64Array
  candle(row: number): Candle
}

/** Decoded files that a process keeps, in bytes: some two hundred thousand candles. */
const MAX_CACHED_BYTES = 24 * 1024 * 1024
const cached = cachePerStore<CandleColumns>(MAX_CACHED_BYTES)

/** All timeframes' tables have the same columns. */
const CANDLES = candleTable(TIMEFRAMES[0])
const READ = ['symbol', 'exchange', ...Object.values(CANDLE_FIELDS)]
const FIELDS = Object.keys(CANDLE_FIELDS) as (keyof typeof CANDLE_FIELDS)[]
/** What a decimal takes that 64 bits do not hold, with its object. */
const WIDE_BYTES = 48

/** A file of candles. @throws Corrupt where it is none; NotFound */
export async function readCandleColumns(ports: Pick<Ports, 'store'>, key: string): Promise<CandleColumns> {
  return cached(ports.store).once(key, () => decode(ports, key))
}

async function decode(ports: Pick<Ports, 'store'>, key: string): Promise<Weighed<CandleColumns>> {
  const { rows, columns } = await readBatch(CANDLES, [sourceOf(key, await ports.store.get(key))], {
    columns: READ,
    plain: new Set(),
  })
  const numbers = Object.fromEntries(
    Object.entries(CANDLE_FIELDS).map(([field, column]) => [field, columns[column] as Int64Column | BigDecimalColumn]),
  ) as Record<keyof typeof CANDLE_FIELDS, Int64Column | BigDecimalColumn>
  const [symbol, exchange] = [columns.symbol, columns.exchange] as DictionaryColumn<string>[]
  const starts = numbers.windowStart.values as BigInt64Array
  const text = ({ entries, indexes }: DictionaryColumn<string>, row: number) => entries[indexes[row]]
  const byMarket = Map.groupBy(Array(rows).keys(), row => marketKey(text(exchange, row), text(symbol, row)))
  const decoded: CandleColumns = {
    markets: new Map(
      [...byMarket].map(([market, found]) => [
        market,
        // Other writers may have sorted them otherwise.
        Int32Array.from(found.sort((a, b) => Number(starts[a] - starts[b]))),
      ]),
    ),
    starts,
    candle(row) {
      const found: Record<string, string | bigint> = { symbol: text(symbol, row), exchange: text(exchange, row) }
      for (const field of FIELDS) found[field] = numbers[field].values[row]
      return found as unknown as Candle
    },
  }
  const widths = Object.values(numbers).map(({ kind }) => (kind === 'int64' ? 8 : WIDE_BYTES))
  return { value: decoded, weight: rows * (widths.reduce((sum, width) => sum + width, 0) + 3 * 4) }
}
