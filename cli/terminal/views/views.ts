/** The views of the terminal: each one table that is scrolled, and what stands above it. */
import { grouped, LATE_MS } from '../../../figures/pipeline.ts'
import { lengthText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Table } from '../table.ts'
import { dim, harmless, inLetters, type Line, type Look, plain, type Size, wrap } from '../text.ts'
import { candlesTable, chartLines, figureLines } from './chart.ts'
import { correctionsLines, correctionsTable } from './corrections.ts'
import { emptyText, unknownText } from './empty.ts'
import { ENDS, endsTable } from './ends.ts'
import { gapsLegend, gapsTable, hoursTable, hoursTitle } from './gaps.ts'
import { isRecord, recordTable, recordTitle } from './letter.ts'
import { lettersTable, lettersTitle } from './letters.ts'
import { logLines, logTable } from './log.ts'
import { marketsTable } from './markets.ts'
import {
  checkTexts,
  deadLettersTable,
  exchangesTable,
  hasRates,
  pipelineIn,
  stagesTable,
  stillMs,
  tablesTable,
} from './pipeline.ts'

/** A table, a line, or lines that are shown together or not at all. */
export type Part = Table | Line | { readonly block: readonly Line[] }

export interface View {
  /** Tables and lines above the one that is scrolled, the first of them the name of what is opened. */
  readonly above: readonly Part[]
  readonly table: Table
}

export const VIEWS = ['overview', 'markets', 'feeds', 'tables', 'dlq', 'gaps', 'log', 'corrections'] as const
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
    corrections: 'Corrections',
  },
}

/** A table's titles and two rows. */
export const LEAST_TABLE = 3

/** `opened`: what is looked into; `since`: as of the screen. `columns`, `rows`: how much room there is for all of it. */
export function viewOf(
  name: ViewName,
  seen: Seen,
  { opened, since, columns, rows }: Size & { readonly opened: string | undefined; readonly since: number | undefined },
  look: Look,
): View {
  switch (name) {
    case 'overview':
      return { above: [stagesTable(seen, look), [], exchangesTable(seen, look), []], table: marketsTable(seen, look) }
    case 'markets': {
      if (opened === undefined) return { above: [], table: marketsTable(seen, look) }
      const figures = figureLines(seen, opened, columns, look)
      const size = { columns, rows: rows - LEAST_TABLE - 1 - figures.length }
      const [name, ...chart] = chartLines(seen, opened, size, look)
      return { above: [name, { block: chart }, { block: [...figures, []] }], table: candlesTable(seen, opened) }
    }
    case 'feeds':
      return opened === ENDS
        ? { above: [...feedLines(seen, look), [], exchangesTable(seen, look), []], table: endsTable(seen, look) }
        : { above: [...feedLines(seen, look), [], endsTable(seen, look), []], table: exchangesTable(seen, look) }
    case 'tables':
      return {
        above: [{ block: [...checkTexts(seen).flatMap(text => wrapped(text, columns, look)), []] }],
        table: tablesTable(seen, look),
      }
    case 'dlq':
      if (opened !== undefined && isRecord(opened))
        return { above: [recordTitle(opened, look), []], table: recordTable(seen, opened, columns, look) }
      return opened === undefined
        ? { above: [refusedLine(seen, look), []], table: deadLettersTable(seen, since, look) }
        : { above: [lettersTitle(opened, since, look), []], table: lettersTable(seen, opened, since, look) }
    case 'gaps':
      return opened === undefined
        ? { above: [{ block: [...gapsLegend(columns, look), []] }], table: gapsTable(seen, look) }
        : { above: [hoursTitle(opened, look), []], table: hoursTable(seen, opened) }
    case 'corrections':
      return {
        above: [{ block: [...correctionsLines(seen, columns, look), []] }],
        table: correctionsTable(seen, look),
      }
    case 'log':
      return { above: logLines(seen, opened), table: logTable(seen, opened, look) }
  }
}

const MOST_LINES = 3
const wrapped = (text: string, width: number, look: Look): Line[] =>
  wrap(harmless(inLetters(text, look), look), width, MOST_LINES, look).map(line => [plain(line)])

function feedLines(seen: Seen, look: Look): Line[] {
  const { stats } = seen
  if (!stats?.feeds) return [[dim(inLetters(unknownText(seen, 'Reading what the feeds report…'), look))]]
  const { open, lost, unreadable } = stats.feeds
  const told = (count: number, what: string, tone: 'late' | 'bad') =>
    ({ text: `${grouped(count)} ${what}`, tone: count > 0 ? tone : 'plain' }) as const
  return [
    [
      plain('Missed by feeds: '),
      told(open, 'sought', 'late'),
      plain(', '),
      told(lost, 'lost', 'bad'),
      plain(', '),
      told(unreadable, 'unreadable', 'bad'),
    ],
  ]
}

function refusedLine(seen: Seen, look: Look): Line {
  const hop = pipelineIn(seen).hops.find(({ name }) => name === 'DLQ')
  if (!hop) {
    const text = emptyText(seen, seen.stats !== undefined, 'Nothing has come yet.', 'Asking how the lake is…')
    return [dim(inLetters(text, look))]
  }
  const rate = hop.rate === undefined || !hasRates(seen) ? '' : `${hop.rate.toFixed(1)}/s now; `
  return [plain(`${rate}${grouped(hop.rows)} records were ever refused and are kept. J counts since a time.`)]
}

/** What is amiss, in words, the worst first. */
export function alarmsIn(seen: Seen): readonly string[] {
  const silentMs = seen.nowMs - seen.statsMs
  const old = seen.stats && silentMs > LATE_MS ? ['The figures are over two minutes old.'] : []
  return [...old, ...pipelineIn(seen).alarms.map(({ text }) => text)]
}

/** What one has to know besides: that the lake stands still, and what the command itself says. */
export function notesIn(seen: Seen): readonly string[] {
  const still = stillMs(seen)
  const said = still === undefined ? [] : [`Nothing new has been committed for ${lengthText(still)}.`]
  return [...said, ...seen.notes]
}
