/** What is seen, as files: rows by the API, and a picture of the chart. */
import { ask } from '../api/requests.ts'
import { download } from '../browser.ts'
import type { ChartColors } from './colors.ts'

export interface Seen {
  readonly markets: readonly string[]
  readonly timeframe: string
  readonly from: number
  readonly to: number
  readonly asOf: string | undefined
}

const PARQUET_ROWS = 10_000

/** Candles of what is seen, of all its markets. @throws Error in words */
export async function exportRows(format: 'csv' | 'parquet', seen: Seen): Promise<void> {
  const answer = await ask('candles', {
    symbols: seen.markets.join(),
    ...{ timeframe: seen.timeframe, start: new Date(seen.from).toISOString(), end: new Date(seen.to).toISOString() },
    ...{ format, as_of: seen.asOf, limit: format === 'csv' ? 'all' : PARQUET_ROWS },
  })
  if (answer.headers.get('link'))
    throw new Error(`This is more than ${PARQUET_ROWS.toLocaleString('en')} rows: zoom in, or take CSV.`)
  download(`${nameOf(seen)}.${format}`, await answer.blob())
}

const nameOf = ({ markets, timeframe, from }: Seen) =>
  `${markets.join('+').replaceAll(':', '-')}-${timeframe}-${new Date(from).toISOString().slice(0, 16).replaceAll(':', '')}`

const [PADDING, LINE] = [16, 22]

/** The chart with what it shows above it, and whose charts these are below. */
export function exportPicture(
  chart: HTMLCanvasElement,
  seen: Seen,
  lines: readonly string[],
  colors: ChartColors,
): void {
  const scale = devicePixelRatio
  const [head, foot] = [(lines.length * LINE + PADDING) * scale, (LINE + PADDING / 2) * scale]
  const picture = document.createElement('canvas')
  picture.width = chart.width
  picture.height = chart.height + head + foot
  const context = picture.getContext('2d')
  if (!context) return
  context.fillStyle = colors.background
  context.fillRect(0, 0, picture.width, picture.height)
  context.drawImage(chart, 0, head)
  context.textBaseline = 'top'
  lines.forEach((line, place) => {
    context.fillStyle = place === 0 ? colors.text : colors.muted
    context.font = `${place === 0 ? 'bold ' : ''}${14 * scale}px system-ui, sans-serif`
    context.fillText(line, PADDING * scale, (PADDING / 2 + place * LINE) * scale)
  })
  context.fillStyle = colors.muted
  context.fillText(
    'tradelake · chart by TradingView Lightweight Charts',
    PADDING * scale,
    head + chart.height + 4 * scale,
  )
  picture.toBlob(blob => blob && download(`${nameOf(seen)}.png`, blob), 'image/png')
}
