/** `GET /v1/candles`: candles of any windows, exactly, page by page. */
import type { Context } from 'hono'
import { type Candle, vwap } from '../../domain/candles.ts'
import { SETTLED_AFTER } from '../../domain/closed-windows.ts'
import { PRICE_SCALE, QUANTITY_SCALE, QUOTE_SCALE } from '../../domain/decimal.ts'
import { recall, remember } from './answer-memory.ts'
import { asOfIn, nowOf, type Snapshots, snapshotsIn } from './as-of.ts'
import {
  type CandlePage,
  type CandleQuery,
  type CandleRow,
  candlePage,
  candleTablesIn,
  candleTablesOf,
  type Position,
  requireKeptWindows,
} from './candle-pages.ts'
import { cursorText, readCursor } from './cursors.ts'
import type { RowColumn } from './formats.ts'
import { chooseMarkets, DAILY, MARKET_TABLES, marketNames, marketsIn, marketsSnapshot } from './markets.ts'
import { ROWS_PARAMETERS, rowsRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { batchOf } from './row-batch.ts'
import { sendKept, sendRows, streamRows } from './send.ts'
import { openTogether } from './together.ts'

const PARAMETERS = [
  ...(['symbols', 'exchanges', 'timeframe', 'start', 'end', 'fill', 'include_open', 'as_of'] as const),
  ...ROWS_PARAMETERS,
] as const
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
  {
    name: 'timeframe',
    type: 'text',
    doc: 'Length of the window, as it was asked for.',
    value: ({ windows }) => windows.name,
  },
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ symbol }) => symbol },
  { name: 'start', type: 'time', doc: 'Start of the window.', value: ({ windowStart }) => windowStart },
  {
    name: 'end',
    type: 'time',
    doc: 'End of the window, which is the start of the next.',
    value: ({ windowEnd }) => windowEnd,
  },
  { name: 'open', ...price, doc: 'Price of the first trade, in the quote asset.', value: priceOf('open') },
  { name: 'high', ...price, doc: 'Highest price.', value: priceOf('high') },
  { name: 'low', ...price, doc: 'Lowest price.', value: priceOf('low') },
  { name: 'close', ...price, doc: 'Price of the last trade.', value: priceOf('close') },
  { name: 'volume', ...quantity, doc: 'Traded amount of the base asset.', value: sum('volume') },
  {
    name: 'quote_volume',
    ...quote,
    doc: 'Sum of price times quantity, in the quote asset.',
    value: sum('quoteVolume'),
  },
  {
    name: 'taker_buy_volume',
    ...quantity,
    doc: 'Part of the volume whose taker bought.',
    value: sum('takerBuyVolume'),
  },
  {
    name: 'taker_buy_quote_volume',
    ...quote,
    doc: 'Part of the quote volume whose taker bought.',
    value: sum('takerBuyQuoteVolume'),
  },
  { name: 'vwap', ...price, doc: 'Quote volume over volume, rounded half to even.', value: of(vwap) },
  { name: 'trades', type: 'count', doc: 'Number of trades.', value: sum('tradeCount') },
  {
    name: 'first_trade',
    type: 'time',
    doc: 'Time of the first trade.',
    value: of(({ firstTradeTime }) => firstTradeTime),
  },
  { name: 'last_trade', type: 'time', doc: 'Time of the last trade.', value: of(({ lastTradeTime }) => lastTradeTime) },
  {
    name: 'status',
    type: 'text',
    doc: 'open until the window is closed; gap where trades of it are missing, may be, or could not be read; else closed.',
    value: ({ status }) => status,
  },
]

