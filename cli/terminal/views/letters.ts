/** Records that were refused for one reason: when, why in words, where they are in Kafka, and what they say. */
import { instantText, reasonWithTimes } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Column, Table } from '../table.ts'
import { harmless, type Line, type Look, plain } from '../text.ts'
import { emptyText } from './empty.ts'
import { recordIn } from './letter.ts'
import { countCell, countedText } from './pipeline.ts'

const COLUMNS: readonly Column[] = [
  { title: 'Refused (UTC)', side: 'left' },
  { title: 'Why', side: 'left', mayBeCut: true },
  { title: 'Partition', side: 'right', importance: 1 },
  { title: 'Offset', side: 'right', importance: 2 },
  { title: 'Bytes', side: 'right', importance: 0 },
  { title: 'What it says', side: 'left', mayBeCut: true, importance: 3 },
]

/** `kind`: exchange and type of error, with a space between; `sinceMs`: milliseconds since 1970, undefined for the last day. */
export function lettersTable(seen: Seen, kind: string, sinceMs: number | undefined, look: Look): Table {
  const known = seen.letters?.kind === kind && seen.letters.sinceMs === sinceMs ? seen.letters.rows : undefined
  return {
    columns: COLUMNS,
    rows: (known ?? []).map(({ time, error_reason, epoch, partition, offset, bytes, raw, decoded }) => ({
      opens: recordIn(kind, { epoch, partition, offset }),
      cells: [
        { text: instantText(Date.parse(time)), order: Date.parse(time) },
        { text: harmless(reasonWithTimes(error_reason), look) },
        countCell(partition),
        countCell(offset),
        bytes === null ? { text: '' } : countCell(bytes),
        { text: harmless(decoded ?? bytesText(raw), look), tone: 'dim' },
      ],
    })),
    unit: 'record',
    empty: emptyText(seen, known !== undefined, `None was refused ${countedText(sinceMs)}.`, 'Reading the records…'),
  }
}

const MOST_BYTES = 128

/** The first bytes of what cannot be read as a trade, two digits each. */
function bytesText(raw: string | null): string {
  const bytes = Buffer.from(raw ?? '', 'base64')
  const hex = bytes
    .subarray(0, MOST_BYTES)
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ')
  return hex + (bytes.length > MOST_BYTES ? ' ...' : '')
}

export const lettersTitle = (kind: string, sinceMs: number | undefined, look: Look): Line => [
  { text: harmless(kind, look), tone: 'bold' },
  plain(`${sinceMs === undefined ? '' : ` ${countedText(sinceMs)}`}, the newest first; Enter shows one whole`),
]
