/** Rows in the order of one of their columns. */

export interface SortColumn<Row> {
  readonly name: string
  /** What it means, where its name does not say it. */
  readonly hint?: string
  readonly isText?: boolean
  /** What it is sorted by; undefined where nothing is known, which stands last. */
  value(row: Row): number | string | undefined
}

export interface Sorting {
  /** Place of the column. */
  readonly column: number
  readonly isDown: boolean
}

/** Rows of which the column knows nothing stand last, whichever way it goes; equal ones as they came. */
export function sortedBy<Row>(
  rows: readonly Row[],
  columns: readonly SortColumn<Row>[],
  { column, isDown }: Sorting,
): Row[] {
  const { value } = columns[column]
  return rows.toSorted((first, second) => {
    const [a, b] = [value(first), value(second)]
    if (a === b) return 0
    if (a === undefined || b === undefined) return a === undefined ? 1 : -1
    return (a < b ? -1 : 1) * (isDown ? -1 : 1)
  })
}

/** The sorting after a column was chosen: the other way round where it was. What is most comes first, and names begin with A. */
export function chosenSorting<Row>(
  columns: readonly SortColumn<Row>[],
  before: Sorting | undefined,
  column: number,
): Sorting {
  return { column, isDown: before?.column === column ? !before.isDown : columns[column].isText !== true }
}
