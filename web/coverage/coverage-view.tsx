/** How complete the lake is: markets by hours, or by days, and what is missing in each. */
import { useMemo, useRef, useState } from 'preact/hooks'
import { firstTrades } from '../../figures/coverage.ts'
import { nameFilter } from '../../figures/markets.ts'
import { count } from '../../figures/pipeline.ts'
import { HEAT_RANGES, type Timeframe, timeframeNamed } from '../../figures/times.ts'
import { markets } from '../api/markets.ts'
import { usePolled } from '../api/polled.ts'
import { now } from '../browser.ts'
import { type HeatCell, heatMapOf, kindsIn } from '../model/heat.ts'
import { show, view } from '../shell/address.ts'
import { Asked } from '../shell/asked.tsx'
import { Filter } from '../shell/filter.tsx'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { Segments } from '../shell/segments.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { useStore } from '../store.ts'
import { CellDetails } from './cell-details.tsx'
import { coverageSince } from './coverage-rows.ts'
import { HeatTable } from './heat-table.tsx'

/** The answer is counted from the trades, which costs the server some work. */
const EVERY_MS = 300_000

export function CoverageView({ chosen }: { readonly chosen: string }) {
  const range = HEAT_RANGES.find(({ name }) => name === chosen) ?? HEAT_RANGES[0]
  const bucketMs = (timeframeNamed(range.bucket) as Timeframe).ms
  const [filter, setFilter] = useState('')
  const [opened, setOpened] = useState<HeatCell | undefined>(undefined)
  const field = useRef<HTMLInputElement>(null)
  const { look, ...asked } = usePolled(
    range.name,
    async signal => {
      const fromMs = Math.floor((now() - range.ms) / bucketMs + 1) * bucketMs
      // One more in front: what is missing between the two is counted to the later one.
      const start = new Date(fromMs - bucketMs).toISOString()
      const rows = await coverageSince(start, range, signal)
      return { rows, fromMs }
    },
    EVERY_MS,
  )
  const step = (places: number) => {
    const next = HEAT_RANGES[HEAT_RANGES.indexOf(range) + places]
    if (next) show({ ...view.get(), coverage: next.name })
  }
  useShortcuts('Coverage', [
    { keys: ['['], label: '[', does: 'a shorter range', run: () => step(-1) },
    { keys: [']'], label: ']', does: 'a longer range', run: () => step(1) },
    { keys: [], label: '← → ↑ ↓', does: 'from cell to cell, in the map; Home and End to its edges', run: () => {} },
    { keys: [], label: 'Enter', does: "the cell's figures, and which numbers are missing", run: () => {} },
    { keys: ['/'], label: '/', does: 'filter', run: () => field.current?.focus() },
    { keys: ['r'], label: 'r', does: 'count again', run: look },
  ])
  const known = useStore(markets)
  const first = useMemo(() => firstTrades(known.phase === 'ready' ? known.markets : []), [known])
  const rows = (asked.answer?.rows ?? []).filter(nameFilter(filter))
  const map = heatMapOf(rows, asked.answer?.fromMs ?? 0, first)
  const unit = range.bucket === '1h' ? 'hour' : 'day'
  return (
    <div class="page coverage">
      <div class="controls">
        <Segments
          legend="Range"
          choices={HEAT_RANGES}
          titleOf={({ name, bucket }) => `The last ${name}, by the ${bucket === '1h' ? 'hour' : 'day'}`}
          isChosen={({ name }) => name === range.name}
          choose={({ name }) => show({ ...view.get(), coverage: name })}
        />
        <Filter {...{ field, filter, setFilter }} />
        <Asked {...asked} look={look} />
      </div>
      {!asked.answer ? (
        asked.problem === undefined ? (
          <Loading what={`Counting the trades of every ${unit}…`} />
        ) : (
          <Failed title="Coverage could not be read" reason={asked.problem} retry={look} />
        )
      ) : map.lines.length === 0 ? (
        filter.trim() !== '' ? (
          <p class="notice muted">No market has all of these words in its name.</p>
        ) : (
          <Empty title="No trades yet">A market is here as soon as its first trades have become candles.</Empty>
        )
      ) : (
        <>
          <ul class="heat-legend" aria-label="What the cells say">
            {kindsIn(map).map(({ kind, sign, says, cells }) => (
              <li key={kind}>
                <span class={`heat-key heat-${kind} ${kind === 'open' ? 'heat-half' : ''}`} aria-hidden="true">
                  {sign}
                </span>
                <span>
                  <b>
                    {count(cells, unit)} {kind}:
                  </b>{' '}
                  <span class="muted">{says}</span>
                </span>
              </li>
            ))}
          </ul>
          <HeatTable map={map} unit={unit} open={setOpened} />
        </>
      )}
      {opened && <CellDetails cell={opened} close={() => setOpened(undefined)} />}
    </div>
  )
}
