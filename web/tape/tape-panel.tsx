/** The trades of a market beside its chart, where the screen has room for them. */
import { type MarketRow, marketName } from '../../figures/rows.ts'
import { useMedia } from '../store.ts'
import { Tape } from './tape.tsx'

export function TapePanel({ market }: { readonly market: MarketRow }) {
  const hasRoom = useMedia('(min-width: 1700px)')
  if (!hasRoom) return null
  return (
    <aside class="panel panel-tape" aria-label={`Trades of ${marketName(market)}`}>
      <Tape symbols={market.symbol} exchanges={market.exchange} markets={[market]} isPaused={false} layout="single" />
    </aside>
  )
}
