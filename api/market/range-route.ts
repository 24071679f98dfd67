/** Routes over the trades of a range of time: what is asked of them, and the frame of their answers. */
import type { Context } from 'hono'
import { allTables } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { emptyRangeText } from '../../figures/times.ts'
import { asOfIn, nowOf, type Snapshots, snapshotsIn } from './as-of.ts'
import type { AverageQuery } from './averages.ts'
import { type RowColumn, timeText } from './formats.ts'
import { chooseMarkets, DAILY, marketsBy } from './markets.ts'
import type { ParameterName } from './parameter-list.ts'
import { PINNED_TABLES } from './pins.ts'
import { problem } from './problems.ts'
import { type ReadRequest, readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'
import { openTogether } from './together.ts'

const TABLES = allTables().filter(({ name }) => PINNED_TABLES.includes(name))
export const RANGE_PARAMETERS = ['symbols', 'exchanges', 'start', 'end', 'as_of', 'format', 'numbers'] as const
/** Ranges whose trades are read one by one, microseconds. */
export const MOST_OF_TRADES = 7n * DAY_MICROS

export interface Asked extends Omit<ReadRequest, 'query'> {
  readonly query: AverageQuery
  readonly now: bigint
  readonly snapshots: Snapshots
}

/** `rowsIn`: what the range's trades of the chosen markets come to. */
export function rangeRoute<Row>(
  { path, summary, parameters }: Pick<Route, 'path' | 'summary' | 'parameters'>,
  columns: readonly RowColumn<Row>[],
  rowsIn: (options: MarketOptions, asked: Asked) => Promise<readonly Row[]>,
): Route {
  return {
    ...{ method: 'get', path, summary, parameters, columns },
    async answer(context, options) {
      const asked = await askedIn(context, options, parameters)
      const { format, numbers } = asked
      const { from, to, asOf } = asked.query
      const rows = await rowsIn(options, asked)
      const about = { start: timeText(from), end: timeText(to), snapshots: asked.snapshots }
      return sendRows(context, {
        ...{ columns, rows, format, numbers },
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
  if (from >= to) throw problem(400, emptyRangeText('start', end === undefined || end > now ? 'now' : 'end'), 'start')
  const known = await marketsBy(ports, tables.get(DAILY.name), asOf)
  const markets = chooseMarkets(known, read.codes('exchanges'), read.codes('symbols'))
  return { read, query: { markets, from, to, asOf, tables }, now, snapshots, format, numbers }
}
