/** `GET /v1/candles`: candles of any windows, exactly, page by page. */
import type { Context } from 'hono'
import { type Candle, vwap } from '../../domain/candles.ts'
import { PRICE_SCALE, QUANTITY_SCALE, QUOTE_SCALE } from '../../domain/decimal.ts'
import type { Ports } from '../../domain/ports.ts'
import {
  type CandleQuery,
  type CandleRow,
  candlePage,
  currentSnapshots,
  openCandleTables,
  type Position,
  type Snapshots,
} from './candle-pages.ts'
import { cursorText, readCursor } from './cursors.ts'
import type { RowColumn } from './formats.ts'
import { chooseMarkets, marketsOf } from './markets.ts'
import { rowsRequest } from './requests.ts'
import { sendRows } from './send.ts'

const PARAMETERS = ['symbols', 'exchanges', 'timeframe', 'start', 'end', 'fill', 'include_open']
const MAX_LIMIT = 10_000

const quantity = { type: 'decimal', scale: QUANTITY_SCALE } as const
const price = { type: 'decimal', scale: PRICE_SCALE } as const
const quote = { type: 'decimal', scale: QUOTE_SCALE } as const
/** A sum is zero where a filled window has no trades, and a price is the one before. */
const sum =
  (field: 'volume' | 'quoteVolume' | 'takerBuyVolume' | 'takerBuyQuoteVolume' | 'tradeCount') => (row: CandleRow) =>
    row.candle ? row.candle[field] : row.price === undefined ? undefined : 0n
const priceOf = (field: 'open' | 'high' | 'low' | 'close') => (row: CandleRow) => row.candle?.[field] ?? row.price
const of = (field: (candle: Candle) => bigint) => (row: CandleRow) => row.candle && field(row.candle)

export const CANDLE_COLUMNS: readonly RowColumn<CandleRow>[] = [
  { name: 'timeframe', type: 'text', value: ({ windows }) => windows.name },
  { name: 'exchange', type: 'text', value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', value: ({ symbol }) => symbol },
  { name: 'start', type: 'time', value: ({ windowStart }) => windowStart },
  { name: 'end', type: 'time', value: ({ windowEnd }) => windowEnd },
  { name: 'open', ...price, value: priceOf('open') },
  { name: 'high', ...price, value: priceOf('high') },
  { name: 'low', ...price, value: priceOf('low') },
  { name: 'close', ...price, value: priceOf('close') },
  { name: 'volume', ...quantity, value: sum('volume') },
  { name: 'quote_volume', ...quote, value: sum('quoteVolume') },
  { name: 'taker_buy_volume', ...quantity, value: sum('takerBuyVolume') },
  { name: 'taker_buy_quote_volume', ...quote, value: sum('takerBuyQuoteVolume') },
  { name: 'vwap', ...price, value: of(vwap) },
  { name: 'trades', type: 'count', value: sum('tradeCount') },
  { name: 'first_trade', type: 'time', value: of(({ firstTradeTime }) => firstTradeTime) },
  { name: 'last_trade', type: 'time', value: of(({ lastTradeTime }) => lastTradeTime) },
  { name: 'status', type: 'text', value: ({ status }) => status },
]

/** Answers the route. @throws Problem; Corrupt */
export async function answerCandles(
  ports: Pick<Ports, 'store' | 'state' | 'clock'>,
  context: Context,
): Promise<Response> {
  const { query, read, format, numbers, limit } = rowsRequest(context, PARAMETERS, MAX_LIMIT)
  const now = BigInt(ports.clock.now()) * 1000n
  const windows = read.windows('timeframe', '1m')
  const cursor = readCursor(query, ([from, to, snapshots, number, start, market]) => {
    if (!windows[Number(number)]) throw new RangeError('it has other windows')
    const position: Position = [Number(number), BigInt(String(start)), String(market)]
    const ids = Object.entries(snapshots as Snapshots).map(([table, id]) => [table, Number(id)])
    return { from: BigInt(String(from)), to: BigInt(String(to)), snapshots: Object.fromEntries(ids), position }
  })
  const range = read.range()
  const to = cursor?.to ?? range.end ?? now + 1n
  const wanted: CandleQuery = {
    windows,
    markets: chooseMarkets(await marketsOf(ports), read.codes('exchanges'), read.codes('symbols')),
    // Without a begin: the last of them.
    from: range.start ?? cursor?.from ?? lastWindows(windows, to, limit),
    to,
    fill: read.choice('fill', ['none', 'previous', 'null'], 'none'),
    includeOpen: read.flag('include_open', true),
    limit,
  }
  const tables = await openCandleTables(ports, windows)
  const snapshots = cursor?.snapshots ?? currentSnapshots(tables)
  const { rows, next } = await candlePage(ports, tables, wanted, snapshots, cursor?.position, now)
  const nextCursor =
    next && cursorText(query, [String(wanted.from), String(to), snapshots, next[0], String(next[1]), next[2]])
  return sendRows(context, { columns: CANDLE_COLUMNS, rows, format, numbers, next: nextCursor, about: { snapshots } })
}

/** Start of the longest of the windows, so many of them before a time. */
function lastWindows(windows: CandleQuery['windows'], to: bigint, count: number): bigint {
  const starts = windows.map(each => {
    const start = each.startOf(to - 1n)
    const back = (each.endOf(start) - start) * BigInt(count - 1)
    return each.startOf(start > back ? start - back : 0n)
  })
  return starts.reduce((least, start) => (start < least ? start : least))
}
