/**
 * Tells a leak from ordinary work: the heap goes up and down with the traffic, but its lowest value in a window, after
 * the collector has run, only climbs where something is never released. Pure.
 */
import { MINUTE_MS } from '../domain/time.ts'

export interface MemoryWatch {
  /** One sample of the heap in use; `now` by a steady clock, milliseconds. */
  sample(bytes: number, now: number): 'fine' | 'rotate' | 'exit'
}

export interface MemoryLimits {
  /** Below it, growth does not matter. */
  readonly floorBytes: number
  /** Above it the process has to end, so that its container starts a new one. */
  readonly limitBytes: number
}

const WINDOW_MS = MINUTE_MS
/** A window's lowest value is growth when it is this many times the one of five windows before. */
const GROWTH = 1.5
const WINDOWS = 5

export function createMemoryWatch({ floorBytes, limitBytes }: MemoryLimits): MemoryWatch {
  /** Lowest values of the windows past, oldest first. */
  let lows: number[] = []
  let low = Number.POSITIVE_INFINITY
  let began: number | undefined
  let rotated = false

  return {
    sample(bytes, now) {
      began ??= now
      low = Math.min(low, bytes)
      if (now - began < WINDOW_MS) return 'fine'
      lows = [...lows.slice(-WINDOWS), low]
      const [first] = lows
      const last = low
      began = now
      low = Number.POSITIVE_INFINITY
      if (last > limitBytes) return 'exit'
      if (lows.length <= WINDOWS || last < floorBytes || last < first * GROWTH) return 'fine'
      // A new connection frees what an old one holds. Where that does not help, a new process does.
      lows = [last]
      if (rotated) return 'exit'
      rotated = true
      return 'rotate'
    },
  }
}
