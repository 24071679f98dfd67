/** The map itself: a table that is walked with the arrow keys, as the ARIA Authoring Practices' grid is. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { KINDS } from '../../figures/coverage.ts'
import { instantText } from '../../figures/times.ts'
import { cellText, type HeatCell, type HeatMap, wholeOf, worstFirst } from '../model/heat.ts'

export interface HeatTableProps {
  readonly map: HeatMap
  readonly unit: 'hour' | 'day'
  readonly open: (cell: HeatCell) => void
}

const SIGNS = new Map(KINDS.map(({ kind, sign }) => [kind, sign]))

export function HeatTable({ map, unit, open }: HeatTableProps) {
  const { starts } = map
  const [isWorstFirst, setWorstFirst] = useState(false)
  const lines = isWorstFirst ? worstFirst(map.lines) : map.lines
  const [at, setAt] = useState({ line: 0, column: starts.length - 1 })
  const box = useRef<HTMLDivElement>(null)
  const line = Math.min(at.line, lines.length - 1)
  const column = Math.min(at.column, starts.length - 1)
  // The newest are seen first.
  useLayoutEffect(() => {
    if (box.current) box.current.scrollLeft = box.current.scrollWidth
  }, [starts.length])
  const moved = useRef(false)
  useEffect(() => {
    if (!moved.current) return
    moved.current = false
    box.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
  }, [line, column])
  const move = (lines_: number, columns: number) => {
    moved.current = true
    setAt({
      line: Math.min(lines.length - 1, Math.max(0, line + lines_)),
      column: Math.min(starts.length - 1, Math.max(0, column + columns)),
    })
  }
  const MOVES: Readonly<Record<string, () => void>> = {
    ...{ ArrowLeft: () => move(0, -1), ArrowRight: () => move(0, 1), ArrowUp: () => move(-1, 0) },
    ...{ ArrowDown: () => move(1, 0), Home: () => move(0, -starts.length), End: () => move(0, starts.length) },
  }
  const periods = periodsOf(starts, unit)
  return (
    <div class="heat-box" ref={box}>
      <table
        class="heat"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table that is walked cell by cell
        role="grid"
        aria-label={`Coverage by market and ${unit}`}
        aria-readonly="true"
        onKeyDown={event => {
          if (event.ctrlKey || event.metaKey || event.altKey) return
          const cell = lines[line]?.cells[column]
          const run = event.key === 'Enter' || event.key === ' ' ? () => cell && open(cell) : MOVES[event.key]
          if (!run) return
          event.preventDefault()
          run()
        }}
      >
        <thead>
          <tr>
            <th scope="col" rowSpan={2} class="heat-market" aria-sort={isWorstFirst ? 'descending' : 'ascending'}>
              <button
                type="button"
                class="sort"
                title={isWorstFirst ? 'Order: by name' : 'Order: those first that lack most'}
                onClick={() => setWorstFirst(!isWorstFirst)}
              >
                Market <span aria-hidden="true">{isWorstFirst ? '· lacking most first' : '↑'}</span>
              </button>
            </th>
            {periods.map(({ name, length }) => (
              <th key={name} scope="colgroup" colSpan={length} class="heat-period">
                <span>{name}</span>
              </th>
            ))}
          </tr>
          <tr>
            {starts.map(start => (
              <th key={start} scope="col">
                {columnText(start, unit)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((each, place) => {
            const { whole, ended } = wholeOf(each)
            return (
              <tr key={`${each.exchange} ${each.symbol}`}>
                <th scope="row" class="heat-market">
                  <span class="heat-name">
                    {each.exchange} <b>{each.symbol}</b>
                  </span>{' '}
                  <span class="muted" title={`${whole} of ${ended} ${unit}s that are over are complete`}>
                    {whole}/{ended}
                  </span>
                </th>
                {each.cells.map((cell, number) => (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys of all its cells
                  <td
                    key={starts[number]}
                    tabIndex={place === line && number === column ? 0 : -1}
                    class={cell ? `heat-cell heat-${cell.kind} ${cell.isOpen ? 'heat-half' : ''}` : 'heat-none'}
                    title={`${instantText(starts[number]).slice(0, unit === 'hour' ? 16 : 10)} ${cell ? cellText(cell) : 'before the first trade'}`}
                    aria-label={cell ? cellText(cell) : 'before the first trade'}
                    onClick={() => {
                      setAt({ line: place, column: number })
                      if (cell) open(cell)
                    }}
                  >
                    {cell && SIGNS.get(cell.kind)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Hours stand below their day, days below their month. */
function periodsOf(starts: readonly number[], unit: 'hour' | 'day') {
  const name = (start: number) => instantText(start).slice(0, unit === 'hour' ? 10 : 7)
  return [...Map.groupBy(starts, name)].map(([each, some]) => ({ name: each, length: some.length }))
}

const columnText = (start: number, unit: 'hour' | 'day') => {
  const text = instantText(start)
  return unit === 'hour' ? text.slice(11, 13) : text.slice(8, 10)
}
