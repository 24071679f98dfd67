/** All tables of the lake: what they hold, in how many files and snapshots, and when maintenance was there; sorted as one likes. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TableRow } from '../../figures/operator-rows.ts'
import { bytesText, grouped } from '../../figures/pipeline.ts'
import { usePolled } from '../api/polled.ts'
import { askRows } from '../api/requests.ts'
import { chosenSorting, type Sorting, sortedBy } from '../model/sorting.ts'
import { TABLE_COLUMNS } from '../model/tables.ts'
import { Asked } from '../shell/asked.tsx'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { SortHead } from '../shell/sort-head.tsx'
import { useNow } from '../store.ts'

const EVERY_MS = 30_000

export function TablesView() {
  const { look, ...asked } = usePolled('', signal => askRows<TableRow>('tables', {}, signal), EVERY_MS)
  const [sorting, setSorting] = useState<Sorting>({ column: 0, isDown: false })
  const sortBy = (column: number) => setSorting(before => chosenSorting(TABLE_COLUMNS, before, column))
  const step = (columns: number) => sortBy((sorting.column + columns + TABLE_COLUMNS.length) % TABLE_COLUMNS.length)
  useShortcuts('Tables', [
    {
      ...{ keys: ['ArrowLeft', 'ArrowRight'], label: '← →', does: 'sort by the column before, by the next' },
      run: key => step(key === 'ArrowLeft' ? -1 : 1),
    },
    { keys: ['i'], label: 'i', does: 'the other way round', run: () => sortBy(sorting.column) },
    { keys: ['r'], label: 'r', does: 'ask again', run: look },
  ])
  const rows = asked.answer
  if (!rows)
    return asked.problem === undefined ? (
      <Loading what="Asking what the tables hold…" />
    ) : (
      <Failed title="The tables could not be read" reason={asked.problem} retry={look} />
    )
  if (rows.length === 0) return <Empty title="No tables yet">A table is here with its first commit.</Empty>
  return (
    <div class="page">
      <div class="controls">
        <Asked {...asked} look={look} />
      </div>
      <TableTable rows={rows} sorting={sorting} sortBy={sortBy} />
    </div>
  )
}

interface TableTableProps {
  readonly rows: readonly TableRow[]
  readonly sorting: Sorting
  readonly sortBy: (column: number) => void
}

function TableTable({ rows, sorting, sortBy }: TableTableProps) {
  const time = useNow()
  const box = useRef<HTMLElement>(null)
  const [isWider, setWider] = useState(false)
  useEffect(() => setWider((box.current?.scrollWidth ?? 0) > (box.current?.clientWidth ?? 0)))
  const total = (of: (row: TableRow) => number | null) => rows.reduce((sum, row) => sum + (of(row) ?? 0), 0)
  return (
    <>
      {isWider && <p class="hint">Not all columns have room: move the table sideways.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key */}
      <section ref={box} class="tables-box" tabIndex={0} aria-label="Tables">
        <table class="watch tables">
          <SortHead columns={TABLE_COLUMNS} sorting={sorting} sortBy={sortBy} />
          <tbody>
            {sortedBy(rows, TABLE_COLUMNS, sorting).map(row => (
              <tr key={row.table}>
                {TABLE_COLUMNS.map(({ name, isText, text }) =>
                  isText ? (
                    <th key={name} scope="row">
                      {text(row, time)}
                    </th>
                  ) : (
                    <td key={name} class="number" data-name={name}>
                      {text(row, time)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">all</th>
              <td />
              <td />
              <td class="number" data-name="Data files">
                {grouped(total(row => row.data_files))}
              </td>
              <td class="number" data-name="Delete files">
                {grouped(total(row => row.delete_files))}
              </td>
              <td class="number" data-name="Bytes">
                {bytesText(total(row => row.bytes))}
              </td>
              <td />
              <td class="number" data-name="Snapshots">
                {grouped(total(row => row.snapshots))}
              </td>
              <td colSpan={TABLE_COLUMNS.length - 8} />
            </tr>
          </tfoot>
        </table>
      </section>
    </>
  )
}
