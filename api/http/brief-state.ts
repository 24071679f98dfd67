/** A state store whose answers are used again for a moment: many requests at once cost one reading. */
import type { Clock, Key, StateStore } from '../../domain/ports.ts'

interface Kept<T> {
  readonly answer: Promise<T>
  /** The answer as text, once it is there. */
  text?: string
  /** By the steady clock, milliseconds. */
  readonly until: number
}

/** Names of a lake's tables and lists that readers ask for are some dozens. */
const MOST_KEPT = 1_000

/**
 * Readings of one item or list within so many milliseconds are one reading; what is written goes through. A reader sees a commit
 * that much later; whoever commits must not read through this. Where one reading finds something new, all others are made again: what
 * was committed together is not half seen for long.
 */
export function brieflyKept(state: StateStore, { steady }: Pick<Clock, 'steady'>, milliseconds: number): StateStore {
  const kept = new Map<string, Kept<unknown>>()
  function once<T>(name: string, read: () => Promise<T>): Promise<T> {
    const known = kept.get(name)
    if (known && known.until > steady()) return known.answer as Promise<T>
    const made: Kept<unknown> = { answer: read().then(settle), until: steady() + milliseconds }
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(name, made)
    // A failure is nobody else's.
    made.answer.catch(() => kept.delete(name))
    return made.answer as Promise<T>

    function settle(found: T): T {
      made.text = JSON.stringify(found)
      if (known?.text !== undefined && known.text !== made.text) {
        kept.clear()
        kept.set(name, made)
      }
      return found
    }
  }
  return {
    ...state,
    get: (key: Key) => once(JSON.stringify(key), () => state.get(key)),
    query: (table, partition, options) =>
      once(JSON.stringify([table, partition, options]), () => state.query(table, partition, options)),
  }
}
