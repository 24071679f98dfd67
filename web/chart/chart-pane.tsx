/** One chart: its canvas, its figures, and what is said where there are no candles. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../../figures/pipeline.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'
import { startOfDay, type Timeframe } from '../../figures/times.ts'
import { frames } from '../browser.ts'
import { priceDigits } from '../model/candle-book.ts'
import type { ChartState, Span } from '../model/view-state.ts'
import { vwapLine } from '../model/vwap.ts'
import { showChart, view } from '../shell/address.ts'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { painted } from '../shell/theme.ts'
import { useStore } from '../store.ts'
import { type ChartFeed, openChartFeed } from './chart-feed.ts'
import { chartColors } from './colors.ts'
import { spokenCandle } from './explain.ts'
import { Corrected, Lacking } from './foot-parts.tsx'
import { Legend } from './legend.tsx'
import { spanOutside } from './outside.ts'
import type { Handle } from './pane-handle.ts'
import { createPriceChart, type PriceChart } from './price-chart.ts'
import { useLack } from './use-lack.ts'
import { WindowTrades } from './window-trades.tsx'

interface PaneProps {
  /** The first is drawn as candles, the others over it. */
  readonly markets: readonly MarketRow[]
  readonly timeframe: Timeframe
  readonly state: ChartState
  readonly handle: Handle
  /** Goes to a time, milliseconds since 1970. */
  readonly goTo: (ms: number) => void
}

