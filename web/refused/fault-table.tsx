/** What was wrong, how often, and when. */
import { useState } from 'preact/hooks'
import { faultText } from '../../figures/faults.ts'
import { grouped } from '../../figures/pipeline.ts'
import { instantText } from '../../figures/times.ts'
import type { Fault } from '../model/refused.ts'
import { chosenSorting, type SortColumn, type Sorting, sortedBy } from '../model/sorting.ts'
import { SortHead } from '../shell/sort-head.tsx'

export interface FaultTableProps {
  readonly faults: readonly Fault[]
  /** From when on it is counted, milliseconds since 1970. */
  readonly sinceMs: number
  /** The one whose records are shown. */
  readonly chosen: string | undefined
  readonly choose: (errorType: string | undefined) => void
}

const [WIDTH, HEIGHT] = [240, 24]

export function FaultTable({ faults, sinceMs, chosen, choose }: FaultTableProps) {
  const most = Math.max(1, ...faults.flatMap(({ bars }) => bars))
  const when = (ms: number) => instantText(ms).slice(0, 16)
  const columns: readonly SortColumn<Fault>[] = [
    { name: 'What was wrong', isText: true, value: ({ errorType }) => errorType },
    { name: 'Records', value: ({ total }) => total },
    {
      ...{ name: `When: ${when(sinceMs)} to now`, hint: 'Sort by when there were most' },
      value: ({ worstMs }) => worstMs,
    },
  ]
  const [sorting, setSorting] = useState<Sorting>({ column: 1, isDown: true })
  const sortBy = (column: number) => setSorting(before => chosenSorting(columns, before, column))
  const shown = sortedBy(faults, columns, sorting)
  return (
    <table class="watch faults">
      <SortHead columns={columns} sorting={sorting} sortBy={sortBy} />
      <tbody>
        {shown.map(({ errorType, total, exchanges, bars, worstMs }) => (
          <tr key={errorType} class={errorType === chosen ? 'current' : ''}>
            <th scope="row">
              <button
                type="button"
                class="row-button"
                aria-pressed={errorType === chosen}
                onClick={() => choose(errorType === chosen ? undefined : errorType)}
                title="Show these records alone"
              >
                <b>{errorType}</b>
              </button>
              <p class="muted">
                {faultText(errorType)} (
                {exchanges.map(({ exchange, total: some }) => `${exchange} ${grouped(some)}`).join(', ')})
              </p>
            </th>
            <td class="number">{grouped(total)}</td>
            <td class="faults-time">
              <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" class="bars" aria-hidden="true">
                <path d={barsPath(bars, most)} />
              </svg>
              <span class="hint">most from {when(worstMs)} on</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A bar for each bucket; one that has anything can be seen. */
function barsPath(bars: readonly number[], most: number): string {
  const width = WIDTH / bars.length
  return bars
    .flatMap((bar, place) => {
      if (bar === 0) return []
      const height = Math.max(2, (bar / most) * HEIGHT)
      return `M${(place * width).toFixed(2)} ${HEIGHT}v${-height.toFixed(2)}h${(width * 0.85).toFixed(2)}V${HEIGHT}z`
    })
    .join('')
}
