/** Waits that end early when nobody waits any longer. */
import type { Timers } from '../../domain/feed-ports.ts'

/** Settles after so many milliseconds, or when the signal aborts; then nothing of it is left. */
export function waitFor(timers: Pick<Timers, 'after'>, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = timers.after(milliseconds, end)
    signal.addEventListener('abort', end)
  })
}
