/** The lake's log, the newest line first. */
import { count, grouped } from '../../../figures/pipeline.ts'
import { timeOfDay } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Column, Table } from '../table.ts'
import { dim, harmless, type Line, type Look, plain, type Tone } from '../text.ts'

const COLUMNS: readonly Column[] = [
  { title: 'Time', side: 'left' },
  { title: 'Level', side: 'left', importance: 2 },
  { title: 'Message', side: 'left', mayBeCut: true },
  { title: 'Details', side: 'left', mayBeCut: true, importance: 1 },
]

const TONES: Readonly<Record<string, Tone>> = { WARN: 'late', ERROR: 'bad' }

/** What the Log view has opened when it shows warnings and errors alone. */
export const WARNINGS = 'warnings'

export function logTable({ log, warnings, hasLog }: Seen, opened: string | undefined, look: Look): Table {
  const isOpened = opened === WARNINGS
  return {
    columns: COLUMNS,
    rows: (isOpened ? warnings : (log ?? [])).map(({ time, level, message, details }) => {
      const tone = TONES[level] ?? 'plain'
      return {
        cells: [
          { text: time === '' ? '' : timeOfDay(time).slice(0, 12), tone: 'dim', order: Date.parse(time) || 0 },
          { text: level, tone },
          { text: harmless(message, look), tone },
          { text: harmless(details, look), tone: 'dim' },
        ],
      }
    }),
    unit: 'line',
    empty: !hasLog
      ? 'This lake has no log in a folder of this machine.'
      : log
        ? isOpened
          ? 'The log has no warning and no error.'
          : 'The log is empty.'
        : 'Reading the log…',
  }
}

/** How many lines are kept, and which. */
export function logLines({ log, warnings }: Seen, opened: string | undefined): Line[] {
  if (!log) return []
  const first = warnings.at(-1)
  const since = first ? ` since ${first.time.slice(0, 16).replace('T', ' ')}` : ''
  const kept = `${grouped(warnings.length)} ${warnings.length === 1 ? 'warning or error' : 'warnings and errors'}${since}`
  return opened === WARNINGS
    ? [[{ text: kept, tone: 'bold' }, plain(': e shows all lines')], []]
    : [[dim(`Newest ${count(log.length, 'line')} kept; e shows ${kept}`)], []]
}
