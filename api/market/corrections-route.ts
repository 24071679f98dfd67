/** `GET /v1/corrections`: candles that were changed after their window had been closed. */
import type { Context } from 'hono'
import { CURRENT, snapshotsIn } from './as-of.ts'
import { candleTablesIn, candleTablesOf } from './candle-pages.ts'
import { type Correction, findCorrections } from './corrections.ts'
import { type RowColumn, timeText } from './formats.ts'
import { chooseMarkets, DAILY, marketsBy } from './markets.ts'
import { problem } from './problems.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'
import { openTogether } from './together.ts'

const PARAMETERS = ['symbols', 'exchanges', 'timeframe', 'start', 'end', 'format', 'numbers'] as const
const MOST_ROWS = 10_000

const COLUMNS: readonly RowColumn<Correction>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ symbol }) => symbol },
  { name: 'start', type: 'time', doc: 'Start of the window.', value: ({ windowStart }) => windowStart },
  { name: 'end', type: 'time', doc: 'End of the window.', value: ({ windowEnd }) => windowEnd },
  { name: 'updated', type: 'time', doc: 'When its candle changed last.', value: ({ updatedAt }) => updatedAt },
  {
    name: 'closed_by',
    type: 'text',
    doc: '`trade`: its exchange had gone on; `silence`: nothing of it had come for ten minutes, as in a lake that catches up.',
    value: ({ closedBy }) => closedBy,
  },
]

export const CORRECTIONS: Route = {
  ...{ method: 'get', path: '/corrections', parameters: PARAMETERS, columns: COLUMNS },
  summary:
    'Candles that were changed after their window had been closed, as far as snapshots are kept: `known_from` says from which end of a window on none is left out.',
  answer,
}

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const [windows, ...others] = read.windows('timeframe', '1m')
  if (others.length > 0) throw problem(400, 'timeframe has several windows: give one.', 'timeframe')
  const { start: from, end } = read.range()
  if (from === undefined) throw problem(400, 'start is missing: give the begin of the range.', 'start')
  const opened = await openTogether(ports, [...candleTablesOf([windows]), DAILY])
  const [table] = candleTablesIn(opened, [windows]).values()
  const now = BigInt(ports.clock.now()) * 1000n
  const to = end !== undefined && end < now ? end : now
  const known = await marketsBy(ports, opened.get(DAILY.name), CURRENT)
  const markets = chooseMarkets(known, read.codes('exchanges'), read.codes('symbols'))
  const { rows, knownFrom } =
    table && from < to
      ? await findCorrections(ports, table, { windows, markets, from, to })
      : { rows: [], knownFrom: 0n }
  if (rows.length > MOST_ROWS)
    throw problem(
      413,
      `${rows.length} candles were corrected, which are more than ${MOST_ROWS}: ask for a shorter range or fewer symbols.`,
      'start',
    )
  const about = {
    known_from: knownFrom === 0n ? null : timeText(knownFrom),
    snapshots: snapshotsIn(CURRENT, table ? [table] : []),
  }
  return sendRows(context, { columns: COLUMNS, rows, format, numbers, next: undefined, isFixed: false, about })
}
