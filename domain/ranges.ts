/** Ranges of time that cover scattered windows: few enough for one query each. */
import { compare } from './order.ts'

/** More ranges than this are joined, nearest first. */
const MAX_RANGES = 32

/** Microseconds since 1970, both ends included. */
export interface TimeRange {
  readonly from: bigint
  readonly to: bigint
}

/** All times that a table can hold. */
export const EVER: TimeRange = { from: 0n, to: 2n ** 62n }

/**
 * Ranges that cover the windows (their starts, microseconds since 1970, in any order) and reach `margin` microseconds
 * beyond them; ascending, none touching the next.
 */
export function rangesAround(windows: Iterable<bigint>, length: bigint, margin = 0n): TimeRange[] {
  const ranges: { from: bigint; to: bigint }[] = []
  for (const window of [...windows].sort(compare)) {
    const from = window - margin
    const to = window + length - 1n + margin
    const last = ranges.at(-1)
    if (last && from <= last.to + 1n) last.to = to
    else ranges.push({ from, to })
  }
  while (ranges.length > MAX_RANGES) {
    let nearest = 1
    for (let i = 2; i < ranges.length; i++)
      if (ranges[i].from - ranges[i - 1].to < ranges[nearest].from - ranges[nearest - 1].to) nearest = i
    ranges.splice(nearest - 1, 2, { from: ranges[nearest - 1].from, to: ranges[nearest].to })
  }
  return ranges
}
