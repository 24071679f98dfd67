/** `GET /v1/vwap` and `GET /v1/twap`: one average price for each market. */
import type { Context } from 'hono'
import { PRICE_SCALE, QUANTITY_SCALE, QUOTE_SCALE } from '../../domain/decimal.ts'
import { allTables } from '../../domain/tables.ts'
import { DAY_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import { asOfIn, nowOf, type Snapshots, snapshotsIn } from './as-of.ts'
import { type Average, type AverageQuery, minuteAverages, timeAverages } from './averages.ts'
import { SETTLED_AFTER } from './candles.ts'
import { type RowColumn, timeText } from './formats.ts'
import { chooseMarkets, DAILY, marketsBy } from './markets.ts'
import type { ParameterName } from './parameter-list.ts'
import { PINNED_TABLES } from './pins.ts'
import { problem } from './problems.ts'
import { type ReadRequest, readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'
import { openTogether } from './together.ts'
import { volumeAverages } from './volume-averages.ts'

const TABLES = allTables().filter(({ name }) => PINNED_TABLES.includes(name))
const COMMON = ['symbols', 'exchanges', 'start', 'end', 'as_of', 'format', 'numbers'] as const
const TWAP_PARAMETERS = [...COMMON, 'method'] as const
/** Trades are read one by one for an average by time. */
const MOST_OF_TRADES = 7n * DAY_MICROS
const MOST_OF_MINUTES = 366n * DAY_MICROS

const COLUMNS: readonly RowColumn<Average>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ market }) => market.exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ market }) => market.symbol },
  {
    ...{ name: 'price', type: 'decimal', scale: PRICE_SCALE, value: ({ price }) => price },
    doc: 'The average, rounded half to even; null where no price is known.',
  },
  {
    ...{ name: 'volume', type: 'decimal', scale: QUANTITY_SCALE, value: ({ volume }) => volume },
    doc: 'Traded amount of the base asset within the range.',
  },
  {
    ...{ name: 'quote_volume', type: 'decimal', scale: QUOTE_SCALE, value: ({ quoteVolume }) => quoteVolume },
    doc: 'Sum of price times quantity within the range.',
  },
  { name: 'trades', type: 'count', doc: 'Number of trades within the range.', value: ({ trades }) => trades },
]

interface Asked extends Omit<ReadRequest, 'query'> {
  readonly query: AverageQuery
  readonly now: bigint
  readonly snapshots: Snapshots
}

function averageRoute(
  { path, summary, parameters }: Pick<Route, 'path' | 'summary' | 'parameters'>,
  averages: (options: MarketOptions, asked: Asked) => Promise<Average[]>,
): Route {
  return {
    ...{ method: 'get', path, summary, parameters, columns: COLUMNS },
    async answer(context, options) {
      const asked = await askedIn(context, options, parameters)
      const { format, numbers } = asked
      const { from, to, asOf } = asked.query
      const rows = await averages(options, asked)
      const about = { start: timeText(from), end: timeText(to), snapshots: asked.snapshots }
      return sendRows(context, {
        ...{ columns: COLUMNS, rows, format, numbers },
        ...{ next: undefined, isFixed: asOf.isFixed && asked.read.text('end') !== undefined, about },
      })
    },
  }
}

async function askedIn(
  context: Context,
  { ports }: MarketOptions,
  parameters: readonly ParameterName[],
): Promise<Asked> {
  const { read, format, numbers } = readRequest(context, parameters)
  const { start: from, end } = read.range()
  if (from === undefined) throw problem(400, 'start is missing: give the begin of the range.', 'start')
  // All that is read is of these, which the answer names.
  const tables = await openTogether(ports, TABLES)
  const asOf = await asOfIn(ports, read, [...tables.values()])
  const snapshots = snapshotsIn(asOf, tables.values())
  const now = nowOf(asOf, ports)
  // Nothing is known of the time to come.
  const to = end === undefined || end > now ? now : end
  if (from >= to) throw problem(400, 'start is not before the end of the range, which is now at the latest.', 'start')
  const known = await marketsBy(ports, tables.get(DAILY.name), asOf)
  const markets = chooseMarkets(known, read.codes('exchanges'), read.codes('symbols'))
  return { read, query: { markets, from, to, asOf, tables }, now, snapshots, format, numbers }
}

const VWAP = averageRoute(
  { path: '/vwap', summary: 'The average price of a range by volume, exactly.', parameters: COMMON },
  ({ ports }, { query, now }) => volumeAverages(ports, query, now - SETTLED_AFTER),
)

const TWAP = averageRoute(
  { path: '/twap', summary: 'The average price of a range by time, exactly.', parameters: TWAP_PARAMETERS },
  ({ ports }, { read, query, now }) => {
    const length = query.to - query.from
    if (read.choice('method', ['trades', '1m'], 'trades') === 'trades') {
      if (length > MOST_OF_TRADES)
        throw problem(400, 'The range is longer than 7 days: ask for method=1m, or for a shorter one.', 'method')
      return timeAverages(ports, query)
    }
    if (length > MOST_OF_MINUTES)
      throw problem(400, 'The range is longer than 366 days: ask for a shorter one.', 'start')
    // The minute that goes on now is not whole yet.
    const to = (query.to / MINUTE_MICROS) * MINUTE_MICROS
    const isWhole = query.from % MINUTE_MICROS === 0n && (to === query.to || query.to === now)
    if (!isWhole)
      throw problem(400, 'method is 1m: give a start and an end at whole minutes, or method=trades.', 'method')
    if (query.from >= to)
      throw problem(
        400,
        'method is 1m, and no minute of the range has ended yet: ask again then, or give method=trades.',
        'method',
      )
    return minuteAverages(ports, { ...query, to })
  },
)

export const AVERAGE_ROUTES: readonly Route[] = [VWAP, TWAP]
