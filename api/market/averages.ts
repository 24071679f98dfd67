/** Average prices of any range by time, exactly, and what those by volume (volume-averages.ts) have in common with them. */
import { marketKey } from '../../domain/candles.ts'
import { divideHalfEven } from '../../domain/decimal.ts'
import type { Ports } from '../../domain/ports.ts'
import { candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { type Decimals, marketOf } from '../../tables/gold-columns.ts'
import { tradesInOrder } from '../../tables/gold-order.ts'
import { inTurns } from '../http/turns.ts'
import type { AsOf } from './as-of.ts'
import { type Find, pricesBefore } from './candle-pages.ts'
import { findCandles, requireKept } from './candles.ts'
import { type Market, type Markets, oneMarket } from './markets.ts'
import { problem } from './problems.ts'
import { type PriceTimes, priceTimes, type TradeSums, tradeSums } from './trade-sums.ts'
import { goldFiles, lastTrades, wantedOf } from './trades.ts'

type ReadPorts = Pick<Ports, 'store' | 'state'>

export interface AverageQuery {
  readonly markets: Markets
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly asOf: AsOf
  /** By name, as they stood together. */
  readonly tables: ReadonlyMap<string, LoadedTable>
}

export interface Average {
  readonly market: Market
  /** Units of 10^-10; undefined where nothing was traded. */
  readonly price: bigint | undefined
  /** Units of 10^-8 and of 10^-18. */
  readonly volume: bigint
  readonly quoteVolume: bigint
  readonly trades: bigint
}

const MINUTES = parseWindows('1m') as Windows

/** Gold's files of the range. @throws Problem 410 where its trades are not kept any longer */
export async function filesOf(
  ports: ReadPorts,
  { markets, from, to, asOf, tables }: AverageQuery,
): Promise<DataFile[]> {
  const gold = tables.get(GOLD_TABLE.name)
  const snapshotId = gold && asOf.snapshotOf(gold)?.['snapshot-id']
  if (!gold || snapshotId === undefined) return []
  const since = droppedBefore(gold.metadata)
  if (from < since)
    throw problem(
      410,
      `Trades before ${new Date(Number(since / 1000n)).toISOString()} are not kept: give a start and an end at whole days, whose candles are.`,
      'start',
    )
  return goldFiles(ports, gold, { markets, from, to, snapshotId })
}

/**
 * Each trade's price counts for as long as it was the last one; from a market's first trade on, where that lies in the range.
 * @throws Problem 410; Corrupt
 */
export async function timeAverages(ports: ReadPorts, query: AverageQuery): Promise<Average[]> {
  const { markets, from, to } = query
  const minute = (from / MINUTE_MICROS) * MINUTE_MICROS
  const before = await lastPrices(ports, query, minute)
  const files = await filesOf(ports, { ...query, from: minute })
  // Times are whole numbers far below 2^53.
  const begin = Number(from)
  const running = new Map([...markets.keys()].map(key => [key, runningAverage(before.get(key), begin)]))
  for await (const { count, columns, from: places, rows } of inTurns(
    tradesInOrder(ports, files, wantedOf({ ...query, from: minute })),
  ))
    for (let at = 0; at < count; at++) {
      const [trades, row] = [columns[places[at]], rows[at]]
      const sum = running.get(marketOf(trades, row))
      if (!sum) continue
      const time = trades.times[row]
      if (time >= begin) {
        hold(sum, time)
        sum.sums.add(trades, row)
      }
      sum.prices = trades.price
      sum.row = row
    }
  return [...markets].map(([key, market]) => {
    const sum = running.get(key)
    if (sum?.prices === undefined) return { market, price: undefined, ...NOTHING }
    hold(sum, Number(to))
    const { prices, row, length, weighted } = sum
    const price = length === 0 ? prices.values[row] : divideHalfEven(weighted.total(), BigInt(length))
    return { market, price, ...sum.sums.totals() }
  })
}

interface RunningAverage {
  /** Where the last price stands; nowhere before the first trade. */
  prices: Decimals | undefined
  row: number
  /** From when on that price holds, microseconds since 1970. */
  since: number
  /** For how long a price held, microseconds. */
  length: number
  readonly weighted: PriceTimes
  readonly sums: TradeSums
}

function runningAverage(price: bigint | undefined, since: number): RunningAverage {
  const prices = price === undefined ? undefined : { values: [price], halves: undefined }
  return { prices, row: 0, since, length: 0, weighted: priceTimes(), sums: tradeSums() }
}

/** The last price held until then. */
function hold(sum: RunningAverage, time: number): void {
  const length = time - sum.since
  if (sum.prices !== undefined && length > 0) {
    sum.weighted.add(sum.prices, sum.row, length)
    sum.length += length
  }
  sum.since = time
}

/** Minutes that are read at once. */
const STRETCH = 1_440n * MINUTE_MICROS

/**
 * The average of all minutes' last prices; a minute without trades has that of the one before it.
 * @throws Problem 410; Corrupt
 */
export async function minuteAverages(ports: ReadPorts, query: AverageQuery): Promise<Average[]> {
  const { markets, from, to } = query
  const minutes = query.tables.get(candleTable(MINUTES.base).name)
  if (minutes) requireKept(minutes, query.asOf.snapshotOf(minutes)?.['snapshot-id'], from)
  const find = minuteCandles(ports, query)
  const prices = await lastPrices(ports, query, from)
  const sums = new Map(
    [...markets.keys()].map(key => [
      key,
      { next: from, total: 0n, minutes: 0n, volume: 0n, quoteVolume: 0n, trades: 0n },
    ]),
  )
  const carry = (key: string, until: bigint) => {
    const [sum, price] = [sums.get(key), prices.get(key)]
    if (!sum) return
    if (price !== undefined) {
      const minutes = (until - sum.next) / MINUTE_MICROS
      sum.total += price * minutes
      sum.minutes += minutes
    }
    sum.next = until
  }
  for (let start = from; start < to; start += STRETCH) {
    const until = start + STRETCH < to ? start + STRETCH : to
    for (const candle of await find(markets, start, until)) {
      const key = marketKey(candle.exchange, candle.symbol)
      carry(key, candle.windowStart)
      prices.set(key, candle.close)
      carry(key, candle.windowEnd)
      const sum = sums.get(key)
      if (!sum) continue
      sum.volume += candle.volume
      sum.quoteVolume += candle.quoteVolume
      sum.trades += candle.tradeCount
    }
  }
  return [...markets].map(([key, market]) => {
    carry(key, to)
    const { total, minutes, volume, quoteVolume, trades } = sums.get(key) ?? { total: 0n, minutes: 0n, ...NOTHING }
    return { market, volume, quoteVolume, trades, price: minutes === 0n ? undefined : divideHalfEven(total, minutes) }
  })
}

const NOTHING = { volume: 0n, quoteVolume: 0n, trades: 0n }

/** The candles of minutes, in the query's state; none where it had none. */
function minuteCandles(ports: ReadPorts, { asOf, tables }: AverageQuery): Find {
  const table = tables.get(candleTable(MINUTES.base).name)
  const snapshotId = table && asOf.snapshotOf(table)?.['snapshot-id']
  if (!table || snapshotId === undefined) return async () => []
  return (markets, from, to) => findCandles(ports, table, { windows: MINUTES, markets, from, to, snapshotId })
}

/** Each market's last price before a minute; none where it was not traded before. */
async function lastPrices(ports: ReadPorts, query: AverageQuery, minute: bigint): Promise<Map<string, bigint>> {
  const prices = new Map<string, bigint>()
  await pricesBefore(minuteCandles(ports, query), MINUTES, query.markets, minute, prices)
  const gold = query.tables.get(GOLD_TABLE.name)
  const snapshotId = gold && query.asOf.snapshotOf(gold)?.['snapshot-id']
  for (const [key, market] of query.markets) {
    if (prices.has(key) || market.firstTrade >= minute) continue
    // Minutes are kept no longer where retention says so; trades are.
    const range = { markets: oneMarket(market), from: 0n, to: minute, snapshotId }
    const [last] = await lastTrades(ports, gold, range, 1)
    if (last) prices.set(key, last.price)
  }
  return prices
}
