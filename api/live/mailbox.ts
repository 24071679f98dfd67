/** What comes from several sides, to be taken by one, in the order in which it came. */

export interface Mailbox<T> {
  put(item: T): void
  /** The next, when there is one; undefined once the signal has aborted. One waits at a time. */
  next(signal: AbortSignal): Promise<T | undefined>
}

export function createMailbox<T>(): Mailbox<T> {
  const items: T[] = []
  let wake = () => {}
  return {
    put(item) {
      items.push(item)
      wake()
    },
    async next(signal) {
      while (items.length === 0 && !signal.aborted)
        await new Promise<void>(resolve => {
          wake = () => {
            signal.removeEventListener('abort', wake)
            resolve()
          }
          signal.addEventListener('abort', wake)
        })
      return signal.aborted ? undefined : items.shift()
    },
  }
}
