/** Says that there is no such market, and offers those that may be meant. */
import { nearMarkets, noMarketText } from '../../figures/markets.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'

export interface UnknownMarketProps {
  readonly name: string
  readonly markets: readonly MarketRow[]
  readonly choose: (name: string) => void
}

export function UnknownMarket({ name, markets, choose }: UnknownMarketProps) {
  return (
    <div class="notice" role="alert">
      <h2>{noMarketText(markets, name)}</h2>
      <p>Those most like it:</p>
      <ul class="near">
        {nearMarkets(markets, name).map(market => (
          <li key={marketName(market)}>
            <button type="button" onClick={() => choose(marketName(market))}>
              {marketName(market)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
