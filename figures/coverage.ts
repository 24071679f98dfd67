/** What a market has in a bucket of time, in one word. */
import type { CoverageRow } from './rows.ts'

/** The worst first: a bucket is what is worst in it. */
export const KINDS = [
  { kind: 'lost', sign: '×', says: 'trades cannot be had any more' },
  { kind: 'unreadable', sign: '?', says: 'trades could not be read' },
  { kind: 'sought', sign: '…', says: 'a feed looks for trades' },
  { kind: 'missing', sign: '–', says: 'numbers are missing that no feed has reported and no refused trade has' },
  { kind: 'refused', sign: '!', says: 'trades came and were refused: the Refused view says why' },
  { kind: 'gap', sign: '~', says: 'trades may be missing: a feed was cut off, or has reported some' },
  { kind: 'filled', sign: '+', says: 'complete: what did not come at first was fetched later' },
  { kind: 'complete', sign: '', says: 'nothing is missing' },
  { kind: 'quiet', sign: '·', says: 'no trades, and none is missing' },
] as const
export type Kind = (typeof KINDS)[number]['kind']

/** What it is told from. */
export type CountedBucket = Pick<
  CoverageRow,
  'trades' | 'missing' | 'refused' | 'absent' | 'filled' | 'lost' | 'unreadable' | 'open' | 'status'
>

export function kindOf(bucket: CountedBucket): Kind {
  const { trades, refused, absent, filled, lost, unreadable, open, status } = bucket
  // The exchange itself has no trade for some numbers; and what was reported may have come since.
  const wanted = (bucket.missing ?? 0) - absent
  if (wanted > 0) {
    if (lost > 0) return 'lost'
    if (unreadable > 0) return 'unreadable'
    if (open > 0) return 'sought'
    return wanted <= refused ? 'refused' : 'missing'
  }
  if (status === 'gap') return 'gap'
  if (filled > 0) return 'filled'
  return trades > 0 ? 'complete' : 'quiet'
}