export function ChartPane({ markets, timeframe, state, handle, goTo }: PaneProps) {
  const [market, ...others] = markets
  const names = markets.map(marketName)
  const box = useRef<HTMLDivElement>(null)
  const [feed, setFeed] = useState<ChartFeed>()
  const [chart, setChart] = useState<PriceChart>()
  const [hovered, setHovered] = useState<number>()
  const [spoken, setSpoken] = useState('')
  /** The window whose trades are shown, by its start. */
  const [chosen, setChosen] = useState<number>()
  const [, draw] = useState({})
  /** Counts the feeds: a part of time that is not loaded needs another one. */
  const [round, setRound] = useState(0)
  const colors = useStore(painted)
  const { asOf, span, vwap } = state

  const pickJump = (made: PriceChart) => {
    const { jump } = handle
    handle.jump = undefined
    // Behind the picture that moves there: the crosshair has its place on the screen, and would be over another window then.
    if (jump !== undefined) frames(() => made.pick(jump)).ask()
  }
  useEffect(() => {
    if (!box.current) return
    let isFirst = true
    const figures = frames(() => draw({}))
    const made = createPriceChart(box.current, chartColors(), {
      hovered: setHovered,
      chosen: setChosen,
      near: end => opened.extend(end),
    })
    const opened = openChartFeed(
      { markets: names, timeframe, asOf, span: view.get().chart.span },
      {
        loaded() {
          made.show({ book: opened.book, markets: names, windowMs: timeframe.ms, vwap: view.get().chart.vwap })
          if (isFirst) made.look(view.get().chart.span)
          isFirst = false
          pickJump(made)
          figures.ask()
        },
        outdated: () => setRound(count => count + 1),
        changed(candle) {
          made.change(candle)
          figures.ask()
        },
      },
    )
    setFeed(opened)
    setChart(made)
    return () => {
      figures.stop()
      opened.close()
      made.remove()
    }
  }, [names.join(), timeframe.name, asOf, round])

  const phase = useFeedState(feed)
  const all = feed?.book.candles(names[0]) ?? []
  const lack = useLack(all, timeframe, asOf)
  useEffect(() => chart?.paint(chartColors()), [chart, colors])
  useEffect(() => chart?.lack(lack?.lacking ?? new Set()), [chart, lack])
  useEffect(() => {
    if (feed && chart) chart.show({ book: feed.book, markets: names, windowMs: timeframe.ms, vwap })
  }, [vwap])
  // What the address says because somebody moved the chart is no wish to move it.
  const told = useRef<unknown>(span)
  useEffect(() => {
    if (told.current === span || !feed || !chart) return
    told.current = span
    if (isWithin(feed, names[0], timeframe, span)) {
      chart.look(span)
      pickJump(chart)
    } else setRound(count => count + 1)
  }, [span])

  const before = useRef('')
  const moved = useRef(() => {})
  moved.current = () => {
    const seen = chart?.seen()
    if (!seen || JSON.stringify(seen) === before.current) return
    told.current = seen
    showChart({ span: seen }, false)
  }
  const settle = useMemo(() => frames(() => moved.current()), [])
  useEffect(() => settle.stop, [])
  const remember = () => {
    before.current = JSON.stringify(chart?.seen())
  }
  const moving = (change: (chart: PriceChart) => void) => {
    remember()
    if (chart) change(chart)
    settle.ask()
  }

  handle.pane = {
    step: windows => moving(each => each.step(windows)),
    leave: () => chart?.leave(),
    at: () => hovered,
    openTrades: () => setChosen(candle?.startMs),
    pan: direction => moving(each => each.pan(direction * 50)),
    zoom: factor => moving(each => each.zoom(factor)),
    picture: () => chart?.picture(),
    seen() {
      const seen = chart?.seen()
      const last = feed?.book.candles(names[0]).at(-1)
      if (!seen || !last) return undefined
      const end = last.startMs + timeframe.ms
      return 'last' in seen
        ? { from: end - seen.last, to: end }
        : { from: seen.from, to: Math.min(end, seen.to + timeframe.ms) }
    },
  }

  const outside =
    phase.phase === 'ready' && 'from' in span
      ? spanOutside(phase.market, all.at(-1)?.last_trade ?? undefined, span)
      : undefined
  // The newest that is seen, where an earlier part of time is.
  const end = 'to' in span ? span.to : Number.POSITIVE_INFINITY
  const newest = all.findLast(({ open, startMs }) => open !== null && startMs < end)
  const candle = hovered === undefined ? newest : feed?.book.at(names[0], hovered)
  const day =
    candle && vwap && timeframe.ms < 86_400_000
      ? all.filter(each => startOfDay(each.startMs) === startOfDay(candle.startMs))
      : []
  const digits = priceDigits(all)
  const whose = chosen === undefined ? undefined : feed?.book.at(names[0], chosen)
  const spokenNow = candle && hovered !== undefined ? spokenCandle(candle, market.quote) : ''
  useEffect(() => setSpoken(spokenNow), [spokenNow])

  return (
    <div class="pane">
      {outside && (
        <p class="bar bar-as-of" role="status">
          <span>Nothing is here. {outside.text}</span>
          <button type="button" onClick={() => goTo(outside.ms)}>
            {outside.offer}
          </button>
        </p>
      )}
      {phase.phase === 'ready' && (
        <Legend
          {...{ market, candle, timeframe, digits }}
          openTrades={() => setChosen(candle?.startMs)}
          lack={candle && lack?.at(candle.startMs)}
          vwap={candle && vwapLine(day).get(candle.startMs)}
          over={others.map(other => ({
            ...{ market: other, candle: candle && feed?.book.at(marketName(other), candle.startMs) },
          }))}
        />
      )}
      <div
        ref={box}
        class={`canvas${phase.phase === 'ready' ? '' : ' is-blank'}`}
        role="img"
        aria-label={`Candles of ${timeframe.name} of ${marketName(market)}, in ${market.quote}. The arrow keys go from window to window.`}
        onWheelCapture={() => {
          remember()
          settle.ask()
        }}
        onPointerDownCapture={remember}
        onPointerUp={settle.ask}
      />
      {phase.phase === 'loading' && <Loading what={`Reading candles of ${marketName(market)}…`} />}
      {phase.phase === 'empty' && (
        <Empty title="No candles">
          {marketName(market)} was not traded {asOf === undefined ? 'yet' : `as of ${asOf}`}.
        </Empty>
      )}
      {phase.phase === 'failed' && <Failed title="The candles could not be read" reason={phase.reason} />}
      <p class="unseen" aria-live="polite">
        {spoken}
      </p>
      {whose && whose.open !== null && (
        <WindowTrades {...{ market, asOf, digits }} candle={whose} close={() => setChosen(undefined)} />
      )}
      <footer class="foot">
        <span>
          {count(all.length, 'window')} of {timeframe.name}
          {lack && <Lacking lack={lack.whole} />}
          <Corrected all={all} />
        </span>
        <span>Prices in {market.quote}, times in UTC</span>
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          Charts by TradingView
        </a>
      </footer>
    </div>
  )
}

/** Whether a part of time is loaded, or can be by scrolling there. */
function isWithin(feed: ChartFeed, name: string, timeframe: Timeframe, span: Span): boolean {
  const current = feed.state.get()
  const list = feed.book.candles(name)
  const [first, last] = [list[0], list.at(-1)]
  // What is still being loaded may be another part.
  if (current.phase !== 'ready' || !first || !last) return false
  if ('last' in span) return current.isEdge && (current.isStart || last.startMs - span.last >= first.startMs)
  const isBefore = span.from < first.startMs && !current.isStart
  const isBehind = span.to > last.startMs + timeframe.ms && !current.isEdge
  return !isBefore && !isBehind
}

function useFeedState(feed: ChartFeed | undefined) {
  const [, draw] = useState({})
  useEffect(() => feed?.state.subscribe(() => draw({})), [feed])
  return feed?.state.get() ?? ({ phase: 'loading' } as const)
}
