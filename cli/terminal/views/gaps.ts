/** How complete the trades are: a row of hours for each market, and the hours of one market one by one. */
import { firstTrades, fromText, KINDS, type Kind, kindSince, lackOf, WHOLE } from '../../../figures/coverage.ts'
import { marketName } from '../../../figures/rows.ts'
import { instantText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Cell, Column, Row, Table } from '../table.ts'
import { dim, harmless, type Line, type Look, lineWidth, plain, signsOf, type Tone } from '../text.ts'
import { emptyText } from './empty.ts'
import { countCell } from './pipeline.ts'

const HOUR_MS = 3_600_000
const COUNTING = 'Counting the trades of the last day…'
const HOURS = 24

const COUNTED: readonly Column[] = [
  { title: 'Missing', side: 'right', importance: 7 },
  { title: 'Refused', side: 'right', importance: 2 },
  { title: 'Filled', side: 'right', importance: 1 },
]
const NOT_HERE: readonly Column[] = [
  { title: 'Lost', side: 'right', importance: 6 },
  { title: 'Unreadable', side: 'right', importance: 3 },
  { title: 'Sought', side: 'right', importance: 4 },
  { title: 'Unexplained', side: 'right', importance: 5 },
]

const COLUMNS: readonly Column[] = [
  { title: 'Market', side: 'left', mayBeCut: true },
  { title: 'Hours up to now', side: 'left' },
  ...COUNTED,
  ...NOT_HERE,
]

const TONES: Readonly<Record<Kind, Tone>> = {
  ...{ complete: 'good', partial: 'good', filled: 'good', quiet: 'dim', open: 'dim', gap: 'late', refused: 'late' },
  ...{ unexplained: 'late', sought: 'late', unreadable: 'bad', lost: 'bad' },
}

export function gapsTable(seen: Seen, look: Look): Table {
  const { coverage, nowMs } = seen
  const signs = signsOf(look).kinds
  const begun = firstTrades(seen.markets ?? [])
  const first = Math.floor(nowMs / HOUR_MS) * HOUR_MS - (HOURS - 1) * HOUR_MS
  // The answer has an hour before them, so that what is missing between the two is counted.
  const shown = (coverage ?? []).filter(({ start }) => Date.parse(start) >= first)
  const rows = [...Map.groupBy(shown, marketName)].map(([market, hours]): Row => {
    const byStart = new Map(hours.map(hour => [Date.parse(hour.start), hour]))
    const begin = Math.min(...byStart.keys())
    // Hours before the market's first trade are none of it.
    const kinds = Array.from({ length: HOURS }, (_, at): Kind | undefined => {
      const start = first + at * HOUR_MS
      const hour = byStart.get(start)
      return hour ? kindSince(hour, begun.get(market)) : start < begin ? undefined : 'quiet'
    })
    const pieces = kinds.map(kind => (kind ? { text: signs[kind], tone: TONES[kind] } : plain(' ')))
    const { missing, reasons } = lackOf(hours)
    return {
      cells: [
        { text: harmless(market, look) },
        {
          text: pieces.map(({ text }) => text).join(''),
          pieces,
          order: kinds.filter(kind => kind && !WHOLE.has(kind)).length,
        },
        hours.some(each => each.missing !== null) ? countCell(missing) : { text: '' },
        countCell(reasons.refused),
        countCell(hours.reduce((sum, { filled }) => sum + filled, 0)),
        ...[worse(reasons.lost), worse(reasons.unreadable), worse(reasons.sought), countCell(reasons.unexplained)],
      ],
      opens: market,
    }
  })
  return {
    columns: filledFirst(COLUMNS, rows),
    rows,
    unit: 'market',
    empty: emptyText(seen, coverage !== undefined, 'No trade came in the last day.', COUNTING),
  }
}

const WELL: readonly Kind[] = ['complete', 'partial', 'filled', 'quiet', 'open']

/** What the signs of the hours mean, on one line where there is room for it. */
export function gapsLegend(columns: number, look: Look): Line[] {
  const signs = signsOf(look).kinds
  const lineOf = (kinds: readonly Kind[]): Line =>
    kinds.flatMap((kind, place) => [
      plain(place === 0 ? '' : '  '),
      { text: signs[kind], tone: TONES[kind] } as const,
      dim(` ${kind}`),
    ])
  const bad = KINDS.map(({ kind }) => kind).filter(kind => !WHOLE.has(kind))
  const whole = lineOf([...WELL, ...bad.toReversed()])
  return lineWidth(whole) <= columns ? [whole] : [lineOf(WELL), lineOf(bad.toReversed())]
}

const worse = (count: number): Cell => ({ ...countCell(count), ...(count > 0 && { tone: 'bad' as const }) })

const HOUR_COLUMNS: readonly Column[] = [
  { title: 'Hour (UTC)', side: 'left' },
  { title: 'What it is', side: 'left' },
  { title: 'Trades', side: 'right', importance: 8 },
  ...COUNTED,
  { title: 'Absent', side: 'right', importance: 0 },
  ...NOT_HERE,
]

/** Columns in which something stands come before those of zeros alone, where there is not room for all. */
const filledFirst = (columns: readonly Column[], rows: readonly Row[]): readonly Column[] =>
  columns.map((column, at) =>
    column.importance !== undefined && rows.some(({ cells }) => cells[at].order !== undefined && cells[at].order !== 0)
      ? { ...column, importance: column.importance + columns.length }
      : column,
  )

/** The hours of one market, the newest first. */
export function hoursTable(seen: Seen, market: string): Table {
  const firstMs = firstTrades(seen.markets ?? []).get(market)
  const hours = (seen.coverage ?? []).filter(hour => marketName(hour) === market).toReversed()
  const rows = hours.map((hour): Row => {
    const kind = kindSince(hour, firstMs)
    const start = Date.parse(hour.start)
    return {
      cells: [
        { text: instantText(start).slice(0, 16), order: start },
        {
          text: kind === 'partial' && firstMs !== undefined ? fromText(firstMs, true) : kind,
          tone: TONES[kind],
        },
        countCell(hour.trades),
        hour.missing === null ? { text: '' } : countCell(hour.missing),
        countCell(hour.refused),
        countCell(hour.filled),
        countCell(hour.absent),
        worse(hour.lost),
        worse(hour.unreadable),
        worse(hour.open),
        countCell(lackOf([hour]).reasons.unexplained),
      ],
    }
  })
  return {
    columns: filledFirst(HOUR_COLUMNS, rows),
    rows,
    unit: 'hour',
    empty: emptyText(seen, seen.coverage !== undefined, 'No trade of it came in the last day.', COUNTING),
  }
}

export const hoursTitle = (market: string, look: Look): Line => [
  { text: harmless(market, look), tone: 'bold' },
  plain(' by the hour'),
]
