/** Candles that changed after they had closed, of all markets, in the last day. */
import { correctionsIn, lateMs, leftOutText, untoldText } from '../../../figures/corrections.ts'
import { count } from '../../../figures/pipeline.ts'
import { marketName } from '../../../figures/rows.ts'
import { instantText, lengthText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Column, Table } from '../table.ts'
import { harmless, type Line, type Look, plain, wrap } from '../text.ts'
import { emptyText } from './empty.ts'

const COLUMNS: readonly Column[] = [
  { title: 'Market', side: 'left', mayBeCut: true },
  { title: 'Window (UTC)', side: 'left' },
  { title: 'Changed (UTC)', side: 'left', importance: 1 },
  { title: 'After its end', side: 'right' },
]

/** What such a row opens: the market, and the start of the window in milliseconds since 1970. */
export function windowIn(opens: string): { readonly market: string; readonly until: number } {
  const [market, start] = opens.split(' ')
  return { market, until: Number(start) }
}

export function correctionsTable(seen: Seen, look: Look): Table {
  const { corrections } = seen
  const { rows } = corrections ? correctionsIn(corrections.found) : { rows: [] }
  return {
    columns: COLUMNS,
    rows: rows.map(row => ({
      cells: [
        { text: harmless(marketName(row), look) },
        { text: instantText(Date.parse(row.start)).slice(0, 16), order: Date.parse(row.start) },
        { text: instantText(Date.parse(row.updated)), order: Date.parse(row.updated) },
        { text: lengthText(lateMs(row)), order: lateMs(row) },
      ],
      opens: `${marketName(row)} ${Date.parse(row.start)}`,
    })),
    unit: 'candle',
    empty: emptyText(
      seen,
      corrections !== undefined,
      'No candle of the last day changed after it had closed.',
      'Asking which candles changed…',
    ),
  }
}

const MOST_LINES = 3

export function correctionsLines({ corrections }: Seen, width: number, look: Look): Line[] {
  if (!corrections) return []
  const { rows, ...leftOut } = correctionsIn(corrections.found)
  const omitted = leftOutText(leftOut)
  const untold = untoldText(corrections.found, corrections.sinceMs)
  const texts = [
    ...(rows.length > 0
      ? [`${count(rows.length, 'minute')} of the last day changed after closing; Enter shows the chart there.`]
      : []),
    ...(omitted === '' ? [] : [omitted]),
    ...(untold === undefined ? [] : [untold]),
  ]
  return texts.flatMap(text => wrap(text, width, MOST_LINES, look).map(line => [plain(line)]))
}
