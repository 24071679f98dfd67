/** `GET /v1/feed-gaps`: what feeds leave open: trades that are looked for, lost, or could not be read, with what came in their place. */
import type { Context } from 'hono'
import { compare } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { unsettledGaps } from '../../domain/unsettled-gaps.ts'
import { codeOf, type Report, readGapReports } from '../../tables/feed-gaps.ts'
import type { RowColumn } from './formats.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'

/** What feeds say of trades that are not settled. */
export const STANDING = ['open', 'lost', 'unreadable'] as const

/** `exchange` is its code; times are microseconds since 1970, of the trades around or of the report. */
type Standing = Omit<Report, 'fromTime' | 'toTime'> & { readonly from: bigint; readonly to: bigint }

/** The newest first. @throws Corrupt */
export async function standingReports(ports: Pick<Ports, 'store' | 'state'>): Promise<Standing[]> {
  const reports = await readGapReports(ports)
  return unsettledGaps(reports.filter(({ kind }) => kind !== 'disconnect'))
    .map(({ fromTime, toTime, ...report }) => {
      const to = toTime ?? report.reportedAt
      return { ...report, exchange: codeOf(report.exchange), from: fromTime ?? to, to }
    })
    .sort((a, b) => compare(b.to, a.to) || compare(b.reportedAt, a.reportedAt))
}

const PARAMETERS = ['symbols', 'exchanges', 'limit', 'format', 'numbers'] as const
const [DEFAULT_ROWS, MOST_ROWS] = [100, 10_000]
const whole = (value: number | null) => (value === null ? undefined : BigInt(value))

const COLUMNS: readonly RowColumn<Standing>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ exchange }) => exchange },
  {
    ...{ name: 'symbol', type: 'text', value: ({ symbol }) => symbol ?? undefined },
    doc: 'The market; null where a message could not be read so far that it says which.',
  },
  {
    ...{ name: 'status', type: 'text', value: ({ status }) => status },
    doc: 'open: a feed looks for them; lost: the exchange does not give them any more; unreadable: the feed could not read them.',
  },
  { name: 'first_number', type: 'count', doc: 'The first number.', value: ({ fromId }) => whole(fromId) },
  { name: 'last_number', type: 'count', doc: 'The last.', value: ({ toId }) => whole(toId) },
  { name: 'from', type: 'time', doc: 'When the last trade before was, as far as it is known.', value: row => row.from },
  { name: 'to', type: 'time', doc: 'When the first trade after was, or when it was reported.', value: row => row.to },
  { name: 'cause', type: 'text', doc: 'Why, as the feed says.', value: ({ cause }) => cause },
  {
    ...{ name: 'raw', type: 'text', value: ({ raw }) => raw ?? undefined },
    doc: 'What could not be read, its first 500 letters: the table feed_gaps has more.',
  },
  { name: 'reported', type: 'time', doc: 'When the feed said so.', value: ({ reportedAt }) => reportedAt },
]

export const FEED_GAPS: Route = {
  ...{ method: 'get', path: '/feed-gaps', parameters: PARAMETERS, columns: COLUMNS },
  summary: 'Trades that feeds look for, have lost or could not read, as they report it, the newest first.',
  answer,
}

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const limit = read.count('limit', DEFAULT_ROWS, MOST_ROWS)
  const [exchanges, symbols] = [read.codes('exchanges'), read.codes('symbols')]
  const all = (await standingReports(ports)).filter(
    ({ exchange, symbol }) =>
      (exchanges.length === 0 || exchanges.includes(exchange)) &&
      (symbols.length === 0 || (symbol !== null && symbols.includes(symbol))),
  )
  const rows = all.slice(0, limit)
  return sendRows(context, {
    ...{ columns: COLUMNS, rows, format, numbers, next: undefined, isFixed: false, about: { reports: all.length } },
  })
}
