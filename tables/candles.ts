/** Candle files: rows to candles and back. */
import type { Candle } from '../domain/candles.ts'
import { vwap } from '../domain/candles.ts'
import { type Batch, type ColumnData, dictionaryOf } from '../domain/columns.ts'
import { decimalsOf, longsOf } from '../domain/long-columns.ts'
import { compare } from '../domain/order.ts'
import type { Ports } from '../domain/ports.ts'
import { candleTable } from '../domain/tables.ts'
import { dayOf } from '../domain/time.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { cachePerStore } from '../iceberg/cache.ts'
import { readColumns } from '../iceberg/parquet/read.ts'

/** A candle as its table holds it; times in microseconds since 1970. */
export interface StoredCandle extends Candle {
  readonly createdAt: bigint
  readonly updatedAt: bigint
}

const COUNTS = {
  windowStart: 'window_start',
  windowEnd: 'window_end',
  tradeCount: 'trade_count',
  firstTradeTime: 'first_trade_time',
  lastTradeTime: 'last_trade_time',
} as const
const LONGS = { ...COUNTS, createdAt: 'created_at', updatedAt: 'updated_at' } as const
const DECIMALS = {
  open: 'open_price',
  high: 'high_price',
  low: 'low_price',
  close: 'close_price',
  volume: 'volume',
  quoteVolume: 'quote_volume',
  takerBuyVolume: 'taker_buy_volume',
  takerBuyQuoteVolume: 'taker_buy_quote_volume',
} as const
/** A candle's numbers, and the columns that have them. */
export const CANDLE_FIELDS = { ...COUNTS, ...DECIMALS }
const READ = ['symbol', 'exchange', ...Object.values(LONGS), ...Object.values(DECIMALS)]

/** All timeframes' tables have the same columns. */
const CANDLES = candleTable(TIMEFRAMES[0])

/** Candles that a warm container keeps, of files that it has read or written: a minute's commit reads what the last one wrote. */
const MAX_CACHED_CANDLES = 50_000
const cachedFiles = cachePerStore<readonly StoredCandle[]>(MAX_CACHED_CANDLES)

/** Notes what a file that was just written holds. */
export function rememberCandles(ports: Pick<Ports, 'store'>, key: string, candles: readonly StoredCandle[]): void {
  cachedFiles(ports.store).set(key, candles, candles.length)
}

/** All candles of a file. @throws Corrupt where it is not a file of candles */
export async function readCandles(ports: Pick<Ports, 'store'>, key: string): Promise<readonly StoredCandle[]> {
  const known = cachedFiles(ports.store).get(key)
  if (known) return known
  const candles = await decodeFile(ports, key)
  rememberCandles(ports, key, candles)
  return candles
}

async function decodeFile(ports: Pick<Ports, 'store'>, key: string): Promise<StoredCandle[]> {
  const { rows, values } = await readColumns(key, await ports.store.get(key), READ, CANDLES)
  return Array.from({ length: rows }, (_, row) => {
    const long = (name: keyof typeof LONGS) => values[LONGS[name]][row] as bigint
    const decimal = (name: keyof typeof DECIMALS) => values[DECIMALS[name]][row] as bigint
    return {
      symbol: values.symbol[row] as string,
      exchange: values.exchange[row] as string,
      windowStart: long('windowStart'),
      windowEnd: long('windowEnd'),
      open: decimal('open'),
      high: decimal('high'),
      low: decimal('low'),
      close: decimal('close'),
      volume: decimal('volume'),
      tradeCount: long('tradeCount'),
      quoteVolume: decimal('quoteVolume'),
      takerBuyVolume: decimal('takerBuyVolume'),
      takerBuyQuoteVolume: decimal('takerBuyQuoteVolume'),
      firstTradeTime: long('firstTradeTime'),
      lastTradeTime: long('lastTradeTime'),
      createdAt: long('createdAt'),
      updatedAt: long('updatedAt'),
    }
  })
}

/** The candles as columns, in the table's sort order. */
export function candleColumns(candles: readonly StoredCandle[]): Batch {
  const sorted = [...candles].sort(
    (a, b) => compare(a.windowStart, b.windowStart) || compare(a.exchange, b.exchange) || compare(a.symbol, b.symbol),
  )
  const columns: Record<string, ColumnData> = {
    symbol: dictionaryOf(sorted.map(candle => candle.symbol)),
    exchange: dictionaryOf(sorted.map(candle => candle.exchange)),
    window_date: {
      kind: 'int32',
      values: Int32Array.from(sorted, candle => dayOf(candle.windowStart)),
    },
    vwap: decimalsOf(sorted.map(vwap)),
  }
  for (const [field, column] of Object.entries(LONGS))
    columns[column] = longsOf(sorted.map(candle => candle[field as keyof typeof LONGS]))
  for (const [field, column] of Object.entries(DECIMALS))
    columns[column] = decimalsOf(sorted.map(candle => candle[field as keyof typeof DECIMALS]))
  return { rows: sorted.length, columns }
}
