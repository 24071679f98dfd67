/** What the feeds say that Gold may lack: not a matter of the laws, which begin with what reached Kafka. */
import { BY_HAND } from '../../domain/feed-gaps.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { FEED_GAPS_TABLE } from '../../domain/tables.ts'
import { count, type FeedGapFigures } from './report.ts'

/**
 * Counts the reports of `feed_gaps` in the files at these local paths. A range is done with when a
 * later report says that the search for it, or for a larger one, has ended. What was lost or unreadable is made up for by a
 * later search that found all (`filled`), or by one by hand, but for what that reports itself.
 */
export async function readFeedGaps(session: QuerySession, files: readonly string[]): Promise<FeedGapFigures> {
  const covers = 'd.exchange = g.exchange AND d.symbol = g.symbol AND d.from_id <= g.from_id AND d.to_id >= g.to_id'
  const byHand = (table: string) => `${table}.cause = ${sqlText(BY_HAND)}`
  const left = (status: string) => `g.status = '${status}' AND (${byHand('g')} OR NOT EXISTS (FROM done AS d
    WHERE (${byHand('d')} OR d.status = 'filled') AND d.reported_at > g.reported_at AND ${covers}))`
  const [row] = await session.run(`WITH reports AS (FROM ${tableRows(FEED_GAPS_TABLE, files)}),
    done AS (FROM reports WHERE status IN ('filled', 'closed')),
    judged AS (SELECT *, to_id - from_id + 1 AS trades, ${left('unreadable')} AS unreadable, ${left('lost')} AS lost,
      g.status = 'open' AND NOT EXISTS (FROM done AS d WHERE d.reported_at >= g.reported_at AND ${covers}) AS open
      FROM reports AS g)
    SELECT count(*) FILTER (unreadable) AS unreadable, coalesce(sum(trades) FILTER (lost), 0)::BIGINT AS lost,
      coalesce(sum(trades) FILTER (open), 0)::BIGINT AS open, count(*) FILTER (open) AS ranges FROM judged`)
  return {
    unreadable: Number(row.unreadable),
    lost: Number(row.lost),
    open: Number(row.open),
    openRanges: Number(row.ranges),
  }
}

/** What a person should know of them, a sentence each. */
export function feedGapNotes({ unreadable, lost, open, openRanges }: FeedGapFigures): string[] {
  return [
    ...(unreadable > 0 ? [`feeds could not read ${count(unreadable)} trades (feed_gaps, kind unreadable)`] : []),
    ...(lost > 0 ? [`${count(lost)} trades that exchanges numbered are lost (feed_gaps, status lost)`] : []),
    ...(open > 0
      ? [`feeds look for ${count(open)} trades in ${count(openRanges)} ranges (feed_gaps, status open)`]
      : []),
  ]
}
