/** Where the chart is, and how it is moved. Places are numbers of windows, from 0 for the first that is loaded. */
import type { IChartApi } from 'lightweight-charts'
import type { Candle } from '../model/candle-book.ts'
import type { Span } from '../model/view-state.ts'

export interface ChartMoves {
  /** Moves to a part of time. */
  look(span: Span): void
  /** The part of time that is seen now. */
  seen(): Span | undefined
  /** Moves by so many windows, back where they are below zero. */
  pan(windows: number): void
  /** Shows so many times as much time; the end stays. */
  zoom(factor: number): void
}

/** Free room behind the newest candle. */
export const MARGIN = 3
/** So many windows have room where there are few. */
const LEAST_SLOTS = 40
const FEWEST = 5

export interface Moved {
  readonly list: () => readonly Candle[]
  readonly windowMs: () => number
}

export function chartMoves(chart: IChartApi, { list, windowMs }: Moved): ChartMoves {
  const scale = chart.timeScale()
  return {
    look(span) {
      const all = list()
      if (all.length === 0) return
      if ('last' in span) {
        const windows = Math.max(Math.round(span.last / windowMs()), FEWEST)
        const from = Math.max(all.length - windows, Math.min(0, all.length - LEAST_SLOTS))
        scale.setVisibleLogicalRange({ from, to: all.length - 1 + MARGIN })
      } else {
        const place = (ms: number) => (ms - all[0].startMs) / windowMs()
        scale.setVisibleLogicalRange({ from: place(span.from), to: place(span.to) })
      }
    },
    seen() {
      const range = scale.getVisibleLogicalRange()
      const all = list()
      if (!range || all.length === 0) return undefined
      if (range.to >= all.length - 1) return { last: Math.max(1, Math.round(all.length - range.from)) * windowMs() }
      const ms = (place: number) => all[0].startMs + Math.round(place) * windowMs()
      return { from: ms(range.from), to: ms(range.to) }
    },
    pan(windows) {
      const range = scale.getVisibleLogicalRange()
      if (range) scale.setVisibleLogicalRange({ from: range.from + windows, to: range.to + windows })
    },
    zoom(factor) {
      const range = scale.getVisibleLogicalRange()
      if (range)
        scale.setVisibleLogicalRange({
          from: range.to - Math.max(FEWEST, (range.to - range.from) * factor),
          to: range.to,
        })
    },
  }
}

/** Moves as little as is needed for a window to be seen. */
export function bringIntoView(chart: IChartApi, place: number): void {
  const scale = chart.timeScale()
  const range = scale.getVisibleLogicalRange()
  if (!range) return
  const by = place < range.from ? place - 1 - range.from : place > range.to ? place + 1 - range.to : 0
  if (by !== 0) scale.setVisibleLogicalRange({ from: range.from + by, to: range.to + by })
}
