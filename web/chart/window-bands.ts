/** What is drawn behind the candles of some windows: a hatched band where trades are missing, a line at the foot where a late trade has changed one. */
import type {
  IPrimitivePaneRenderer,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from 'lightweight-charts'

export interface WindowBands extends ISeriesPrimitive<Time> {
  /** Starts of windows, seconds since 1970, in the order of time. */
  show(starts: readonly UTCTimestamp[], color: string): void
}

const STEP = 6

/** A window's band on the canvas, in its own pixels; `unit` of them are one of the page's. */
interface Band {
  readonly left: number
  readonly width: number
  readonly height: number
  readonly unit: number
}
type DrawBand = (context: CanvasRenderingContext2D, band: Band, color: string) => void

export function createWindowBands(draw: DrawBand): WindowBands {
  let chart: SeriesAttachedParameter<Time>['chart'] | undefined
  let update = () => {}
  let starts: readonly UTCTimestamp[] = []
  let color = ''
  const views = [
    {
      zOrder: () => 'bottom' as const,
      renderer: () => ({
        draw(target: Parameters<IPrimitivePaneRenderer['draw']>[0]) {
          const scale = chart?.timeScale()
          if (!scale || starts.length === 0) return
          target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio }) => {
            const width = scale.options().barSpacing * ratio
            for (const start of starts) {
              const middle = scale.timeToCoordinate(start)
              if (middle === null) continue
              const left = middle * ratio - width / 2
              if (left + width < 0 || left > bitmapSize.width) continue
              const [from, wide] = [Math.floor(left), Math.ceil(Math.max(width, 2 * ratio))]
              draw(context, { left: from, width: wide, height: bitmapSize.height, unit: ratio }, color)
            }
          })
        },
      }),
    },
  ]
  return {
    attached(parameters) {
      chart = parameters.chart
      update = parameters.requestUpdate
    },
    detached() {
      chart = undefined
    },
    paneViews: () => views,
    show(wanted, wantedColor) {
      starts = wanted
      color = wantedColor
      update()
    },
  }
}

/** The mark of a window that was corrected: it covers no candle. */
export const underlined: DrawBand = (context, { left, width, height, unit }, color) => {
  const thick = Math.round(4 * unit)
  context.save()
  context.fillStyle = color
  context.fillRect(left, height - thick, width, thick)
  context.restore()
}

export const hatched: DrawBand = (context, { left, width, height, unit }, color) => {
  const step = STEP * unit
  context.save()
  context.beginPath()
  context.rect(left, 0, width, height)
  context.clip()
  context.globalAlpha = 0.16
  context.fillStyle = color
  context.fillRect(left, 0, width, height)
  context.globalAlpha = 0.55
  context.strokeStyle = color
  context.lineWidth = Math.max(1, step / 6)
  context.beginPath()
  // All bands are one pattern: a line begins where its neighbour's would.
  for (let x = Math.floor((left - height) / step) * step; x < left + width; x += step) {
    context.moveTo(x, height)
    context.lineTo(x + height, 0)
  }
  context.stroke()
  context.restore()
}
