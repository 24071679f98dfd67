/** The crosshair: over which window it is, and how it is moved by key. */
import type { IChartApi, ISeriesApi, UTCTimestamp } from 'lightweight-charts'
import type { Candle } from '../model/candle-book.ts'
import { bringIntoView } from './moves.ts'

export interface Crosshair {
  /** Moves it by so many windows, from where it is or from the end. */
  step(windows: number): void
  /** Moves it to the window that has a time, milliseconds since 1970. */
  pick(ms: number): void
  /** Takes it away. */
  leave(): void
}

/** `hovered`: told of the start of the window that it is over; undefined for none. */
export function createCrosshair(
  chart: IChartApi,
  candles: ISeriesApi<'Candlestick'>,
  list: () => readonly Candle[],
  hovered: (startMs: number | undefined) => void,
): Crosshair {
  let at: number | undefined
  /** Whether a key or a jump has chosen the window: it stays the one, however the picture is laid out anew. */
  let isKept = false
  chart.subscribeCrosshairMove(({ time, sourceEvent }) => {
    if (isKept && !sourceEvent) {
      const place = list().findIndex(({ startMs }) => startMs === at)
      if (time !== undefined && Number(time) * 1000 !== at && place >= 0) point(place)
      return
    }
    isKept = false
    at = time === undefined ? undefined : Number(time) * 1000
    hovered(at)
  })

  function choose(place: number): void {
    const all = list()
    at = all[place].startMs
    isKept = true
    point(place)
    bringIntoView(chart, place)
    hovered(at)
  }

  function point(place: number): void {
    const all = list()
    const value = Number(all[place].close ?? all.findLast(({ close }) => close !== null)?.close ?? 0)
    chart.setCrosshairPosition(value, (all[place].startMs / 1000) as UTCTimestamp, candles)
  }

  return {
    step(windows) {
      const last = list().length - 1
      if (last < 0) return
      const place = at === undefined ? last + (windows > 0 ? 0 : 1) : list().findIndex(({ startMs }) => startMs === at)
      choose(Math.min(last, Math.max(0, place + windows)))
    },
    pick(ms) {
      const place = list().findLastIndex(({ startMs }) => startMs <= ms)
      if (place >= 0) choose(place)
    },
    leave() {
      isKept = false
      chart.clearCrosshairPosition()
      at = undefined
      hovered(undefined)
    },
  }
}
