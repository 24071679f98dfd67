/** Candle tests: what the tables hold, and what they must hold, folded naively from a list of trades. */
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { Trade } from '../../domain/trade.ts'
import { type MemoryLake, rowsOf } from './support.ts'

export type CandleRow = Record<string, bigint | string | number>
/** Candles by timeframe, each in order of window, exchange and symbol. */
export type Candles = Record<string, CandleRow[]>

const orderOf = (row: CandleRow) => `${String(row.window_start).padStart(20, '0')} ${row.exchange} ${row.symbol}`
const sorted = (rows: CandleRow[]) => rows.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))

/** The rows of one candle table, with decimals unscaled. */
export async function storedCandles(lake: MemoryLake, name: string): Promise<CandleRow[]> {
  const timeframe = TIMEFRAMES.find(candidate => candidate.name === name)!
  const rows = await rowsOf(lake, candleTable(timeframe))
  return sorted(rows as CandleRow[])
}

/** All tables; without `created_at` and `updated_at`, which are no fold of the trades. */
export async function allCandles(lake: MemoryLake): Promise<Candles> {
  const candles: Candles = {}
  for (const { name } of TIMEFRAMES)
    candles[name] = (await storedCandles(lake, name)).map(({ created_at: _, updated_at: __, ...row }) => row)
  return candles
}

const UNIT_MINUTES: Record<string, number> = { m: 1, h: 60, d: 1440 }

/** A window's length in microseconds, by the name of its timeframe: `15m`, `4h`. */
function lengthOf(name: string): bigint {
  return BigInt(Number.parseInt(name, 10) * UNIT_MINUTES[name.slice(-1)]) * 60_000_000n
}

/** The candles of these trades: every window sorted, then read off. */
export function naiveCandles(trades: readonly Trade[]): Candles {
  const candles: Candles = {}
  for (const { name } of TIMEFRAMES) {
    const length = lengthOf(name)
    const groups = Map.groupBy(
      trades,
      trade => `${trade.exchange} ${trade.symbol} ${trade.timestamp - (trade.timestamp % length)}`,
    )
    candles[name] = sorted([...groups.values()].map(group => naiveCandle(group, length)))
  }
  return candles
}

/** How many candles of all timeframes these trades make. */
export function countCandles(trades: readonly Trade[]): number {
  return Object.values(naiveCandles(trades)).flat().length
}

function naiveCandle(trades: readonly Trade[], length: bigint): CandleRow {
  const inOrder = [...trades].sort(byTime)
  const first = inOrder[0]
  const last = inOrder[inOrder.length - 1]
  const buys = inOrder.filter(trade => trade.side === 'BUY')
  const sum = (some: readonly Trade[], of: (trade: Trade) => bigint) =>
    some.reduce((total, trade) => total + of(trade), 0n)
  const volume = sum(inOrder, trade => trade.quantity)
  const quote = sum(inOrder, trade => trade.price * trade.quantity)
  const start = first.timestamp - (first.timestamp % length)
  const prices = inOrder.map(trade => trade.price).sort((a, b) => (a < b ? -1 : 1))
  return {
    symbol: first.symbol,
    exchange: first.exchange,
    window_start: start,
    window_end: start + length,
    window_date: Number(start / 86_400_000_000n),
    open_price: first.price,
    high_price: prices[prices.length - 1],
    low_price: prices[0],
    close_price: last.price,
    volume,
    vwap: halfEven(quote, volume),
    trade_count: BigInt(inOrder.length),
    quote_volume: quote,
    taker_buy_volume: sum(buys, trade => trade.quantity),
    taker_buy_quote_volume: sum(buys, trade => trade.price * trade.quantity),
    first_trade_time: first.timestamp,
    last_trade_time: last.timestamp,
  }
}

function byTime(a: Trade, b: Trade): number {
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1
  const number = (id: string) => Number(/\d*$/.exec(id)?.[0] || '-1')
  return number(a.tradeId) - number(b.tradeId) || (a.tradeId < b.tradeId ? -1 : 1)
}

/** n / d for positive numbers: the nearest whole number, of two the even one. */
function halfEven(n: bigint, d: bigint): bigint {
  const below = n / d
  const rest = 2n * (n - below * d) - d
  return rest > 0n || (rest === 0n && below % 2n === 1n) ? below + 1n : below
}
