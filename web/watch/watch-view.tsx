/** The view of all markets. */
import { useRef, useState } from 'preact/hooks'
import type { MarketRow } from '../../figures/rows.ts'
import { showChart } from '../shell/address.ts'
import { Filter } from '../shell/filter.tsx'
import { Empty } from '../shell/notices.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { useMedia } from '../store.ts'
import { WatchList, WIDE } from './watch-list.tsx'

export function WatchView({ markets }: { readonly markets: readonly MarketRow[] }) {
  const [filter, setFilter] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const isNarrow = useMedia('(max-width: 699px)')
  const isWide = useMedia(WIDE)
  const step = (rows: number) => {
    const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>('.row-button') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    buttons[Math.min(buttons.length - 1, Math.max(0, at + rows))]?.focus()
  }
  useShortcuts('Markets', [
    {
      keys: ['ArrowDown', 'ArrowUp'],
      label: '↓ ↑',
      does: 'the next market, the one before',
      run: key => step(key === 'ArrowDown' ? 1 : -1),
    },
    { keys: [], label: 'Enter', does: 'its chart', run: () => {} },
    { keys: ['/'], label: '/', does: 'filter', run: () => field.current?.focus() },
  ])
  if (markets.length === 0)
    return <Empty title="No markets yet">A market is here as soon as its first trades have become candles.</Empty>
  return (
    <div class="page" ref={list}>
      <Filter {...{ field, filter, setFilter }} />
      <WatchList {...{ markets, filter, isNarrow }} choose={market => showChart({ market, over: [] })} />
      {!isWide && (
        <p class="hint">
          Left out, as the window is narrow: turnover, largest move{isNarrow && ', the last hour as a line'}. From 1,000
          pixels on all is shown.
        </p>
      )}
    </div>
  )
}
