/** What the reports of `feed_gaps` leave open: trades that are looked for, lost or unreadable, and that no later search made up for. Pure. */
import { marketKey } from './candles.ts'
import { sumOf } from './counts.ts'
import { BY_HAND, type FeedGap } from './feed-gaps.ts'
import { compare, firstWhere } from './order.ts'

/** What of a report decides whether a later one settles it; ids as in a sequence. */
export type SettledBy = Pick<FeedGap, 'exchange' | 'symbol' | 'status' | 'fromId' | 'toId' | 'cause' | 'reportedAt'>

/**
 * The reports that stand. A range is done with when a report at the same time or later says that the search for it, or for a larger one,
 * has ended. What was lost or unreadable is made up for by a later search that found all (`filled`), or by one by hand, but for what that
 * reports itself. A trade whose number could not be read is looked for by its number where the market has numbers: that search says what
 * became of it.
 */
export function unsettledGaps<Report extends SettledBy>(reports: readonly Report[]): Report[] {
  const markets = Map.groupBy(reports, ({ exchange, symbol }) => marketKey(exchange, symbol ?? ''))
  return [...markets.values()].flatMap(unsettledOf)
}

const isByHand = ({ cause }: SettledBy) => cause === BY_HAND
const isDone = ({ status }: SettledBy) => status === 'filled' || status === 'closed'
const isLeft = ({ status }: SettledBy) => status === 'lost' || status === 'unreadable'

/** What stands of one market. */
function unsettledOf<Report extends SettledBy>(reports: readonly Report[]): Report[] {
  const ended = createCover()
  const madeUp = createCover()
  const standing: Report[] = []
  const isNumbered = reports.some(({ symbol, fromId }) => symbol !== null && fromId !== null)
  const moments = Map.groupBy(
    [...reports].sort((a, b) => compare(b.reportedAt, a.reportedAt)),
    ({ reportedAt }) => reportedAt,
  )
  // The latest first: those that settle others come before these.
  for (const together of moments.values()) {
    standing.push(...together.filter(report => isLeft(report) && !isMadeUp(report)))
    for (const report of together.filter(isDone)) {
      ended.add(report)
      if (report.status === 'filled' || isByHand(report)) madeUp.add(report)
    }
    standing.push(...together.filter(report => report.status === 'open' && !ended.has(report)))
  }
  return standing

  function isMadeUp(report: Report): boolean {
    return report.fromId === null ? isNumbered : !isByHand(report) && madeUp.has(report)
  }
}

type Ids = Pick<SettledBy, 'fromId' | 'toId'>

/** Ranges, none within another, by their first id. */
function createCover() {
  const ranges: { from: number; to: number }[] = []
  /** Place of the first that begins behind an id. */
  const behind = (id: number) => firstWhere(ranges.length, place => ranges[place].from > id)
  const covers = (from: number, to: number) => {
    const at = behind(from)
    return at > 0 && ranges[at - 1].to >= to
  }
  return {
    /** Whether one of them has all these ids. */
    has: ({ fromId, toId }: Ids) => fromId !== null && toId !== null && covers(fromId, toId),
    add({ fromId: from, toId: to }: Ids) {
      if (from === null || to === null || covers(from, to)) return
      let first = behind(from)
      if (ranges[first - 1]?.from === from) first--
      let last = first
      while (last < ranges.length && ranges[last].to <= to) last++
      ranges.splice(first, last - first, { from, to })
    },
  }
}

/**
 * Whether a report tells of missing trades. A message that says neither market nor number does not: a trade that it held leaves its number
 * out, which is reported as a range of its own.
 */
export const tellsOfTrades = ({ symbol, fromId }: Pick<SettledBy, 'symbol' | 'fromId'>): boolean =>
  symbol !== null || fromId !== null

/** How many trades reports name; one without a number is of one trade. */
export const tradesIn = (reports: readonly Pick<SettledBy, 'symbol' | 'fromId' | 'toId'>[]): number =>
  sumOf(reports.filter(tellsOfTrades), ({ fromId, toId }) => (fromId === null || toId === null ? 1 : toId - fromId + 1))
