/** Averages of the chosen markets, and the largest trade of each. */
import { askMarketFigures, figureTexts } from '../../figures/market-figures.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'
import { usePolled } from '../api/polled.ts'
import { askRows } from '../api/requests.ts'
import { now } from '../browser.ts'

/** The server looks through an hour of trades. */
const EVERY_MS = 15_000

export function MarketFigures({ markets }: { readonly markets: readonly MarketRow[] }) {
  const symbols = markets.map(marketName).join()
  const { answer, problem } = usePolled(
    symbols,
    signal => askMarketFigures((route, parameters) => askRows(route, parameters, signal), { symbols }, now()),
    EVERY_MS,
  )
  if (!answer) return <p class="hint">{problem ?? 'Asking for averages and the largest trades of the last hour…'}</p>
  return (
    <ul class="market-figures" aria-label="Averages and largest trades">
      {markets.map(market => (
        <li key={marketName(market)}>
          <b>{marketName(market)}</b>{' '}
          {figureTexts(market, answer).map(text => (
            <span key={text} class="market-figure">
              {text}
            </span>
          ))}
        </li>
      ))}
    </ul>
  )
}
