/** `GET /v1/missing`: the numbers of trades that are not here, range by range, and what feeds say of them. */
import type { Context } from 'hono'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { asOfIn, nowOf } from './as-of.ts'
import { reportsOfNumbers } from './coverage.ts'
import type { RowColumn } from './formats.ts'
import { upTo } from './gaps.ts'
import { chooseMarkets, marketsOf } from './markets.ts'
import { type MissingNumbers, missingNumbers, sayRefused } from './missing.ts'
import { problem } from './problems.ts'
import { refusedNumbers } from './refused.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'
import { FAR_AHEAD } from './trades.ts'

const PARAMETERS = ['symbols', 'exchanges', 'start', 'end', 'as_of', 'format', 'numbers'] as const
const MOST_ROWS = 10_000

const COLUMNS: readonly RowColumn<MissingNumbers>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ market }) => market.exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ market }) => market.symbol },
  {
    ...{ name: 'first_number', type: 'count', doc: 'The first number of the range that is not here.' },
    value: row => BigInt(row.firstNumber),
  },
  { name: 'last_number', type: 'count', doc: 'The last of them.', value: row => BigInt(row.lastNumber) },
  {
    ...{ name: 'count', type: 'count', doc: 'How many they are.' },
    value: row => BigInt(row.lastNumber - row.firstNumber + 1),
  },
  { name: 'after', type: 'time', doc: 'When the last trade with a lower number took place.', value: row => row.after },
  {
    name: 'before',
    type: 'time',
    doc: 'When the first trade with a higher number took place.',
    value: row => row.before,
  },
  {
    ...{ name: 'said', type: 'text', value: ({ said }) => said?.status },
    doc: 'What a feed says of them: open, lost, unreadable, absent, or filled where they were fetched and are not here all the same; refused where they came and /v1/dead-letters says why they are not here; null where nobody says anything.',
  },
  { name: 'cause', type: 'text', doc: 'Why they were missed, as the feed says.', value: ({ said }) => said?.cause },
  { name: 'reported', type: 'time', doc: 'When it said so.', value: ({ said }) => said?.reportedAt },
]

export const MISSING: Route = {
  ...{ method: 'get', path: '/missing', parameters: PARAMETERS, columns: COLUMNS },
  summary:
    'The numbers of trades that are not here, range by range, with the times around them and what feeds say of them.',
  answer,
}

async function answer(context: Context, { ports, schemaIds }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const { start: from, end } = read.range()
  if (from === undefined)
    throw problem(400, 'start is left out: give the time from which on numbers are wanted.', 'start')
  const gold = await openTable(ports, GOLD_TABLE)
  const asOf = await asOfIn(ports, read, gold ? [gold] : [])
  const to = end ?? nowOf(asOf, ports) + FAR_AHEAD
  const markets = chooseMarkets(await marketsOf(ports, asOf), read.codes('exchanges'), read.codes('symbols'))
  const snapshotId = gold && asOf.snapshotOf(gold)?.['snapshot-id']
  const reports = await reportsOfNumbers(ports, upTo(asOf))
  const ranges =
    gold && snapshotId !== undefined
      ? await missingNumbers(ports, gold, { markets, from, to, snapshotId }, reports)
      : []
  // A number between two trades may have come at any time since the first of them.
  const since = ranges.reduce((least, { after }) => (after < least ? after : least), to)
  const refused = ranges.length > 0 ? await refusedNumbers(ports, asOf, since, schemaIds) : undefined
  const rows = refused ? sayRefused(ranges, refused) : ranges
  if (rows.length > MOST_ROWS)
    throw problem(
      413,
      `${rows.length} ranges are missing, which are more than ${MOST_ROWS}: ask for a shorter range or fewer symbols.`,
      'start',
    )
  const about = { snapshot: snapshotId ?? null }
  const isFixed = asOf.isFixed && end !== undefined
  return sendRows(context, { columns: COLUMNS, rows, format, numbers, next: undefined, isFixed, about })
}
