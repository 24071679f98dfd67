/**
 * The words for what is not there, and how it is counted: the page and the terminal say it with these alone. A number that the exchange gave
 * and whose trade is not here is `missing`, for one reason; a bucket of time is called by what is worst in it.
 */
import { grouped } from './pipeline.ts'
import { type CoverageRow, type MarketRow, marketName } from './rows.ts'
import { instantText } from './times.ts'

/** The worst first: a bucket is what is worst in it. */
export const KINDS = [
  { kind: 'lost', sign: '×', says: 'trades cannot be had any more' },
  { kind: 'unreadable', sign: '?', says: 'trades could not be read' },
  { kind: 'sought', sign: '…', says: 'a feed looks for trades' },
  { kind: 'unexplained', sign: '–', says: 'numbers are missing that no feed has reported and no refused trade has' },
  { kind: 'refused', sign: '!', says: 'trades came and were refused: the Refused view says why' },
  { kind: 'gap', sign: '~', says: 'trades may be missing: a feed was cut off, or has reported some' },
  { kind: 'filled', sign: '+', says: 'complete: what did not come at first was fetched later' },
  { kind: 'open', sign: '', says: 'not over yet, and nothing is missing so far' },
  {
    ...{ kind: 'partial', sign: '›' },
    says: 'the market began in it; since then nothing is missing',
  },
  { kind: 'complete', sign: '', says: 'nothing is missing' },
  { kind: 'quiet', sign: '·', says: 'no trades, and none is missing' },
] as const
export type Kind = (typeof KINDS)[number]['kind']

/** Kinds of buckets that have all that there is, so far. */
export const WHOLE: ReadonlySet<Kind> = new Set<Kind>(['complete', 'partial', 'filled', 'quiet', 'open'])

/** What it is told from. */
export type CountedBucket = Pick<
  CoverageRow,
  'trades' | 'missing' | 'refused' | 'absent' | 'filled' | 'lost' | 'unreadable' | 'open' | 'status'
>

/** A market whose first trade comes so soon in a bucket has all of it, milliseconds. */
const BEGINNING_MS = 60_000

/** Likewise of a market whose first trade is known, milliseconds since 1970: where it began within the bucket, that has a part of its time alone. */
export function kindSince(bucket: CountedBucket & Pick<CoverageRow, 'start'>, firstTradeMs: number | undefined): Kind {
  const kind = kindOf(bucket)
  const isPart = firstTradeMs !== undefined && firstTradeMs >= Date.parse(bucket.start) + BEGINNING_MS
  return isPart && (kind === 'complete' || kind === 'filled') ? 'partial' : kind
}

/** `from 10:03 on`: what a bucket has in which a market began; with its day where the bucket is longer than an hour. */
export const fromText = (firstTradeMs: number, isHour: boolean): string =>
  `from ${instantText(firstTradeMs).slice(isHour ? 11 : 0, 16)} on`

/** When each market was first traded, milliseconds since 1970, by `marketName`. */
export const firstTrades = (markets: readonly MarketRow[]): ReadonlyMap<string, number> =>
  new Map(markets.map(market => [marketName(market), Date.parse(market.first_trade)]))

export function kindOf(bucket: CountedBucket): Kind {
  const { trades, refused, absent, filled, lost, unreadable, open, status } = bucket
  // The exchange itself has no trade for some numbers; and what was reported may have come since.
  const wanted = (bucket.missing ?? 0) - absent
  if (wanted > 0) {
    if (lost > 0) return 'lost'
    if (unreadable > 0) return 'unreadable'
    if (open > 0) return 'sought'
    return wanted <= refused ? 'refused' : 'unexplained'
  }
  if (status === 'gap') return 'gap'
  // What is still to come nobody knows.
  if (status === 'open') return 'open'
  if (filled > 0) return 'filled'
  return trades > 0 ? 'complete' : 'quiet'
}

/** Why a number is missing; each has one reason. */
export const REASONS = ['lost', 'unreadable', 'sought', 'refused', 'absent', 'unexplained'] as const
export type Reason = (typeof REASONS)[number]

/** What the words mean, of numbers. */
export const MEANINGS: Readonly<Record<Reason | 'missing' | 'gap', string>> = {
  missing: 'the exchange gave the number, and its trade is not here',
  lost: 'the exchange does not give the trade any more',
  unreadable: 'the exchange sent a trade that the feed could not read',
  sought: 'a feed looks for the trade in the history of the exchange',
  refused: 'the trade came, and is none that is valid: the Refused view says why',
  absent: 'the exchange itself has no trade of that number',
  unexplained: 'no feed has reported the number, and no refused trade has it',
  gap: 'a feed says that trades of the time are missing, or may be',
}

/** What is missing of some buckets. */
export interface Lack {
  readonly missing: number
  /** How many for each reason; their sum is what is missing. */
  readonly reasons: Readonly<Record<Reason, number>>
  /** Buckets that are a gap, whether numbers are missing or not. */
  readonly gaps: number
}

export function lackOf(buckets: readonly CountedBucket[]): Lack {
  const sum = (of: (bucket: CountedBucket) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0)
  const missing = sum(bucket => bucket.missing ?? 0)
  const known = {
    ...{
      lost: sum(({ lost }) => lost),
      unreadable: sum(({ unreadable }) => unreadable),
      sought: sum(({ open }) => open),
    },
    ...{ refused: sum(({ refused }) => refused), absent: sum(({ absent }) => absent) },
  }
  const explained = Object.values(known).reduce((total, each) => total + each, 0)
  const gaps = buckets.filter(({ status }) => status === 'gap').length
  return { missing, reasons: { ...known, unexplained: Math.max(0, missing - explained) }, gaps }
}

/** `181 missing: 3 lost, 178 unexplained`; empty where none is. */
export function missingText({ missing, reasons }: Pick<Lack, 'missing' | 'reasons'>): string {
  if (missing === 0) return ''
  const parts = REASONS.filter(reason => reasons[reason] > 0).map(reason => `${grouped(reasons[reason])} ${reason}`)
  return `${grouped(missing)} missing: ${parts.join(', ')}`
}

/** What the words of a lack mean, for who points at it. */
export function meaningText({ missing, reasons, gaps }: Lack): string {
  const words = [
    ...(missing > 0 ? (['missing'] as const) : []),
    ...REASONS.filter(reason => reasons[reason] > 0),
    ...(gaps > 0 ? (['gap'] as const) : []),
  ]
  return words.map(word => `${word}: ${MEANINGS[word]}`).join('\n')
}
