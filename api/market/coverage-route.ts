/** `GET /v1/coverage`: how complete the trades are, by exchange, symbol and bucket of time. */
import type { Context } from 'hono'
import { closedUntil, statusOf, type WindowStatus } from '../../domain/closed-windows.ts'
import { divideHalfEven } from '../../domain/decimal.ts'
import { candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { watermarksOf } from '../../tables/watermarks.ts'
import { asOfIn, nowOf } from './as-of.ts'
import { type Coverage, coverageOf, reportsOfNumbers } from './coverage.ts'
import type { RowColumn } from './formats.ts'
import { findGaps, upTo } from './gaps.ts'
import { chooseMarkets, marketsOf } from './markets.ts'
import { problem } from './problems.ts'
import { refusedNumbers } from './refused.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import type { Reason } from './said.ts'
import { sendRows } from './send.ts'
import { openTogether } from './together.ts'

const PARAMETERS = ['symbols', 'exchanges', 'bucket', 'start', 'end', 'as_of', 'format', 'numbers'] as const
const MOST_ROWS = 20_000
const SHARE_SCALE = 8

/** A bucket is closed when the candles of its minutes are. */
const MINUTES = candleTable(TIMEFRAMES[0])

type Row = Coverage & { readonly status: WindowStatus }

const maybe = (value: number | undefined) => (value === undefined ? undefined : BigInt(value))
const because = (reason: Reason, doc: string): RowColumn<Row> => ({
  ...{ name: reason, type: 'count', doc, value: ({ reasons }) => BigInt(reasons[reason]) },
})

const COLUMNS: readonly RowColumn<Row>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ market }) => market.exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ market }) => market.symbol },
  { name: 'start', type: 'time', doc: 'Start of the bucket.', value: ({ windowStart }) => windowStart },
  { name: 'end', type: 'time', doc: 'End of the bucket.', value: ({ windowEnd }) => windowEnd },
  { name: 'trades', type: 'count', doc: 'Trades of the bucket that are here.', value: ({ trades }) => BigInt(trades) },
  {
    name: 'first_number',
    type: 'count',
    doc: "The exchange's lowest number of them.",
    value: row => maybe(row.firstNumber),
  },
  { name: 'last_number', type: 'count', doc: 'The highest.', value: row => maybe(row.lastNumber) },
  {
    ...{ name: 'numbered', type: 'count', value: row => maybe(row.numbered) },
    doc: 'Numbers that the exchange gave up to the highest, since the highest of the bucket before that has any.',
  },
  { name: 'missing', type: 'count', doc: 'Numbers among them that are not here.', value: row => maybe(row.missing) },
  because('refused', 'Numbers among the missing whose trade came, and was refused: /v1/dead-letters says why.'),
  {
    ...{ name: 'filled', type: 'count', value: ({ filled }) => BigInt(filled) },
    doc: 'Numbers that the feed did not get at first, and fetched later.',
  },
  because('absent', 'Numbers among the missing that the exchange itself has no trade for.'),
  because('lost', 'Numbers among the missing that could not be fetched.'),
  because('unreadable', 'Numbers among the missing whose trade the feed could not read.'),
  because('open', 'Numbers among the missing that a feed is still looking for.'),
  {
    ...{ name: 'complete', type: 'decimal', scale: SHARE_SCALE },
    doc: 'Trades here over the numbers that have a trade: 1 where none is missing; null where the exchange gives no numbers.',
    value: ({ numbered, missing = 0, reasons }) => {
      if (numbered === undefined) return undefined
      const there = numbered - reasons.absent
      return divideHalfEven(BigInt(numbered - missing) * 10n ** BigInt(SHARE_SCALE), BigInt(Math.max(there, 1)))
    },
  },
  {
    name: 'status',
    type: 'text',
    doc: "As a candle's: gap where trades are missing, may be, or could not be read.",
    value: ({ status }) => status,
  },
]

export const COVERAGE: Route = {
  ...{ method: 'get', path: '/coverage', parameters: PARAMETERS, columns: COLUMNS },
  summary: 'How complete the trades are, by exchange, symbol and bucket of time.',
  answer,
}

async function answer(context: Context, { ports, schemaIds }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const [windows, ...others] = read.windows('bucket', '1h')
  if (others.length > 0) throw problem(400, 'bucket has several lengths: give one.', 'bucket')
  const opened = await openTogether(ports, [GOLD_TABLE, MINUTES])
  const [gold, minutes] = [GOLD_TABLE, MINUTES].map(({ name }) => opened.get(name))
  const asOf = await asOfIn(ports, read, gold ? [gold] : [])
  const now = nowOf(asOf, ports)
  const range = read.range()
  const to = range.end ?? now
  const length = windows.endOf(windows.startOf(to)) - windows.startOf(to)
  const begin = range.start ?? to - DEFAULT_BUCKETS * length
  const markets = chooseMarkets(await marketsOf(ports, asOf), read.codes('exchanges'), read.codes('symbols'))
  // Before the first trade there is nothing to count.
  const first = [...markets.values()].reduce((least, { firstTrade }) => (firstTrade < least ? firstTrade : least), to)
  const from = windows.startOf(begin > first ? begin : first)
  const buckets = Number((to - from) / (windows.endOf(from) - from)) + 1
  if (buckets * markets.size > MOST_ROWS)
    throw problem(
      413,
      `${buckets} buckets of ${markets.size} markets are more than ${MOST_ROWS} rows: ask for a shorter range, longer buckets or fewer symbols.`,
      'bucket',
    )
  const snapshotId = gold && asOf.snapshotOf(gold)?.['snapshot-id']
  const [isGap, reports, refused] = await Promise.all([
    findGaps(ports, asOf),
    reportsOfNumbers(ports, upTo(asOf)),
    refusedNumbers(ports, asOf, from, schemaIds),
  ])
  const found =
    gold && snapshotId !== undefined
      ? await coverageOf(ports, gold, { markets, from, to, windows, snapshotId }, reports, refused)
      : []
  const closed = closedUntil(watermarksOf(minutes && asOf.snapshotOf(minutes)), now)
  const rows = found.map((row): Row => {
    const { market, windowStart, windowEnd } = row
    return { ...row, status: statusOf({ ...market, windowStart, windowEnd }, closed, isGap) }
  })
  const about = { snapshot: snapshotId ?? null }
  return sendRows(context, {
    ...{
      columns: COLUMNS,
      rows,
      format,
      numbers,
      next: undefined,
      isFixed: asOf.isFixed && range.end !== undefined,
      about,
    },
  })
}

const DEFAULT_BUCKETS = 24n
