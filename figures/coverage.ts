/** What became of the trades of a market in a time, in a word. */
import type { CoverageRow } from './rows.ts'

/** The worst first: a time is what is worst in it. */
export const COVERAGE_KINDS = ['lost', 'unreadable', 'sought', 'missing', 'gap', 'filled', 'complete', 'quiet'] as const
export type CoverageKind = (typeof COVERAGE_KINDS)[number]

type Counted = Omit<CoverageRow, 'exchange' | 'symbol' | 'start' | 'end' | 'first_number' | 'last_number' | 'complete'>

export function coverageKind({
  trades,
  missing,
  absent,
  filled,
  lost,
  unreadable,
  open,
  status,
}: Counted): CoverageKind {
  // The exchange itself has no trade for some numbers; and what was reported may have come since.
  if ((missing ?? 0) > absent)
    return lost > 0 ? 'lost' : unreadable > 0 ? 'unreadable' : open > 0 ? 'sought' : 'missing'
  if (status === 'gap') return 'gap'
  if (filled > 0) return 'filled'
  return trades > 0 ? 'complete' : 'quiet'
}

/** `missing`: trades are missing, may be, or could not be read. `filled`: the feed missed some, and fetched them later. `quiet`: nothing was traded. */
export type Completeness = 'whole' | 'filled' | 'missing' | 'quiet'

/** The same in fewer words. */
export function completenessOf(hour: Counted | undefined): Completeness {
  const kind = hour ? coverageKind(hour) : 'quiet'
  return kind === 'complete' ? 'whole' : kind === 'filled' || kind === 'quiet' ? kind : 'missing'
}
