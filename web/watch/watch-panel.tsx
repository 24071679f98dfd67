/** The watch list beside a chart, where the screen has room for it. */
import type { MarketRow } from '../../figures/rows.ts'
import { showChart } from '../shell/address.ts'
import { useMedia } from '../store.ts'
import { WatchList } from './watch-list.tsx'

export function WatchPanel({
  markets,
  current,
}: {
  readonly markets: readonly MarketRow[]
  readonly current: string | undefined
}) {
  const hasRoom = useMedia('(min-width: 1200px)')
  if (!hasRoom) return null
  return (
    <aside class="panel panel-watch" aria-label="Markets">
      <WatchList {...{ markets, current }} isNarrow choose={market => showChart({ market, over: [] })} />
    </aside>
  )
}
