/** The chart's head: the market and its price, timeframe and range, and the buttons of its dialogs. */
import type { MarketRow } from '../../figures/rows.ts'
import { RANGES, TIMEFRAMES, type Timeframe } from '../../figures/times.ts'
import type { ChartState } from '../model/view-state.ts'
import { Segments } from '../shell/segments.tsx'
import { PriceLine } from '../watch/price-line.tsx'

/** What the buttons open. */
export type Picker = 'market' | 'over' | 'time' | 'as-of' | 'export'

export interface ToolbarProps {
  readonly market: MarketRow | undefined
  readonly state: ChartState
  readonly timeframe: Timeframe
  readonly toggleVwap: () => void
  readonly chooseTimeframe: (timeframe: Timeframe) => void
  readonly chooseRange: (ms: number) => void
  readonly open: (picker: Picker) => void
}

export function Toolbar({ market, state, timeframe, toggleVwap, chooseTimeframe, chooseRange, open }: ToolbarProps) {
  return (
    <div class="toolbar">
      <div class="toolbar-market">
        <button type="button" class="market-button" onClick={() => open('market')} title="Choose a market (s)">
          <b>{market ? `${market.base}/${market.quote}` : 'Market'}</b>
          <span class="muted">{market?.exchange}</span>
          <span aria-hidden="true">▾</span>
        </button>
        {market && state.asOf === undefined && <PriceLine market={market} />}
      </div>
      <div class="toolbar-controls">
        <Segments
          legend="Timeframe"
          choices={TIMEFRAMES}
          titleOf={({ name }, place) => `Candles of ${name} (${place + 1})`}
          isChosen={({ name }) => name === timeframe.name}
          choose={chooseTimeframe}
        />
        <Segments
          legend="Range"
          choices={RANGES}
          titleOf={({ name }) => `The last ${name}`}
          isChosen={({ ms }) => 'last' in state.span && state.span.last === ms}
          choose={({ ms }) => chooseRange(ms)}
        />
        <div class="buttons">
          <button type="button" onClick={() => open('over')} title="Lay other exchanges over it (o)" disabled={!market}>
            Compare{state.over.length > 0 && ` ${state.over.length}`}
          </button>
          <button
            type="button"
            aria-pressed={state.vwap}
            onClick={toggleVwap}
            title="Average price since midnight, UTC (v)"
          >
            VWAP
          </button>
          <button type="button" onClick={() => open('time')} title="Jump to a time (j)">
            Jump
          </button>
          <button
            type="button"
            aria-pressed={state.asOf !== undefined}
            onClick={() => open('as-of')}
            title="As of an earlier state (a)"
          >
            As of
          </button>
          <button type="button" onClick={() => open('export')} title="CSV, Parquet, PNG, link (x)" disabled={!market}>
            Export
          </button>
        </div>
      </div>
    </div>
  )
}
