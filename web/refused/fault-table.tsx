/** What was wrong, how often, and when. */
import { grouped } from '../../figures/pipeline.ts'
import { instantText } from '../../figures/times.ts'
import { type Fault, faultText } from '../model/refused.ts'

export interface FaultTableProps {
  readonly faults: readonly Fault[]
  readonly starts: readonly number[]
  /** The one whose records are shown. */
  readonly chosen: string | undefined
  readonly choose: (errorType: string | undefined) => void
}

const [WIDTH, HEIGHT] = [240, 24]

export function FaultTable({ faults, starts, chosen, choose }: FaultTableProps) {
  const most = Math.max(1, ...faults.flatMap(({ bars }) => bars))
  const when = (ms: number) => instantText(ms).slice(0, 16)
  return (
    <table class="watch faults">
      <thead>
        <tr>
          <th scope="col">What was wrong</th>
          <th scope="col" class="number">
            Records
          </th>
          <th scope="col" class="faults-time">
            <span class="unseen">When: </span>
            {when(starts[0])} to now
          </th>
        </tr>
      </thead>
      <tbody>
        {faults.map(({ errorType, total, exchanges, bars, worstMs }) => (
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