export const CANDLES: Route = {
  ...{ method: 'get', path: '/candles', parameters: PARAMETERS, columns: CANDLE_COLUMNS },
  summary:
    'Candles of any windows: one timeframe after the other, each in the order of its windows, then exchange and symbol.',
  answer,
}

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const clock = BigInt(ports.clock.now()) * 1000n
  const known = await recall(ports, context, clock)
  if (known) return sendKept(context, known)
  const { query, read, format, numbers, limit, isWhole } = rowsRequest(context, PARAMETERS, MAX_LIMIT)
  const windows = read.windows('timeframe', '1m')
  const definitions = candleTablesOf(windows)
  const memory = await remember(ports, context, [...definitions, ...MARKET_TABLES])
  const opened = await openTogether(ports, [...definitions, DAILY])
  const tables = candleTablesIn(opened, windows)
  const daily = opened.get(DAILY.name)
  const asOf = await asOfIn(ports, read, [...tables.values()])
  const now = nowOf(asOf, ports)
  const cursor = readCursor(query, ([from, to, snapshots, number, start, market, markets]) => {
    if (!windows[Number(number)]) throw new RangeError('it has other windows')
    const position: Position = [Number(number), BigInt(String(start)), String(market)]
    const ids = Object.entries(snapshots as Snapshots).map(([table, id]) => [table, Number(id)])
    return {
      ...{ from: BigInt(String(from)), to: BigInt(String(to)), snapshots: Object.fromEntries(ids), position },
      markets: Number(markets),
    }
  })
  const range = isWhole ? read.wholeRange() : read.range()
  const to = cursor?.to ?? range.end ?? now + 1n
  const marketsAt = daily && (cursor?.markets ?? marketsSnapshot(daily, asOf)?.['snapshot-id'])
  const all = await marketsIn(ports, daily, marketsAt)
  const wanted: CandleQuery = {
    windows,
    markets: chooseMarkets(all, read.codes('exchanges'), read.codes('symbols')),
    // Without a begin: the last of them.
    from: range.start ?? cursor?.from ?? lastWindows(windows, to, limit),
    to,
    fill: read.choice('fill', ['none', 'previous', 'null'], 'none'),
    includeOpen: read.flag('include_open', true),
    limit,
  }
  const snapshots = cursor?.snapshots ?? snapshotsIn(asOf, tables.values())
  requireKeptWindows(tables, wanted, snapshots)
  const page = (after: Position | undefined) => candlePage(ports, tables, wanted, snapshots, after, now, asOf)
  const answer = { columns: CANDLE_COLUMNS, format, numbers, isFixed: asOf.isFixed }
  if (isWhole)
    return streamRows(context, answer, allPages(page), {
      count: rows => rows.length,
      rows: (rows, from, to) => rows.slice(from, to),
      names: {
        ...marketNames(wanted.markets.values()),
        timeframe: [...new Set(windows.map(({ name }) => name))],
        status: ['closed', 'open', 'gap'],
      },
      batch: rows => batchOf(CANDLE_COLUMNS, rows, numbers),
    })
  const { rows, next } = await page(cursor?.position)
  const nextCursor =
    next &&
    cursorText(query, [String(wanted.from), String(to), snapshots, next[0], String(next[1]), next[2], marketsAt])
  const kept = { memory, until: sameUntil(windows, asOf.timeMs === undefined ? rows : [], clock) }
  return sendRows(context, { ...answer, rows, next: nextCursor, about: { snapshots }, kept })
}

/** Up to when an answer stays as it is, whatever the clock says: until a window ends, or one that is open is closed for its silence. */
function sameUntil(windows: CandleQuery['windows'], rows: readonly CandleRow[], clock: bigint): bigint {
  const ends = windows.map(each => each.endOf(each.startOf(clock)))
  const settled = rows.flatMap(({ status, windowEnd }) => (status === 'open' ? [windowEnd + SETTLED_AFTER] : []))
  return [...ends, ...settled].reduce((a, b) => (a < b ? a : b))
}

async function* allPages(
  page: (after: Position | undefined) => Promise<CandlePage>,
): AsyncGenerator<readonly CandleRow[]> {
  for (let after: Position | undefined; ; ) {
    const { rows, next } = await page(after)
    yield rows
    if (!next) return
    after = next
  }
}

/** Start of the longest of the windows, so many of them before a time. */
export function lastWindows(windows: CandleQuery['windows'], to: bigint, count: number): bigint {
  const starts = windows.map(each => {
    const start = each.startOf(to - 1n)
    const back = (each.endOf(start) - start) * BigInt(count - 1)
    return each.startOf(start > back ? start - back : 0n)
  })
  return starts.reduce((least, start) => (start < least ? start : least))
}
