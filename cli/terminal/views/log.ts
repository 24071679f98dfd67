/** The lake's log, the newest line first. */
import { timeOfDay } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Column, Table } from '../table.ts'
import { harmless, type Look, type Tone } from '../text.ts'

const COLUMNS: readonly Column[] = [
  { title: 'Time', side: 'left' },
  { title: 'Level', side: 'left', importance: 2 },
  { title: 'Message', side: 'left', mayBeCut: true },
  { title: 'Details', side: 'left', mayBeCut: true, importance: 1 },
]

const TONES: Readonly<Record<string, Tone>> = { WARN: 'late', ERROR: 'bad' }

export function logTable({ log, hasLog }: Seen, look: Look): Table {
  return {
    columns: COLUMNS,
    rows: (log ?? []).map(({ time, level, message, details }) => {
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
        ? 'The log is empty.'
        : 'Reading the log…',
  }
}
