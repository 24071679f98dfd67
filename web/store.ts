/** A value that changes, and those who want to know. */
import { useEffect, useState } from 'preact/hooks'
import { after, now } from './browser.ts'

export interface Store<T> {
  get(): T
  set(value: T): void
  /** Gives what ends it. */
  subscribe(listener: () => void): () => void
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(value, next)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The value, for a component that is drawn again whenever it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState<unknown>(undefined)
  useEffect(() => {
    const look = () => draw({})
    // It may have changed since it was drawn.
    look()
    return store.subscribe(look)
  }, [store])
  return store.get()
}

/** The time, for what says how old something is: drawn again every second. */
export function useNow(): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    let cancel = () => {}
    const tick = () => {
      setTime(now())
      cancel = after(1000, tick)
    }
    cancel = after(1000, tick)
    return () => cancel()
  }, [])
  return time
}

/** Whether the screen is as a media query says. */
export function useMedia(query: string): boolean {
  const [list] = useState(() => matchMedia(query))
  const [, draw] = useState({})
  useEffect(() => {
    const look = () => draw({})
    list.addEventListener('change', look)
    return () => list.removeEventListener('change', look)
  }, [list])
  return list.matches
}
