/** Candles. Source: Kraken "Get OHLC Data". */
import { vwap } from '../../domain/candles.ts'
import { parseWindows } from '../../domain/windows.ts'
import type { CandleRow } from '../market/candle-pages.ts'
import { firstCandles, lastCandles, type ReadAt } from '../market/market-candles.ts'
import { priceText, quantityText } from './amounts.ts'
import { pairsNamed } from './markets.ts'
import { invalidArguments } from './refusals.ts'

const SECOND = 1_000_000n
const MOST = 720
/** Minutes. Weeks and half months are counted from 1970 on: weeks begin on a Thursday. */
const INTERVALS = [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600]

/** Behind `since` the first of them, else the last. @throws Refusal; Corrupt */
export async function ohlc(at: ReadAt, query: URLSearchParams): Promise<object> {
  const interval = Number(query.get('interval') || 1)
  const windows = INTERVALS.includes(interval) ? parseWindows(`${interval}m`) : undefined
  if (!windows) throw invalidArguments('interval')
  const since = query.get('since')
  if (since && !/^-?\d{1,11}$/.test(since)) throw invalidArguments('since')
  if (!query.get('pair')) throw invalidArguments('pair')
  const [{ market, names }] = await pairsNamed(at, query.get('pair') ?? undefined)
  // Clients that ask from 1970 on name a time before it.
  const from = since && Number(since) >= 0 ? BigInt(since) * SECOND + 1n : 0n
  const asked = { windows, from, to: at.now + 1n, fill: 'previous' } as const
  const rows = await (since ? firstCandles : lastCandles)(at, market, asked, MOST)
  // What is not closed is asked for again.
  const closed = rows.findLast(({ status }) => status !== 'open')
  return { [names.name]: rows.map(rowOf), last: closed ? Number(closed.windowStart / SECOND) : Number(since ?? 0) }
}

function rowOf({ windowStart, candle, price = 0n }: CandleRow): unknown[] {
  const { open, high, low, close } = candle ?? { open: price, high: price, low: price, close: price }
  return [
    Number(windowStart / SECOND),
    ...[open, high, low, close, candle ? vwap(candle) : 0n].map(priceText),
    quantityText(candle?.volume ?? 0n),
    Number(candle?.tradeCount ?? 0n),
  ]
}
