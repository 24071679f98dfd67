/** One refused record whole, on as many lines as it takes: why, its place in Kafka, what it says, and its bytes. */
import type { DeadLetterRow } from '../../../figures/operator-rows.ts'
import { grouped } from '../../../figures/pipeline.ts'
import { instantText, reasonWithTimes } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Table } from '../table.ts'
import { harmless, type Line, type Look, plain, wrap } from '../text.ts'
import { emptyText } from './empty.ts'

type Place = Pick<DeadLetterRow, 'epoch' | 'partition' | 'offset'>

/** What is opened where one record is: its kind, and its place with spaces between. */
export const recordIn = (kind: string, { epoch, partition, offset }: Place): string =>
  `${kind} ${epoch} ${partition} ${offset}`

/** Its exchange and type of error, with a space between. */
export const kindIn = (opened: string): string => opened.split(' ').slice(0, 2).join(' ')

export const isRecord = (opened: string): boolean => opened.split(' ').length > 2

export const recordTitle = (opened: string, look: Look): Line => [
  { text: harmless(kindIn(opened), look), tone: 'bold' },
  plain(', one record; Esc goes back'),
]

/** `width`: columns of the screen. A row is a line, so that it is scrolled. */
export function recordTable(seen: Seen, opened: string, width: number, look: Look): Table {
  const kind = kindIn(opened)
  const known = seen.letters?.kind === kind ? seen.letters.rows : undefined
  const found = known?.find(row => recordIn(kind, row) === opened)
  return {
    columns: [{ title: 'The record', side: 'left' }],
    rows: (found ? linesOf(found, width, look) : []).map(text => ({ cells: [{ text }] })),
    unit: 'line',
    empty: emptyText(
      seen,
      known !== undefined,
      'The record is not among the newest of its kind any more.',
      'Reading the records…',
    ),
  }
}

function linesOf(row: DeadLetterRow, width: number, look: Look): string[] {
  const { time, error_reason, source, epoch, partition, offset, schema_id, bytes, raw, decoded } = row
  const data = Buffer.from(raw ?? '', 'base64')
  const isCut = bytes !== null && bytes > data.length
  const texts = [
    `Refused ${instantText(Date.parse(time))} UTC by ${source}: ${reasonWithTimes(error_reason)}`,
    `Partition ${grouped(partition)}, offset ${grouped(offset)}, life ${epoch} of the topic, schema ${schema_id ?? 'unknown'}`,
    '',
    ...(decoded === null
      ? ['It cannot be read as a trade.']
      : JSON.stringify(JSON.parse(decoded), null, 2).split('\n')),
    '',
    isCut ? `Bytes, the first ${grouped(data.length)} of ${grouped(bytes)}:` : `Bytes, ${grouped(data.length)}:`,
  ]
  const whole = texts.flatMap(text =>
    text === '' ? [''] : wrap(harmless(text, look), width, Number.POSITIVE_INFINITY, look),
  )
  return [...whole, ...dumpOf(data, width)]
}

/** Places, bytes and what they are in ASCII, as hexdump has them: sixteen on a line, or eight where that is too wide. */
function dumpOf(data: Buffer, width: number): string[] {
  const most = width >= WIDTH_OF_SIXTEEN ? 16 : 8
  return Array.from({ length: Math.ceil(data.length / most) }, (_, line) => {
    const some = data.subarray(line * most, (line + 1) * most)
    const hex = some.toString('hex').replaceAll(/..(?=.)/g, '$& ')
    const text = some.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.')
    return `${(line * most).toString(16).padStart(4, '0')}  ${hex.padEnd(most * 3 - 1)}  ${text}`
  })
}
const WIDTH_OF_SIXTEEN = 71
