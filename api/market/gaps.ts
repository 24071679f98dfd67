/** Which windows lack trades, as far as the feeds and the repairs of the lake say. */
import { goldLostTimes, lostTimes } from '../../domain/losses.ts'
import type { Ports } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import { DATA_LOSSES_TABLE, GOLD_TABLE } from '../../domain/tables.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { type MissingTime, missingTimes } from '../../tables/feed-gaps.ts'
import { readLosses } from '../../tables/losses.ts'
import { type AsOf, pinnedIn } from './as-of.ts'

interface Window {
  readonly exchange: string
  readonly symbol: string
  /** Microseconds since 1970; the end is the start of the next. */
  readonly windowStart: bigint
  readonly windowEnd: bigint
}

/** Whether trades of a window are missing, may be, or could not be read, as was known in a state. */
export async function findGaps(
  ports: Pick<Ports, 'store' | 'state'>,
  asOf: AsOf,
): Promise<(window: Window) => boolean> {
  const [missing, lost] = await Promise.all([missingTimes(ports, upTo(asOf)), timesLost(ports, asOf)])
  const byExchange = Map.groupBy(missing, ({ exchange }) => exchange)
  return ({ exchange, symbol, windowStart, windowEnd }) => {
    const touches = ({ from, to }: Pick<MissingTime, 'from' | 'to'>) => from < windowEnd && to >= windowStart
    const isAbout = (time: MissingTime) => time.symbol === null || time.symbol === symbol
    return lost.some(touches) || (byExchange.get(exchange) ?? []).some(time => isAbout(time) && touches(time))
  }
}

/** The reports that a state knew. A pin holds the reports themselves; of a snapshot's time those are taken that had been made, however long snapshots are kept. */
export function upTo({ timeMs, pin }: AsOf) {
  if (timeMs === undefined) return undefined
  return {
    snapshotOf: (table: LoadedTable) => (pin === undefined ? undefined : pinnedIn(table, pin)),
    reportedAt: BigInt(timeMs) * 1000n,
  }
}

async function timesLost(ports: Pick<Ports, 'store' | 'state'>, { timeMs, pin }: AsOf): Promise<TimeRange[]> {
  if (timeMs === undefined) return goldLostTimes(ports.state)
  const table = await openTable(ports, DATA_LOSSES_TABLE)
  const losses = await readLosses(
    ports,
    table,
    table && pin !== undefined ? pinnedIn(table, pin)?.['snapshot-id'] : undefined,
  )
  return lostTimes(
    losses.filter(({ foundAt }) => foundAt <= BigInt(timeMs) * 1000n),
    GOLD_TABLE.name,
  )
}
