/** The tables' columns as the page shows and sorts them. */

import type { TableRow } from '../../figures/operator-rows.ts'
import { bytesText, grouped, signedText } from '../../figures/pipeline.ts'
import { ageText } from '../../figures/times.ts'
import type { SortColumn } from './sorting.ts'

export interface TableColumn extends SortColumn<TableRow> {
  text(row: TableRow, atMs: number): string
}

const number = (name: string, value: (row: TableRow) => number | null | undefined, hint?: string): TableColumn => ({
  ...{ name, ...(hint !== undefined && { hint }), value: row => value(row) ?? undefined },
  text: row => {
    const known = value(row)
    return known === null || known === undefined ? '–' : grouped(known)
  },
})
const bytes = (name: string, value: (row: TableRow) => number | undefined, hint?: string): TableColumn => ({
  ...number(name, value, hint),
  text: row => {
    const known = value(row)
    return known === undefined ? '–' : bytesText(known)
  },
})
/** Sorted by time, shown as an age. */
const age = (name: string, value: (row: TableRow) => string | null, hint: string): TableColumn => ({
  ...{ name, hint },
  value: row => {
    const time = value(row)
    return time === null ? undefined : Date.parse(time)
  },
  text: (row, atMs) => {
    const time = value(row)
    return time === null ? 'never' : ageText(Math.max(0, atMs - Date.parse(time)))
  },
})

export const TABLE_COLUMNS: readonly TableColumn[] = [
  { name: 'Table', isText: true, value: ({ table }) => table, text: ({ table }) => table },
  number('Rows', ({ rows }) => rows),
  {
    ...number('Grown in 1 h', ({ grown }) => grown, 'Rows that came in the last hour, less those that went'),
    text: ({ grown }) => signedText(grown) || '–',
  },
  number('Data files', ({ data_files }) => data_files),
  number('Delete files', ({ delete_files }) => delete_files, 'Files that say which rows of data files are deleted'),
  bytes('Bytes', row => row.bytes ?? undefined),
  bytes('Average file', fileBytes, 'Bytes of a data file: maintenance joins small ones'),
  number('Snapshots', ({ snapshots }) => snapshots, 'Earlier states that are kept'),
  age('Committed', ({ committed }) => committed, 'The newest snapshot'),
  number('Commits in 1 h', ({ commits }) => commits, 'How often it was committed in the last hour'),
  number('Pins', ({ pins }) => pins, 'States that are kept until somebody deletes the pin'),
  age('Joined', ({ joined }) => joined, 'When maintenance last made one of small files, as far as snapshots are kept'),
  age(
    'Dropped',
    ({ dropped }) => dropped,
    'When rows were last dropped, by retention or a repair, as far as snapshots are kept',
  ),
  age('Swept', ({ swept }) => swept, 'When maintenance last looked for objects that nothing names'),
]

function fileBytes({ bytes: all, data_files: files, delete_files: deletes }: TableRow): number | undefined {
  // The sum has delete files in it: with some of them nobody knows an average.
  return all === null || files === null || files === 0 || (deletes ?? 0) > 0 ? undefined : Math.round(all / files)
}
