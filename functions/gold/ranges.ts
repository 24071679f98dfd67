/** The minutes in which a batch has trades, as ranges of time in which their repeats can lie. */

/** Two rows are one trade when their ids are equal and their times differ by at most this, microseconds. */
export const SAME_TRADE_MICROS = 1_000_000n
const MINUTE_MICROS = 60_000_000n
/** More ranges than this are joined, nearest first: each is a query of its own. */
const MAX_RANGES = 32

/** Microseconds since 1970, both ends included. */
export interface TimeRange {
  readonly from: bigint
  readonly to: bigint
}

/** Ranges that reach a second beyond the minutes (minutes since 1970, any order), ascending and apart from each other. */
export function repeatRanges(minutes: readonly number[]): TimeRange[] {
  const ranges: { from: bigint; to: bigint }[] = []
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    const from = BigInt(minute) * MINUTE_MICROS - SAME_TRADE_MICROS
    const to = BigInt(minute + 1) * MINUTE_MICROS - 1n + SAME_TRADE_MICROS
    const last = ranges.at(-1)
    if (last && from <= last.to) last.to = to
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
