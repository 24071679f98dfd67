/** Trades by their numbers, the newest first, and the last of them. Source: Coinbase Exchange "Get product trades", "Pagination". */
import { PRICE_SCALE, QUANTITY_SCALE, trimmedDecimal } from '../../domain/decimal.ts'
import { DAY_MICROS, HOUR_MICROS } from '../../domain/time.ts'
import { candleSince, lastCandles, MINUTES, type ReadAt } from '../market/market-candles.ts'
import { byNumber, numberOf, tradesBelow, tradesOfMarket } from '../market/market-trades.ts'
import { problem } from '../market/problems.ts'
import type { TradeRow } from '../market/trades.ts'
import { marketOf } from './markets.ts'

const MOST = 1000
const DIGITS = 8

export interface TradesPage {
  readonly rows: readonly object[]
  /** CB-BEFORE, the newest trade's number, and CB-AFTER, the oldest's. */
  readonly headers: Readonly<Record<string, string>>
}

/** `after`: those with lower numbers; `before`: those with higher ones. @throws Problem; Corrupt */
export async function trades(at: ReadAt, id: string, query: URLSearchParams): Promise<TradesPage> {
  const [limit = MOST, before, after] = ['limit', 'before', 'after'].map(name => wholeNumber(name, query.get(name)))
  const market = await marketOf(at, id)
  const trades = await tradesOfMarket(at, market)
  const count = Math.min(limit, MOST)
  const found =
    after === undefined ? byNumber(await trades.last({}, count)) : await tradesBelow(at, market, trades, after, count)
  const page = found.filter(trade => before === undefined || (numberOf(trade) ?? -1) > before).reverse()
  const [newest, oldest] = [page[0], page.at(-1)]
  return {
    rows: page.map(rowOf),
    headers: newest && oldest ? { 'cb-before': String(numberOf(newest)), 'cb-after': String(numberOf(oldest)) } : {},
  }
}

/** @throws Problem; Corrupt */
export async function ticker(at: ReadAt, id: string): Promise<object> {
  const market = await marketOf(at, id)
  const [last] = await (await tradesOfMarket(at, market)).last({}, 1)
  const day = await candleSince(at, market, MINUTES.startOf(at.now) - DAY_MICROS)
  if (!last) throw problem(404, 'NotFound')
  const { trade_id, price, size, time } = rowOf(last)
  // The lake has no order book.
  return { ask: '0', bid: '0', volume: quantityText(day?.volume ?? 0n), trade_id, price, size, time }
}

/** @throws Problem; Corrupt */
export async function stats(at: ReadAt, id: string): Promise<object> {
  const market = await marketOf(at, id)
  const day = await candleSince(at, market, MINUTES.startOf(at.now) - DAY_MICROS)
  const month = await candleSince(at, market, at.now - (at.now % HOUR_MICROS) - 30n * DAY_MICROS)
  const [row] = await lastCandles(at, market, { windows: MINUTES, from: 0n, to: at.now + 1n, fill: 'none' }, 1)
  const last = row?.candle?.close ?? 0n
  const { open, high, low } = day ?? { open: last, high: last, low: last }
  return {
    ...{ open: priceText(open), high: priceText(high), low: priceText(low), last: priceText(last) },
    ...{ volume: quantityText(day?.volume ?? 0n), volume_30day: quantityText(month?.volume ?? 0n) },
  }
}

const priceText = (units: bigint) => trimmedDecimal(units, PRICE_SCALE, DIGITS)
const quantityText = (units: bigint) => trimmedDecimal(units, QUANTITY_SCALE, DIGITS)

/** The side is the maker's. */
function rowOf(trade: TradeRow) {
  const { price, quantity, time, side } = trade
  const seconds = new Date(Number(time / 1000n)).toISOString().slice(0, 19)
  return {
    ...{ trade_id: numberOf(trade) ?? -1, side: side === 'BUY' ? 'sell' : 'buy', size: quantityText(quantity) },
    ...{ price: priceText(price), time: `${seconds}.${String(time % 1_000_000n).padStart(6, '0')}Z` },
  }
}

function wholeNumber(name: string, text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  if (!/^\d{1,15}$/.test(text) || (name === 'limit' && Number(text) === 0)) throw problem(400, `Invalid ${name}`)
  return Number(text)
}
