/** The view of a chart: which market, timeframe and part of time, as the address says; and what can be done with it. */
import { useMemo, useState } from 'preact/hooks'
import { noMarketText } from '../../figures/markets.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'
import {
  instantText,
  longestOf,
  RANGES,
  TIMEFRAMES,
  type Timeframe,
  timeframeFor,
  timeframeNamed,
} from '../../figures/times.ts'
import { copyText } from '../browser.ts'
import { type ChartState, lengthOf, spanWithin } from '../model/view-state.ts'
import { showChart, view } from '../shell/address.ts'
import { Empty } from '../shell/notices.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { UnknownMarket } from '../shell/unknown-market.tsx'
import { TapePanel } from '../tape/tape-panel.tsx'
import { WatchPanel } from '../watch/watch-panel.tsx'
import { AsOfPicker } from './as-of-picker.tsx'
import { ChartPane } from './chart-pane.tsx'
import { chartColors } from './colors.ts'
import { exportPicture, exportRows } from './export.ts'
import type { Handle } from './pane-handle.ts'
import { ExportPicker, MarketPicker, OverPicker, TimePicker } from './pickers.tsx'
import { type Picker, Toolbar } from './toolbar.tsx'

export function ChartView({ markets, state }: { readonly markets: readonly MarketRow[]; readonly state: ChartState }) {
  const [picker, setPicker] = useState<Picker>()
  const handle = useMemo<Handle>(() => ({}), [])
  /** What is said of a jump that ended elsewhere, until it is put away or another market is shown. */
  const [said, setSaid] = useState<{ readonly text: string; readonly market: string | undefined }>()
  const close = () => setPicker(undefined)
  const market =
    markets.find(each => marketName(each) === state.market) ??
    (state.market === undefined ? favourite(markets) : undefined)
  const length = lengthOf(state.span)
  // An address may ask for more candles than can be seen.
  const timeframe = timeframeFor(timeframeNamed(state.timeframe) ?? TIMEFRAMES[0], length)
  /** Another chart is drawn: the window whose figures are read stays the one. */
  const keepPlace = (change: () => void) => {
    handle.jump = handle.pane?.at()
    change()
  }
  const chooseTimeframe = (chosen: Timeframe) =>
    keepPlace(() => showChart({ timeframe: chosen.name, span: spanWithin(state.span, longestOf(chosen)) }))
  const chooseRange = (ms: number) => showChart({ span: { last: ms }, timeframe: timeframeFor(timeframe, ms).name })
  const toggleVwap = () => showChart({ vwap: !view.get().chart.vwap }, false)
  const jump = (ms: number) => {
    handle.jump = ms
    showChart({ span: { from: ms - length / 2, to: ms + length / 2 } })
  }
  const nextRange = (direction: number) => {
    const place = direction > 0 ? RANGES.find(({ ms }) => ms > length) : RANGES.findLast(({ ms }) => ms < length)
    if (place) chooseRange(place.ms)
  }

  useShortcuts('Chart', [
    {
      ...{ keys: TIMEFRAMES.map((_, place) => String(place + 1)), label: `1 … ${TIMEFRAMES.length}` },
      does: `timeframe: ${TIMEFRAMES.map(({ name }) => name).join(', ')}`,
      run: key => chooseTimeframe(TIMEFRAMES[Number(key) - 1]),
    },
    { keys: ['['], label: '[', does: 'a shorter range', run: () => nextRange(-1) },
    { keys: [']'], label: ']', does: 'a longer range', run: () => nextRange(1) },
    {
      keys: ['ArrowLeft', 'ArrowRight'],
      label: '← →',
      does: 'the window before, or after: its figures are read out',
      run: key => handle.pane?.step(key === 'ArrowLeft' ? -1 : 1),
    },
    {
      keys: ['PageUp', 'PageDown'],
      label: 'PgUp PgDn',
      does: 'back in time, and forth',
      run: key => handle.pane?.pan(key === 'PageUp' ? -1 : 1),
    },
    {
      keys: ['+', '=', '-'],
      label: '+ -',
      does: 'closer, and further away',
      run: key => handle.pane?.zoom(key === '-' ? 1.25 : 0.8),
    },
    {
      keys: ['e', 'End'],
      label: 'e End',
      does: 'to the end, live',
      run: () => showChart({ span: { last: length } }),
    },
    { keys: ['Enter'], label: 'Enter', does: 'the trades of the window', run: () => handle.pane?.openTrades() },
    { keys: ['Escape'], label: 'Esc', does: 'back to the newest figures', run: () => handle.pane?.leave() },
    { keys: ['s'], label: 's', does: 'choose a market', run: () => setPicker('market') },
    { keys: ['o'], label: 'o', does: 'lay other exchanges over it', run: () => setPicker('over') },
    { keys: ['v'], label: 'v', does: 'the average price since midnight', run: toggleVwap },
    { keys: ['j'], label: 'j', does: 'jump to a time', run: () => setPicker('time') },
    { keys: ['a'], label: 'a', does: 'as of a pin, or an earlier time', run: () => setPicker('as-of') },
    { keys: ['x'], label: 'x', does: 'take it along: CSV, Parquet, PNG, link', run: () => setPicker('export') },
  ])

  if (markets.length === 0)
    return (
      <Empty title="No trades yet">
        The first candles appear some seconds after the first trades have come. <code>tradelake start</code> reads a
        market.
      </Empty>
    )
  const shown = market ? [market, ...markets.filter(each => state.over.includes(marketName(each)))] : []
  const names = shown.map(marketName)
  const strangers = state.over.filter(name => !markets.some(each => marketName(each) === name))

  async function take(what: 'csv' | 'parquet' | 'png' | 'link'): Promise<void> {
    const seen = handle.pane?.seen()
    if (what === 'link') return copyText(location.href)
    if (!seen || !market) throw new Error('there are no candles.')
    const part = { markets: names, timeframe: timeframe.name, asOf: state.asOf, ...seen }
    if (what !== 'png') return exportRows(what, part)
    const title = `${names.join(' + ')} · ${timeframe.name} · ${market.quote}${state.asOf === undefined ? '' : ` · as of ${state.asOf}`}`
    const times = `${instantText(seen.from)} to ${instantText(seen.to)} UTC`
    const picture = handle.pane?.picture()
    if (picture) exportPicture(picture, part, [title, times], chartColors())
  }

  return (
    <div class="chart-view">
      <WatchPanel markets={markets} current={state.market ?? (market && marketName(market))} />
      <section class="chart-main" aria-label="Chart">
        <Toolbar {...{ market, state, timeframe, toggleVwap, chooseTimeframe, chooseRange, open: setPicker }} />
        {state.asOf !== undefined && (
          <p class="bar bar-as-of">
            <span>
              As of <b>{state.asOf}</b>: the chart stands still. The markets' list is live.
            </span>
            <button type="button" onClick={() => showChart({ asOf: undefined })}>
              Back to now
            </button>
          </p>
        )}
        {said && said.market === state.market && (
          <p class="bar bar-as-of" role="status">
            <span>{said.text} It is shown.</span>
            <button type="button" onClick={() => setSaid(undefined)}>
              Understood
            </button>
          </p>
        )}
        {strangers.length > 0 && (
          <p class="bar bar-as-of" role="status">
            <span>
              {strangers.map(name => noMarketText(markets, name)).join(' ')} It cannot be laid over the chart.
            </span>
            <button
              type="button"
              onClick={() => showChart({ over: state.over.filter(name => !strangers.includes(name)) }, false)}
            >
              Leave it out
            </button>
          </p>
        )}
        {market ? (
          <ChartPane
            key={`${names.join()} ${timeframe.name} ${state.asOf}`}
            {...{ markets: shown, timeframe, state, handle, goTo: jump }}
          />
        ) : (
          <UnknownMarket
            {...{ markets, name: state.market ?? '' }}
            choose={name => showChart({ market: name, over: [] })}
          />
        )}
      </section>
      {market && <TapePanel market={market} />}
      {picker === 'market' && (
        <MarketPicker
          {...{ markets, close }}
          choose={name => {
            close()
            showChart({ market: name, over: [] })
          }}
        />
      )}
      {picker === 'over' && market && (
        <OverPicker
          {...{ market, markets, close }}
          over={state.over}
          choose={over => keepPlace(() => showChart({ over }, false))}
        />
      )}
      {picker === 'time' && (
        <TimePicker
          {...{ close, market }}
          choose={(ms, text) => {
            close()
            setSaid(text === undefined ? undefined : { text, market: state.market })
            jump(ms)
          }}
        />
      )}
      {picker === 'as-of' && (
        <AsOfPicker
          {...{ close, asOf: state.asOf }}
          choose={asOf => {
            close()
            showChart({ asOf })
          }}
        />
      )}
      {picker === 'export' && <ExportPicker {...{ close, take }} />}
    </div>
  )
}

/** What is shown to who has chosen nothing: bitcoin in dollars, where there is one. */
function favourite(markets: readonly MarketRow[]): MarketRow | undefined {
  return markets.find(({ base, quote }) => base === 'BTC' && quote.startsWith('USD')) ?? markets[0]
}
