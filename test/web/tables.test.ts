/** The tables' columns: how they are sorted, and what they say. */
import { expect, test } from 'vitest'
import type { TableRow } from '../../figures/operator-rows.ts'
import { sortedBy } from '../../web/model/sorting.ts'
import { TABLE_COLUMNS } from '../../web/model/tables.ts'

const row = (table: string, more: Partial<TableRow> = {}): TableRow => ({
  ...{ table, rows: 1, data_files: 2, delete_files: 0, bytes: 3_000_001, snapshots: 1, commits: 1, grown: 7, pins: 0 },
  ...{ oldest_snapshot: null, committed: '2026-11-20T10:00:00Z', joined: null, dropped: null, swept: null },
  ...more,
})
const place = (name: string) => TABLE_COLUMNS.findIndex(column => column.name === name)
const textOf = (name: string, of: TableRow) => TABLE_COLUMNS[place(name)].text(of, Date.parse('2026-11-20T10:05:00Z'))

test('rows are sorted by a column, what is not known last in both directions', () => {
  const rows = [row('b', { rows: 9 }), row('a', { rows: 10, swept: '2026-11-20T09:00:00Z' }), row('c', { rows: 10 })]
  const names = (column: string, isDown: boolean) =>
    sortedBy(rows, TABLE_COLUMNS, { column: place(column), isDown }).map(({ table }) => table)
  expect(names('Rows', true)).toEqual(['a', 'c', 'b'])
  expect(names('Rows', false)).toEqual(['b', 'a', 'c'])
  expect(names('Swept', true)).toEqual(['a', 'b', 'c'])
  expect(names('Swept', false)).toEqual(['a', 'b', 'c'])
  expect(names('Table', true)).toEqual(['c', 'b', 'a'])
})

test('figures have their units, ages are of now, and what is not known is no figure', () => {
  const some = row('a', { rows: 1_234_567 })
  expect(
    ['Rows', 'Bytes', 'Average file', 'Committed', 'Joined', 'Delete files'].map(name => textOf(name, some)),
  ).toEqual(['1,234,567', '3.0 MB', '1.5 MB', '5 min ago', 'never', '0'])
  expect([1_234, -5, 0, null].map(grown => textOf('Grown in 1 h', row('a', { grown })))).toEqual([
    '+1,234',
    '-5',
    '0',
    '–',
  ])
  const silent = row('b', { data_files: null, bytes: null })
  expect([textOf('Bytes', silent), textOf('Average file', silent), textOf('Data files', silent)]).toEqual([
    '–',
    '–',
    '–',
  ])
  expect(textOf('Average file', row('c', { delete_files: 1 }))).toBe('–')
})
