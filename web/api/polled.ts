/** What is asked for again and again while somebody looks at it, and never while the page is hidden. */
import { useEffect, useMemo } from 'preact/hooks'
import { after, isSeen, now, whenSeenChanges } from '../browser.ts'
import { createStore, type Store, useStore } from '../store.ts'
import { reasonOf } from './requests.ts'

export interface Polled<T> {
  readonly answer: T | undefined
  /** The answer before. */
  readonly before: T | undefined
  /** When the answer came, by this browser's clock. */
  readonly atMs: number
  /** Why there is no newer one. */
  readonly problem: string | undefined
  readonly isAsking: boolean
}

export interface Poller<T> {
  readonly state: Store<Polled<T>>
  /** Asks now, and then again and again until the page is hidden. */
  look(): Promise<void>
  /** For as long as somebody looks. Gives what ends it. */
  follow(): () => void
}

/** `everyMs`: between an answer and the next question, `soonMs` between the first two; it is asked once where that is infinite. */
export function createPoller<T>(
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  soonMs = everyMs,
): Poller<T> {
  const state = createStore<Polled<T>>({
    ...{ answer: undefined, before: undefined, atMs: 0, problem: undefined, isAsking: false },
  })
  let over = new AbortController()
  let cancel = () => {}
  async function look(): Promise<void> {
    over.abort()
    cancel()
    if (!isSeen()) return
    over = new AbortController()
    const { signal } = over
    state.set({ ...state.get(), isAsking: true })
    try {
      const answer = await load(signal)
      if (signal.aborted) return
      state.set({ answer, before: state.get().answer, atMs: now(), problem: undefined, isAsking: false })
    } catch (error) {
      if (signal.aborted) return
      state.set({ ...state.get(), problem: reasonOf(error), isAsking: false })
    }
    const { answer, before } = state.get()
    const waitMs = answer !== undefined && before === undefined ? soonMs : everyMs
    if (Number.isFinite(waitMs)) cancel = after(waitMs, () => void look())
  }
  return {
    state,
    look,
    follow() {
      // What comes into sight is asked for where it is old, or was never answered.
      const end = whenSeenChanges(() => {
        const { answer, atMs } = state.get()
        if (!isSeen() || answer === undefined || now() - atMs >= everyMs) void look()
        else if (Number.isFinite(everyMs)) cancel = after(everyMs - (now() - atMs), () => void look())
      })
      void look()
      return () => {
        end()
        over.abort()
        cancel()
      }
    },
  }
}

/** The same for a component, anew where what it asks for (`key`) is another. */
export function usePolled<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): Polled<T> & { readonly look: () => void } {
  const poller = useMemo(() => createPoller(load, everyMs), [key, everyMs])
  useEffect(() => poller.follow(), [poller])
  return { ...useStore(poller.state), look: () => void poller.look() }
}
