/** Timers that end together: when their owner ends, whatever it waits for is cancelled. */
import type { Timers } from '../domain/feed-ports.ts'

export interface Timeouts {
  /** As Timers.after. */
  after(milliseconds: number, run: () => void): () => void
  cancelAll(): void
}

export function createTimeouts(timers: Pick<Timers, 'after'>): Timeouts {
  const waiting = new Set<() => void>()
  return {
    after(milliseconds, run) {
      const cancel = timers.after(milliseconds, () => {
        waiting.delete(cancel)
        run()
      })
      waiting.add(cancel)
      return () => {
        waiting.delete(cancel)
        cancel()
      }
    },
    cancelAll() {
      for (const cancel of waiting) cancel()
      waiting.clear()
    },
  }
}
