/** The head of a table that is sorted by its columns. */
import type { SortColumn, Sorting } from '../model/sorting.ts'

export interface SortHeadProps<Row> {
  readonly columns: readonly SortColumn<Row>[]
  readonly sorting: Sorting | undefined
  readonly sortBy: (column: number) => void
}

export function SortHead<Row>({ columns, sorting, sortBy }: SortHeadProps<Row>) {
  return (
    <thead>
      <tr>
        {columns.map(({ name, hint, isText }, place) => {
          const isSorted = place === sorting?.column
          return (
            <th
              key={name}
              scope="col"
              class={isText ? '' : 'number'}
              aria-sort={isSorted ? (sorting.isDown ? 'descending' : 'ascending') : undefined}
            >
              <button type="button" class="sort" title={hint ?? 'Sort by this column'} onClick={() => sortBy(place)}>
                {name} <span aria-hidden="true">{isSorted ? (sorting.isDown ? '↓' : '↑') : ''}</span>
              </button>
            </th>
          )
        })}
      </tr>
    </thead>
  )
}
