/** What the page shows, and its address: each follows the other. */
import { type ChartState, hashOf, stateIn, type ViewState } from '../model/view-state.ts'
import { createStore } from '../store.ts'

export const view = createStore<ViewState>(stateIn(location.hash))

addEventListener('hashchange', () => {
  if (location.hash !== hashOf(view.get())) view.set(stateIn(location.hash))
})

/** Shows another state. `isStep`: the browser's back button comes back from it. */
export function show(next: ViewState, isStep = true): void {
  const hash = hashOf(next)
  if (hash !== location.hash) history[isStep ? 'pushState' : 'replaceState'](null, '', hash)
  view.set({ ...next, unknown: undefined })
}

export function showChart(change: Partial<ChartState>, isStep = true): void {
  const state = view.get()
  show({ ...state, view: 'chart', chart: { ...state.chart, ...change } }, isStep)
}
