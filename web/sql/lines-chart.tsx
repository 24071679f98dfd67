/** Lines over one axis, drawn by uPlot; their names and colours stand below it. */
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { chartColors } from '../chart/colors.ts'
import { axisTexts, type SqlLines } from '../model/sql.ts'
import { painted } from '../shell/theme.ts'
import { useStore } from '../store.ts'

const MOST_HEIGHT = 460
const WIDTH_TO_HEIGHT = 0.45

export function LinesChart({ drawn }: { readonly drawn: SqlLines }) {
  const box = useRef<HTMLDivElement>(null)
  const colors = useStore(painted)
  const { axis, isTime, places, lines } = drawn
  useEffect(() => {
    const element = box.current
    if (!element) return
    const sizeOf = () => {
      const width = Math.max(200, element.clientWidth)
      return { width, height: Math.min(MOST_HEIGHT, Math.max(220, Math.round(width * WIDTH_TO_HEIGHT))) }
    }
    const { muted, grid } = chartColors()
    const look = { stroke: muted, grid: { stroke: grid }, ticks: { stroke: grid } }
    const plot = new UPlot(
      {
        ...sizeOf(),
        // Its legend and its zoom are not reached by key.
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: isTime } },
        tzDate: seconds => UPlot.tzDate(new Date(seconds * 1000), 'UTC'),
        axes: [
          { ...look, label: isTime ? `${axis} (UTC)` : axis, ...(isTime && { values: (_, at) => axisTexts(at) }) },
          { ...look, size: 80 },
        ],
        series: [{}, ...lines.map(({ name }, at) => ({ label: name, stroke: colorOf(at), width: 1.5 }))],
      },
      [[...places], ...lines.map(({ values }) => [...values])],
      element,
    )
    const resized = new ResizeObserver(() => plot.setSize(sizeOf()))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [drawn, colors])
  return (
    <figure class="sql-chart">
      <div ref={box} role="img" aria-label={`${lines.map(({ name }) => name).join(', ')} by ${axis}`} />
      <figcaption>
        {lines.map(({ name }, at) => (
          <span key={name} class={`sql-line line-${at % 4}`}>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

/** Each of the four colours of lines, again and again. */
function colorOf(at: number): string {
  const { lines } = chartColors()
  return lines[at % lines.length]
}
