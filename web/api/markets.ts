/** The markets that the lake has, for all views. */
import type { MarketRow } from '../../figures/rows.ts'
import { createStore } from '../store.ts'
import { askRows, reasonOf } from './requests.ts'

export type Markets =
  | { readonly phase: 'loading' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'ready'; readonly markets: readonly MarketRow[] }

export const markets = createStore<Markets>({ phase: 'loading' })

export async function loadMarkets(): Promise<void> {
  if (markets.get().phase === 'failed') markets.set({ phase: 'loading' })
  try {
    markets.set({ phase: 'ready', markets: await askRows<MarketRow>('symbols', {}) })
  } catch (error) {
    // Those that are known stay.
    if (markets.get().phase !== 'ready') markets.set({ phase: 'failed', reason: reasonOf(error) })
  }
}
