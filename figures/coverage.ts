/** What a market has in a bucket of time, in one word. */
import type { CoverageRow } from './rows.ts'

/** The worst first: a bucket is what is worst in it. */
export const KINDS = [
  { kind: 'lost', sign: '×', says: 'trades cannot be had any more' },
  { kind: 'unreadable', sign: '?', says: 'trades could not be read' },
  { kind: 'sought', sign: '…', says: 'a feed looks for trades' },
  { kind: 'missing', sign: '–', says: 'numbers are missing that no feed has reported: they may be among the refused' },
  { kind: 'gap', sign: '~', says: 'trades may be missing: a feed was cut off, or has reported some' },
  { kind: 'filled', sign: '+', says: 'complete: what did not come at first was fetched later' },
  { kind: 'complete', sign: '', says: 'nothing is missing' },
  { kind: 'quiet', sign: '·', says: 'no trades, and none is missing' },
] as const
export type Kind = (typeof KINDS)[number]['kind']

/** What it is told from. */
export type CountedBucket = Pick<
  CoverageRow,
  'trades' | 'missing' | 'absent' | 'filled' | 'lost' | 'unreadable' | 'open' | 'status'
>

export function kindOf({ trades, missing, absent, filled, lost, unreadable, open, status }: CountedBucket): Kind {
  // The exchange itself has no trade for some numbers; and what was reported may have come since.
  if ((missing ?? 0) > absent)
    return lost > 0 ? 'lost' : unreadable > 0 ? 'unreadable' : open > 0 ? 'sought' : 'missing'
  if (status === 'gap') return 'gap'
  if (filled > 0) return 'filled'
  return trades > 0 ? 'complete' : 'quiet'
}
