/**
 * `GET /v1/spread`: what one asset costs on all exchanges at the end of each interval, by the last trade of each. The lake has no order
 * books: these are prices that were paid, not offers.
 */
import type { Context } from 'hono'
import { marketKey } from '../../domain/candles.ts'
import { divideHalfEven, PRICE_SCALE } from '../../domain/decimal.ts'
import { assetsOf } from '../../domain/pairs.ts'
import { noneText } from '../../figures/nearest.ts'
import { asOfIn, nowOf, type Snapshots, snapshotsIn } from './as-of.ts'
import {
  type CandleQuery,
  type CandleRow,
  candlePage,
  candleTablesIn,
  candleTablesOf,
  type Position,
  requireKeptWindows,
} from './candle-pages.ts'
import { lastWindows } from './candle-routes.ts'
import { cursorText, readCursor } from './cursors.ts'
import type { RowColumn } from './formats.ts'
import { chooseMarkets, DAILY, type Markets, marketsBy } from './markets.ts'
import type { Parameters } from './parameters.ts'
import { problem } from './problems.ts'
import { ROWS_PARAMETERS, rowsRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'
import { openTogether } from './together.ts'

const PARAMETERS = ['base', 'quotes', 'exchanges', 'timeframe', 'start', 'end', 'as_of', ...ROWS_PARAMETERS] as const
const MAX_LIMIT = 2_000
/** Digits of the quotient of two prices. */
const BASIS_SCALE = 10

interface SpreadRow {
  readonly windowStart: bigint
  readonly windowEnd: bigint
  /** Each market's last price, with the market. */
  readonly prices: readonly { readonly row: CandleRow; readonly price: bigint }[]
}

const lowest = ({ prices }: SpreadRow) => prices.reduce((a, b) => (b.price < a.price ? b : a))
const highest = ({ prices }: SpreadRow) => prices.reduce((a, b) => (b.price > a.price ? b : a))
const spread = (row: SpreadRow) => highest(row).price - lowest(row).price
const price = { type: 'decimal', scale: PRICE_SCALE } as const

const COLUMNS: readonly RowColumn<SpreadRow>[] = [
  { name: 'start', type: 'time', doc: 'Start of the interval.', value: ({ windowStart }) => windowStart },
  {
    name: 'end',
    type: 'time',
    doc: 'End of the interval, at which the prices stood.',
    value: ({ windowEnd }) => windowEnd,
  },
  { name: 'lowest', ...price, doc: 'The lowest of the last prices.', value: row => lowest(row).price },
  { name: 'lowest_exchange', type: 'text', doc: 'Where it was paid.', value: row => lowest(row).row.exchange },
  { name: 'lowest_symbol', type: 'text', doc: 'The market there.', value: row => lowest(row).row.symbol },
  { name: 'highest', ...price, doc: 'The highest of the last prices.', value: row => highest(row).price },
  { name: 'highest_exchange', type: 'text', doc: 'Where it was paid.', value: row => highest(row).row.exchange },
  { name: 'highest_symbol', type: 'text', doc: 'The market there.', value: row => highest(row).row.symbol },
  { name: 'spread', ...price, doc: 'The highest less the lowest.', value: spread },
  {
    ...{
      name: 'basis',
      type: 'decimal',
      scale: BASIS_SCALE,
      doc: 'The spread over the lowest: 0.001 is ten basis points.',
    },
    value: row => divideHalfEven(spread(row) * 10n ** BigInt(BASIS_SCALE), lowest(row).price),
  },
  { name: 'markets', type: 'count', doc: 'Markets that have a price.', value: ({ prices }) => BigInt(prices.length) },
  {
    ...{
      name: 'traded',
      type: 'count',
      doc: 'Markets among them that were traded within the interval; the prices of others are older.',
    },
    value: ({ prices }) => BigInt(prices.filter(({ row }) => row.candle).length),
  },
]

export const SPREAD: Route = {
  ...{ method: 'get', path: '/spread', parameters: PARAMETERS, columns: COLUMNS },
  summary:
    'The lowest and the highest of the last prices of one asset on all exchanges, at the end of each interval: by trades, not by offers.',
  answer,
}

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { query, read, format, numbers, limit, isWhole } = rowsRequest(context, PARAMETERS, MAX_LIMIT)
  if (isWhole) throw problem(400, `limit is all: give a whole number from 1 to ${MAX_LIMIT}.`, 'limit')
  const [windows, ...others] = read.windows('timeframe', '1m')
  if (others.length > 0) throw problem(400, 'timeframe has several windows: give one.', 'timeframe')
  const opened = await openTogether(ports, [...candleTablesOf([windows]), DAILY])
  const tables = candleTablesIn(opened, [windows])
  const asOf = await asOfIn(ports, read, [...tables.values()])
  const now = nowOf(asOf, ports)
  const cursor = readCursor(query, ([from, to, snapshots, start, market]) => ({
    ...{ from: BigInt(String(from)), to: BigInt(String(to)), snapshots: snapshots as Snapshots },
    position: [0, BigInt(String(start)), String(market)] as Position,
  }))
  const range = read.range()
  const to = cursor?.to ?? range.end ?? now + 1n
  const known = await marketsBy(ports, opened.get(DAILY.name), asOf)
  const markets = pricedIn(chooseMarkets(known, read.codes('exchanges'), []), read)
  const from = range.start ?? cursor?.from ?? lastWindows([windows], to, limit)
  const wanted: CandleQuery = {
    ...{ windows: [windows], markets, from, to, fill: 'previous', includeOpen: true },
    limit: (limit + 1) * markets.size,
  }
  const snapshots = cursor?.snapshots ?? snapshotsIn(asOf, tables.values())
  requireKeptWindows(tables, wanted, snapshots)
  const page = await candlePage(ports, tables, wanted, snapshots, cursor?.position, now, asOf)
  const intervals = [...Map.groupBy(page.rows, ({ windowStart }) => windowStart).values()]
  const shown = intervals.slice(0, limit)
  const last = shown.at(-1)?.at(-1)
  const next =
    last && (page.next || intervals.length > limit)
      ? cursorText(query, [
          String(from),
          String(to),
          snapshots,
          String(last.windowStart),
          marketKey(last.exchange, last.symbol),
        ])
      : undefined
  return sendRows(context, {
    ...{ columns: COLUMNS, rows: shown.flatMap(rowOf), format, numbers, isFixed: asOf.isFixed },
    ...{ next, about: { snapshots } },
  })
}

