/**
 * Candles, lines over them and volumes on a canvas, by lightweight-charts. It draws positions, and those are floats; whatever is read
 * comes from the candles' own text.
 */
import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  type ISeriesApi,
  LineSeries,
  PriceLineSource,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import { readable } from '../../figures/decimals.ts'
import { instantText } from '../../figures/times.ts'
import { type Candle, type CandleBook, priceDigits, windowName } from '../model/candle-book.ts'
import { vwapLine } from '../model/vwap.ts'
import type { ChartColors } from './colors.ts'
import { type Crosshair, createCrosshair } from './crosshair.ts'
import { type ChartMoves, chartMoves, MARGIN } from './moves.ts'
import { createWindowBands, hatched, underlined } from './window-bands.ts'

export interface Shown {
  readonly book: CandleBook
  /** The first is drawn as candles, the others as lines. */
  readonly markets: readonly string[]
  readonly windowMs: number
  readonly vwap: boolean
}

export interface PriceChart extends ChartMoves, Crosshair {
  /** Draws all of it anew. */
  show(shown: Shown): void
  /** Draws one candle that has changed. */
  change(candle: Candle): void
  paint(colors: ChartColors): void
  /** Hatches these windows too, by their starts in milliseconds since 1970: trades of them are missing. */
  lack(starts: ReadonlySet<number>): void
  picture(): HTMLCanvasElement
  remove(): void
}

export interface ChartHandlers {
  /** The crosshair is over a window, by its start, or over none. */
  hovered(startMs: number | undefined): void
  /** Somebody wants the trades of a window, by its start. */
  chosen(startMs: number): void
  /** Candles of an end of what is loaded are seen. */
  near(end: 'older' | 'newer'): void
}

const seconds = (ms: number) => (ms / 1000) as UTCTimestamp
const NEAR = 20

