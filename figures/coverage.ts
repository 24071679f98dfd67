/** What became of the trades of an hour, in a word. */
import type { CoverageRow } from './rows.ts'

/** `missing`: trades are missing, may be, or could not be read. `filled`: the feed missed some, and fetched them later. `quiet`: nothing was traded. */
export type Completeness = 'whole' | 'filled' | 'missing' | 'quiet'

export type CountedHour = Pick<CoverageRow, 'trades' | 'filled' | 'status' | 'lost' | 'unreadable' | 'open'>

export function completenessOf(hour: CountedHour | undefined): Completeness {
  if (!hour) return 'quiet'
  if (hour.status === 'gap' || hour.lost + hour.unreadable + hour.open > 0) return 'missing'
  if (hour.trades === 0) return 'quiet'
  return hour.filled > 0 ? 'filled' : 'whole'
}
