/** `GET /v1/feeds`: the connections that this process keeps to exchanges; `GET /v1/outages`: when feeds had none, as they reported it. */
import type { Context } from 'hono'
import { compare } from '../../domain/order.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { codeOf, type Report, readGapReports } from '../../tables/feed-gaps.ts'
import type { RowColumn } from './formats.ts'
import { parametersOf } from './parameters.ts'
import { problem } from './problems.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'

const PARAMETERS = ['exchanges', 'start', 'end', 'format', 'numbers'] as const
const MOST_ROWS = 20_000

/** A time without a connection, microseconds since 1970. */
interface Outage extends Pick<Report, 'status' | 'cause' | 'reportedAt'> {
  readonly exchange: string
  readonly from: bigint
  readonly to: bigint
}

const COLUMNS: readonly RowColumn<Outage>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ exchange }) => exchange },
  { name: 'from', type: 'time', doc: 'The last moment with a connection.', value: ({ from }) => from },
  { name: 'to', type: 'time', doc: 'The first moment with one again.', value: ({ to }) => to },
  {
    ...{ name: 'cause', type: 'text', value: ({ cause }) => cause },
    doc: 'Why: a word that metrics use too, a colon, and what was said of it.',
  },
  {
    ...{ name: 'status', type: 'text', value: ({ status }) => status },
    doc: 'checked: the numbers of the next trades tell what it cost; unknown: the exchange gives none.',
  },
  { name: 'reported', type: 'time', doc: 'When the feed said so.', value: ({ reportedAt }) => reportedAt },
]

const seconds = { type: ['number', 'null'] }
const CONNECTION = {
  type: 'object',
  properties: {
    ...{ url: { type: ['string', 'null'] }, live: { type: 'boolean' }, markets: { type: 'integer' } },
    ...{ age_seconds: seconds, silent_seconds: seconds, last_end: { type: ['string', 'null'] } },
    ends: { type: 'object', additionalProperties: { type: 'integer' } },
  },
}

export const FEED_ROUTES: readonly Route[] = [
  {
    ...{ method: 'get', path: '/feeds', parameters: [] },
    summary: 'The connections that this process keeps to exchanges, and how often each has ended, by cause.',
    body: {
      type: 'object',
      properties: {
        here: { type: 'boolean', description: 'Whether feeds run in this process: elsewhere it cannot know of them.' },
        feeds: {
          type: 'array',
          items: {
            type: 'object',
            properties: { exchange: { type: 'string' }, connections: { type: 'array', items: CONNECTION } },
          },
        },
      },
    },
    answer: answerFeeds,
  },
  {
    ...{ method: 'get', path: '/outages', parameters: PARAMETERS, columns: COLUMNS },
    summary: 'When feeds had no connection, as they reported it, the newest first.',
    answer: answerOutages,
  },
]

async function answerFeeds(context: Context, { ports, feeds }: MarketOptions): Promise<Response> {
  parametersOf(new URL(context.req.url).searchParams, [])
  const reports = feeds?.().map(
    ({ exchange, ready, connections, waitingRecords, spillBytes, missingTrades, problems }) => ({
      ...{
        exchange,
        ready,
        waiting_records: waitingRecords,
        spill_bytes: spillBytes,
        missing_trades: missingTrades,
        problems,
      },
      connections: connections.map(({ url, live, markets, ageSeconds, silentSeconds, ends, lastEnd }) => ({
        ...{ url: url ?? null, live, markets, age_seconds: ageSeconds ?? null, silent_seconds: silentSeconds ?? null },
        ...{ ends, last_end: lastEnd ?? null },
      })),
    }),
  )
  const body = { time: new Date(ports.clock.now()).toISOString(), here: reports !== undefined, feeds: reports ?? [] }
  return context.json(body, 200, { 'cache-control': 'no-cache' })
}

/** Outages that lie in a range, be it in part; the last day by default. */
async function answerOutages(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const { start, end } = read.range()
  const to = end ?? BigInt(ports.clock.now()) * 1000n
  const from = start ?? to - DAY_MICROS
  const exchanges = read.codes('exchanges')
  const rows = (await readGapReports(ports))
    .flatMap((report): Outage[] => {
      const { kind, status, cause, reportedAt, fromTime, toTime } = report
      const exchange = codeOf(report.exchange)
      if (kind !== 'disconnect' || (exchanges.length > 0 && !exchanges.includes(exchange))) return []
      const until = toTime ?? reportedAt
      return [{ exchange, from: fromTime ?? until, to: until, status, cause, reportedAt }]
    })
    .filter(outage => outage.from < to && outage.to >= from)
    .sort((a, b) => compare(b.from, a.from) || compare(a.exchange, b.exchange))
  if (rows.length > MOST_ROWS)
    throw problem(413, `There are ${rows.length} outages, more than ${MOST_ROWS}: ask for a shorter range.`, 'start')
  return sendRows(context, { columns: COLUMNS, rows, format, numbers, next: undefined, isFixed: false, about: {} })
}
