/** Time moved by hand: callbacks run in the order in which they are due, each with all that follows from it. */
import { setImmediate as settle } from 'node:timers/promises'
import type { Timers } from '../../domain/feed-ports.ts'

export interface FakeTimers extends Timers {
  /** Runs what is due within this many milliseconds from now. */
  advance(milliseconds: number): Promise<void>
  /** Runs what is due up to a time, milliseconds since 1970. */
  runUntil(time: number): Promise<void>
  /** How many callbacks wait. */
  pending(): number
}

interface Entry {
  readonly due: number
  readonly order: number
  run: (() => void) | undefined
}

const before = (a: Entry, b: Entry) => a.due < b.due || (a.due === b.due && a.order < b.order)

/** A clock that stands at `startMs`, milliseconds since 1970, until it is moved. */
export function createFakeTimers(startMs: number): FakeTimers {
  /** A binary heap. */
  const heap: Entry[] = []
  let now = startMs
  let order = 0
  let pending = 0

  function push(entry: Entry): void {
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, heap[parent])) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = entry
  }

  function pop(): void {
    const entry = heap.pop()
    if (!entry || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (child >= heap.length || !before(heap[child], entry)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = entry
  }

  async function runUntil(time: number): Promise<void> {
    await settle()
    for (let first = heap[0]; first && first.due <= time; first = heap[0]) {
      pop()
      if (!first.run) continue
      const { run } = first
      first.run = undefined
      pending--
      now = Math.max(now, first.due)
      run()
      await settle()
    }
    now = Math.max(now, time)
  }

  return {
    now: () => now,
    steady: () => now,
    after(milliseconds, run) {
      const entry: Entry = { due: now + Math.max(0, Math.trunc(milliseconds)), order: order++, run }
      push(entry)
      pending++
      return () => {
        if (entry.run) pending--
        entry.run = undefined
      }
    },
    advance: milliseconds => runUntil(now + milliseconds),
    runUntil,
    pending: () => pending,
  }
}
