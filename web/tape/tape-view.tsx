/** The view of all trades, or of those of one asset or market. */
import { useState } from 'preact/hooks'
import { groupMarkets } from '../../figures/markets.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'
import { show, view } from '../shell/address.ts'
import { useShortcuts } from '../shell/shortcuts.ts'
import { UnknownMarket } from '../shell/unknown-market.tsx'
import { useMedia } from '../store.ts'
import { MarketFigures } from './market-figures.tsx'
import { Tape } from './tape.tsx'

export function TapeView({
  markets,
  chosen,
}: {
  readonly markets: readonly MarketRow[]
  readonly chosen: string | undefined
}) {
  const [isPaused, setPaused] = useState(false)
  const isNarrow = useMedia('(max-width: 699px)')
  const toggle = () => setPaused(is => !is)
  useShortcuts('Trades', [{ keys: [' '], label: 'Space', does: 'stop the tape, and let it run', run: toggle }])
  const groups = groupMarkets(markets)
  const wanted = markets.filter(market => chosen === market.base || chosen === marketName(market))
  const isAll = wanted.length === 0
  const choose = (name: string) => show({ ...view.get(), tape: name || undefined }, false)
  if (isAll && chosen !== undefined)
    return (
      <div class="page page-tape">
        <UnknownMarket name={chosen} {...{ markets, choose }} />
      </div>
    )
  return (
    <div class="page page-tape">
      <div class="tape-controls">
        <label>
          <span class="unseen">Trades of</span>
          <select value={isAll ? '' : chosen} onChange={event => choose(event.currentTarget.value)}>
            <option value="">All markets</option>
            {groups.map(({ base, markets: some }) => (
              <optgroup key={base} label={base}>
                <option value={base}>All of {base}</option>
                {some.map(market => (
                  <option key={marketName(market)} value={marketName(market)}>
                    {market.exchange} {market.base}/{market.quote}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={isPaused} onClick={toggle} title="Space">
          {isPaused ? 'Run' : 'Stop'}
        </button>
      </div>
      {isAll ? (
        <p class="hint">
          Choose an asset or a market: its average prices and largest trades of the last hour are shown.
        </p>
      ) : (
        <MarketFigures markets={wanted} />
      )}
      <Tape
        symbols={isAll ? undefined : [...new Set(wanted.map(({ symbol }) => symbol))].join()}
        exchanges={isAll ? undefined : [...new Set(wanted.map(({ exchange }) => exchange))].join()}
        {...{ markets, isPaused }}
        layout={!isNarrow ? 'wide' : wanted.length === 1 ? 'single' : 'stacked'}
      />
    </div>
  )
}
