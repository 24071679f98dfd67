/** What goes out on one connection: at once, later where the exchange is slow, not at all where it is silent. */
import type { Timers } from '../../domain/feed-ports.ts'

export interface Outbox {
  send(text: string): void
  /** Sends frames that hold trades. */
  trades(frames: readonly string[]): void
  /** Cuts the next frame of trades after this part of it, of 1. */
  cutNext(part: number): void
  /** Nothing is sent any more. */
  end(): void
}

interface Weather {
  isSilent(): boolean
  /** Milliseconds. */
  delay(): number
}

export function createOutbox(timers: Timers, deliver: (text: string) => void, weather: Weather): Outbox {
  const waiting: { readonly due: number; readonly text: string }[] = []
  let cancel: (() => void) | undefined
  let cut: number | undefined
  let ended = false

  function flush(): void {
    cancel = undefined
    const ready = waiting.findIndex(({ due }) => due > timers.now())
    for (const { text } of waiting.splice(0, ready === -1 ? waiting.length : ready)) deliver(text)
    if (waiting.length > 0) cancel = timers.after(waiting[0].due - timers.now(), flush)
  }

  function put(texts: readonly string[]): void {
    if (ended || texts.length === 0 || weather.isSilent()) return
    const delay = weather.delay()
    if (delay === 0 && waiting.length === 0) {
      for (const text of texts) deliver(text)
      return
    }
    // Never before frames that came earlier.
    const due = Math.max(timers.now() + delay, waiting.at(-1)?.due ?? 0)
    for (const text of texts) waiting.push({ due, text })
    cancel ??= timers.after(waiting[0].due - timers.now(), flush)
  }

  return {
    send: text => put([text]),
    trades(frames) {
      const [first, ...rest] = frames
      if (cut === undefined || first === undefined) return put(frames)
      put([first.slice(0, 1 + Math.floor(cut * (first.length - 2))), ...rest])
      cut = undefined
    },
    cutNext(part) {
      cut = part
    },
    end() {
      ended = true
      waiting.length = 0
      cancel?.()
    },
  }
}
