/** The views of the terminal: each one table that is scrolled, and what stands above it. */
import { LATE_MS } from '../../../figures/pipeline.ts'
import type { Seen } from '../seen.ts'
import type { Table } from '../table.ts'
import { dim, type Line, type Look, plain } from '../text.ts'
import { gapsLegend, gapsTable, hoursTable, hoursTitle } from './gaps.ts'
import { logTable } from './log.ts'
import { marketsTable } from './markets.ts'
import { deadLettersTable, exchangesTable, pipelineIn, stagesTable, tablesTable } from './pipeline.ts'

export interface View {
  /** Tables and lines above the one that is scrolled. */
  readonly above: readonly (Table | Line)[]
  readonly table: Table
}

export const VIEWS = ['overview', 'markets', 'feeds', 'tables', 'dlq', 'gaps', 'log'] as const
export type ViewName = (typeof VIEWS)[number]
export const TITLES: Readonly<Record<ViewName, string>> = {
  ...{
    overview: 'Overview',
    markets: 'Markets',
    feeds: 'Feeds',
    tables: 'Tables',
    dlq: 'DLQ',
    gaps: 'Gaps',
    log: 'Log',
  },
}

/** `market`: the one that is looked into. */
export function viewOf(name: ViewName, seen: Seen, market: string | undefined, look: Look): View {
  switch (name) {
    case 'overview':
      return { above: [stagesTable(seen), [], exchangesTable(seen, look), []], table: marketsTable(seen, look) }
    case 'markets':
      return { above: [], table: marketsTable(seen, look) }
    case 'feeds':
      return { above: [...feedLines(seen), []], table: exchangesTable(seen, look) }
    case 'tables':
      return { above: [], table: tablesTable(seen, look) }
    case 'dlq':
      return { above: [refusedLine(seen), []], table: deadLettersTable(seen, look) }
    case 'gaps':
      return market === undefined
        ? { above: [gapsLegend(look), []], table: gapsTable(seen, look) }
        : { above: [hoursTitle(market, look), []], table: hoursTable(seen, market) }
    case 'log':
      return { above: [], table: logTable(seen, look) }
  }
}

function feedLines({ stats }: Seen): Line[] {
  if (!stats?.feeds) return [[dim('Reading what the feeds report…')]]
  const { open, lost, unreadable } = stats.feeds
  const told = (count: number, what: string, tone: 'late' | 'bad') =>
    ({ text: `${count.toLocaleString('en-US')} ${what}`, tone: count > 0 ? tone : 'plain' }) as const
  return [
    [
      plain('Missed by feeds: '),
      told(open, 'looked for', 'late'),
      plain(', '),
      told(lost, 'lost', 'bad'),
      plain(', '),
      told(unreadable, 'unreadable', 'bad'),
    ],
  ]
}

function refusedLine(seen: Seen): Line {
  const hop = pipelineIn(seen).hops.find(({ name }) => name === 'DLQ')
  if (!hop) return [dim('Nothing has come yet.')]
  const rate = hop.rate === undefined ? '' : `${hop.rate.toFixed(1)}/s now; `
  return [plain(`${rate}${hop.rows.toLocaleString('en-US')} records were ever refused and are kept.`)]
}

/** What is amiss, in words, the worst first. */
export function alarmsIn(seen: Seen): readonly string[] {
  const silentMs = seen.nowMs - seen.statsMs
  const old = seen.stats && silentMs > LATE_MS ? ['The figures are over two minutes old.'] : []
  return [...old, ...pipelineIn(seen).alarms]
}