export function createPriceChart(container: HTMLElement, colors: ChartColors, handlers: ChartHandlers): PriceChart {
  const chart = createChart(container, {
    autoSize: true,
    // The page says itself whose charts these are: the library's own sign needs an inline style.
    layout: {
      attributionLogo: false,
      fontFamily: getComputedStyle(container).fontFamily,
      fontSize: Math.round(0.85 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)),
      panes: { enableResize: true },
    },
    localization: { timeFormatter: (time: Time) => `${instantText(Number(time) * 1000)} UTC` },
    timeScale: {
      timeVisible: true,
      secondsVisible: false,
      rightOffset: MARGIN,
      minBarSpacing: 1,
      lockVisibleTimeRangeOnResize: true,
    },
    kineticScroll: { touch: true, mouse: false },
  })
  const candles = chart.addSeries(CandlestickSeries, {
    borderVisible: false,
    priceLineVisible: true,
    // The label beside it is of the last window that is seen, too.
    priceLineSource: PriceLineSource.LastVisible,
  })
  const average = chart.addSeries(LineSeries, {
    // It may be far away: the candles are what the scale is for.
    autoscaleInfoProvider: () => null,
    lineWidth: 1,
    priceLineVisible: false,
    lastValueVisible: false,
  })
  const volume = chart.addSeries(
    HistogramSeries,
    { priceFormat: { type: 'volume' }, priceLineVisible: false, lastValueVisible: false },
    1,
  )
  const bought = chart.addSeries(
    HistogramSeries,
    { priceFormat: { type: 'volume' }, priceLineVisible: false, lastValueVisible: false },
    1,
  )
  const gaps = createWindowBands(hatched)
  const corrections = createWindowBands(underlined)
  candles.attachPrimitive(gaps)
  candles.attachPrimitive(corrections)
  chart.panes()[1]?.setStretchFactor(0.25)
  let lines: ISeriesApi<'Line'>[] = []
  let shown: Shown | undefined
  /** Candles that the series have. */
  let drawn = new Set<string>()
  let painted = colors
  let lacking: ReadonlySet<number> = new Set()

  const list = (): readonly Candle[] => shown?.book.candles(shown.markets[0]) ?? []
  const blank = (candle: Candle) => ({ time: seconds(candle.startMs) })
  const bar = (candle: Candle) =>
    candle.open === null
      ? blank(candle)
      : {
          ...{ time: seconds(candle.startMs), open: Number(candle.open), high: Number(candle.high) },
          ...{ low: Number(candle.low), close: Number(candle.close) },
        }
  const point = (candle: Candle, value: string | null | undefined) =>
    value === null || value === undefined ? blank(candle) : { time: seconds(candle.startMs), value: Number(value) }

  function marked(): void {
    const all = list()
    gaps.show(
      all.flatMap(({ status, startMs }) => (status === 'gap' || lacking.has(startMs) ? [seconds(startMs)] : [])),
      painted.gap,
    )
    corrections.show(
      all.flatMap(({ corrected, startMs }) => (corrected ? [seconds(startMs)] : [])),
      painted.accent,
    )
  }

  function paint(next: ChartColors): void {
    painted = next
    const { text, background, grid, up, down, muted } = next
    const edge = { borderColor: grid }
    chart.applyOptions({
      layout: {
        textColor: muted,
        background: { color: background },
        panes: { separatorColor: grid, separatorHoverColor: grid },
      },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      crosshair: {
        mode: 0,
        vertLine: { color: muted, labelBackgroundColor: text },
        horzLine: { color: muted, labelBackgroundColor: text },
      },
      rightPriceScale: edge,
      timeScale: edge,
    })
    candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, priceLineColor: muted })
    average.applyOptions({ color: next.vwap })
    volume.applyOptions({ color: next.down })
    bought.applyOptions({ color: next.up })
    lines.forEach((line, place) => {
      line.applyOptions({ color: next.lines[place % next.lines.length] })
    })
    marked()
  }

  function show(next: Shown): void {
    const range =
      shown && shown.markets[0] === next.markets[0] && shown.windowMs === next.windowMs
        ? chart.timeScale().getVisibleRange()
        : null
    shown = next
    drawn = new Set(next.markets.flatMap(market => next.book.candles(market).map(windowName)))
    const all = list()
    const digits = priceDigits(all)
    const priceFormat = {
      type: 'custom',
      minMove: Number(`1e-${digits}`),
      formatter: (price: number) => readable(price.toFixed(digits)),
    } as const
    candles.applyOptions({ priceFormat })
    average.applyOptions({ priceFormat })
    while (lines.length > next.markets.length - 1) chart.removeSeries(lines.pop() as ISeriesApi<SeriesType>)
    while (lines.length < next.markets.length - 1) {
      const color = painted.lines[lines.length % painted.lines.length]
      lines = [...lines, chart.addSeries(LineSeries, { lineWidth: 1, color, priceFormat, priceLineVisible: false })]
    }
    candles.setData(all.map(bar))
    volume.setData(all.map(candle => point(candle, candle.volume)))
    bought.setData(all.map(candle => point(candle, candle.taker_buy_volume)))
    lines.forEach((line, place) => {
      line.setData(next.book.candles(next.markets[place + 1]).map(candle => point(candle, candle.close)))
    })
    const averages = next.vwap ? vwapLine(all) : new Map<number, string>()
    average.setData(next.vwap ? all.map(candle => point(candle, averages.get(candle.startMs))) : [])
    marked()
    if (range) chart.timeScale().setVisibleRange(range)
  }

  function change(candle: Candle): void {
    if (!shown) return
    const market = `${candle.exchange}:${candle.symbol}`
    const isOld = shown.book.candles(market).at(-1) !== candle
    const isNew = !drawn.has(windowName(candle))
    drawn.add(windowName(candle))
    // Nothing was there so far: of the past the library changes only points that it has.
    if (isOld && isNew) return void show(shown)
    const place = shown.markets.indexOf(market)
    if (place > 0) {
      lines[place - 1]?.update(point(candle, candle.close), isOld)
      return
    }
    candles.update(bar(candle), isOld)
    volume.update(point(candle, candle.volume), isOld)
    bought.update(point(candle, candle.taker_buy_volume), isOld)
    if (shown.vwap) {
      const day = list().filter(
        each => Math.floor(each.startMs / 86_400_000) === Math.floor(candle.startMs / 86_400_000),
      )
      const averages = vwapLine(day)
      for (const each of isOld ? day.filter(({ startMs }) => startMs >= candle.startMs) : [candle])
        average.update(point(each, averages.get(each.startMs)), each !== list().at(-1))
    }
    if (candle.status === 'gap' || candle.corrected) marked()
  }

  chart.timeScale().subscribeVisibleLogicalRangeChange(range => {
    if (!range || list().length === 0) return
    if (range.from < NEAR) handlers.near('older')
    if (range.to > list().length - NEAR) handlers.near('newer')
  })

  chart.subscribeClick(({ time }) => {
    if (time !== undefined) handlers.chosen(Number(time) * 1000)
  })
  chart.priceScale('right', 1).applyOptions({ scaleMargins: { top: 0.25, bottom: 0 } })

  paint(colors)
  return {
    show,
    change,
    paint,
    lack(starts) {
      lacking = starts
      marked()
    },
    ...chartMoves(chart, { list, windowMs: () => shown?.windowMs ?? 1 }),
    ...createCrosshair(chart, candles, list, handlers.hovered),
    picture: () => chart.takeScreenshot(true, false),
    remove: () => chart.remove(),
  }
}
