/** How the lake is, asked for again every ten seconds while it is looked at: the answer costs the server some work. */

import type { StatsAnswer } from '../../figures/rows.ts'
import { ask, reasonOf } from '../api/requests.ts'
import { after, isSeen, now, whenSeenChanges } from '../browser.ts'
import { createStore } from '../store.ts'

export interface Figures {
  readonly stats: StatsAnswer | undefined
  /** The answer before: rates are what came between the two. */
  readonly before: StatsAnswer | undefined
  /** When the answer came, by this browser's clock. */
  readonly atMs: number
  /** Why there is no newer one. */
  readonly problem: string | undefined
}

const EVERY_MS = 10_000

export const figures = createStore<Figures>({ stats: undefined, before: undefined, atMs: 0, problem: undefined })

let over = new AbortController()
let cancel = () => {}

/** Asks now, and then again and again until the page is hidden. */
export async function lookAgain(): Promise<void> {
  over.abort()
  cancel()
  if (!isSeen()) return
  over = new AbortController()
  const { signal } = over
  try {
    const stats = (await (await ask('stats', {}, signal)).json()) as StatsAnswer
    if (signal.aborted) return
    figures.set({ stats, before: figures.get().stats, atMs: now(), problem: undefined })
  } catch (error) {
    if (signal.aborted) return
    figures.set({ ...figures.get(), problem: reasonOf(error) })
  }
  cancel = after(EVERY_MS, () => void lookAgain())
}

/** For as long as somebody looks. Gives what ends it. */
export function followStats(): () => void {
  const end = whenSeenChanges(() => void lookAgain())
  void lookAgain()
  return () => {
    end()
    over.abort()
    cancel()
  }
}