function rowOf(rows: readonly CandleRow[]): SpreadRow[] {
  const prices = rows.flatMap(row => {
    const last = row.candle?.close ?? row.price
    return last === undefined ? [] : [{ row, price: last }]
  })
  if (prices.length === 0) return []
  return [{ windowStart: rows[0].windowStart, windowEnd: rows[0].windowEnd, prices }]
}

/** The markets of an asset in others. @throws Problem 400, 404 */
function pricedIn(markets: Markets, read: Parameters): Markets {
  const [base, ...more] = read.codes('base')
  if (base === undefined || more.length > 0) throw problem(400, 'base is missing: give one asset, as BTC.', 'base')
  const assets = new Map([...markets].map(([key, { symbol }]) => [key, assetsOf(symbol)]))
  const of = new Map([...markets].filter(([key]) => assets.get(key)?.base === base))
  const bases = new Set([...assets.values()].map(each => each.base))
  if (of.size === 0) throw problem(404, noneText('market of', base, bases, 'there are none yet'), 'base')
  const quotes = read.codes('quotes')
  const here = new Set([...of.keys()].map(key => assets.get(key)?.quote ?? ''))
  const wrong = quotes.find(quote => !here.has(quote))
  if (wrong !== undefined)
    throw problem(404, noneText(`market of ${base} in`, wrong, [...here].sort(), 'there are none yet'), 'quotes')
  return quotes.length === 0 ? of : new Map([...of].filter(([key]) => quotes.includes(assets.get(key)?.quote ?? '')))
}
