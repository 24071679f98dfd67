/** What the feeds say that Gold may lack: not a matter of the laws, which begin with what reached Kafka. */
import { sumOf } from '../../domain/counts.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { FEED_GAPS_TABLE, GOLD_TABLE } from '../../domain/tables.ts'
import { type SettledBy, tradesIn, unsettledGaps } from '../../domain/unsettled-gaps.ts'
import { codeOf } from '../../tables/feed-gaps.ts'
import { count, type FeedGapFigures } from './report.ts'

/**
 * Counts what the reports of `feed_gaps` in the files at these local paths leave open. Of what is lost or unreadable those count whose trades
 * are not in these files of Gold: they may have come another way. Without files of Gold all count.
 */
export async function readFeedGaps(
  session: QuerySession,
  files: readonly string[],
  gold: readonly string[],
): Promise<FeedGapFigures> {
  const rows =
    await session.run(`SELECT exchange, symbol, status, from_id, to_id, cause, epoch_us(reported_at) AS reported_at
    FROM ${tableRows(FEED_GAPS_TABLE, files)} WHERE kind IN ('sequence', 'unreadable')`)
  const id = (value: unknown) => (value === null ? null : Number(value))
  const standing = unsettledGaps(
    rows.map(row => ({
      exchange: String(row.exchange),
      symbol: row.symbol === null ? null : String(row.symbol),
      status: row.status as SettledBy['status'],
      fromId: id(row.from_id),
      toId: id(row.to_id),
      cause: String(row.cause),
      reportedAt: BigInt(String(row.reported_at)),
    })),
  )
  const having = (status: string) => standing.filter(report => report.status === status)
  const here = await countHere(session, gold, [...having('lost'), ...having('unreadable')])
  const away = (status: string) => tradesIn(having(status)) - sumOf(having(status), report => here.get(report) ?? 0)
  return {
    unreadable: away('unreadable'),
    lost: away('lost'),
    open: tradesIn(having('open')),
    openRanges: having('open').length,
  }
}

/** How many of the numbers that each report names are those of trades in Gold, where some are. */
async function countHere(
  session: QuerySession,
  gold: readonly string[],
  reports: readonly SettledBy[],
): Promise<ReadonlyMap<SettledBy, number>> {
  const ranges = reports.flatMap(({ exchange, symbol, fromId, toId }, place) =>
    symbol === null || fromId === null || toId === null
      ? []
      : [`(${place}, ${sqlText(codeOf(exchange))}, ${sqlText(symbol)}, ${fromId}, ${toId})`],
  )
  if (ranges.length === 0 || gold.length === 0) return new Map()
  const rows = await session.run(`SELECT place, count(DISTINCT number) AS numbers
    FROM (VALUES ${ranges.join(', ')}) AS ranges (place, exchange, symbol, first, last)
    JOIN (SELECT exchange, symbol, TRY_CAST(regexp_extract(trade_id, '[0-9]+$') AS BIGINT) AS number
      FROM ${tableRows(GOLD_TABLE, gold)}) AS trades USING (exchange, symbol)
    WHERE number BETWEEN first AND last GROUP BY place`)
  return new Map(rows.map(row => [reports[Number(row.place)], Number(row.numbers)]))
}

/** What a person should know of them, a sentence each, in the words of `figures/coverage.ts`. */
export function feedGapNotes({ unreadable, lost, open, openRanges }: FeedGapFigures): string[] {
  return [
    ...(unreadable > 0
      ? [`${count(unreadable)} trades are unreadable: feeds could not read them (feed_gaps, status unreadable)`]
      : []),
    ...(lost > 0
      ? [`${count(lost)} trades are lost: exchanges do not give them any more (feed_gaps, status lost)`]
      : []),
    ...(open > 0
      ? [
          `${count(open)} trades are sought: feeds look for them in ${count(openRanges)} ranges (feed_gaps, status open)`,
        ]
      : []),
  ]
}
