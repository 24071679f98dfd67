import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTracker, SKIPPED } from '../../feeds/tracker.ts'

const SYMBOL = 'BTCUSDT'
const idsOf = (ranges: readonly { from: number; to: number }[]) =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i))

describe('a tracker', () => {
  test('in any order of arrival it misses exactly the ids that did not come, and settles what is below them', () => {
    const arrivals = fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 80 })
    fc.assert(
      fc.property(arrivals, ids => {
        const tracker = createTracker()
        tracker.note(SYMBOL, 1, 1n, 0)
        const seen = new Set([1])
        for (const id of ids) {
          expect(tracker.note(SYMBOL, id, BigInt(id), 0)).toBe(seen.has(id) ? 'repeat' : 'new')
          seen.add(id)
        }

        const highest = Math.max(...seen)
        const missing = Array.from({ length: highest }, (_, i) => i + 1).filter(id => !seen.has(id))
        expect(idsOf(tracker.missing({ symbol: SYMBOL, from: 1, to: highest }))).toEqual(missing)
        expect(tracker.missingIds).toBe(missing.length)
        expect(tracker.settled()).toEqual([{ symbol: SYMBOL, id: missing.length === 0 ? highest : missing[0] - 1 }])
        expect(idsOf(tracker.overdue(60_000))).toEqual(missing)
        expect(tracker.overdue(60_000)).toEqual([])
      }),
    )
  })

  test('reports a range only after its grace period, with the times around it and the known reason', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 10, 1_000n, 1)
    tracker.note(SYMBOL, 15, 2_000n, 500)

    expect(tracker.overdue(3_000)).toEqual([])
    expect(tracker.overdue(3_500)).toEqual([
      { symbol: SYMBOL, from: 11, to: 14, fromTime: 1_000n, toTime: 2_000n, cause: SKIPPED },
    ])
    tracker.interrupted('broken')
    tracker.note(SYMBOL, 17, 3_000n, 4_000)
    tracker.note(SYMBOL, 19, 3_000n, 4_000)
    expect(tracker.overdue(9_000).map(({ from, cause }) => [from, cause])).toEqual([
      [16, 'broken'],
      [18, SKIPPED],
    ])
  })

  test('a trade that comes late closes its place, and splits the range around it', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1, 0n, 0)
    tracker.note(SYMBOL, 6, 0n, 0)

    expect(tracker.note(SYMBOL, 4, 0n, 1)).toBe('new')

    expect(tracker.overdue(5_000).map(({ from, to }) => [from, to])).toEqual([
      [2, 3],
      [5, 5],
    ])
  })

  test('what is given up is not waited for', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1, 0n, 0)
    tracker.note(SYMBOL, 10, 0n, 0)

    tracker.giveUp({ symbol: SYMBOL, from: 2, to: 7 })

    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 10 })).toEqual([{ from: 8, to: 9 }])
    expect(tracker.settled()).toEqual([{ symbol: SYMBOL, id: 7 }])
  })

  test('goes on from an earlier process: what came meanwhile is missing', () => {
    const tracker = createTracker()
    tracker.resume(SYMBOL, 100, 5n, 'the feed was restarted')

    tracker.note(SYMBOL, 105, 9n, 1)

    expect(tracker.overdue(3_001)).toEqual([
      { symbol: SYMBOL, from: 101, to: 104, fromTime: 5n, toTime: 9n, cause: 'the feed was restarted' },
    ])
  })

  test('an exchange that names its last trade reveals trades that are missing at the end', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 5, 1n, 0)

    tracker.reached(SYMBOL, 5, 0)
    tracker.reached(SYMBOL, 7, 0)

    expect(tracker.overdue(3_000).map(({ from, to }) => [from, to])).toEqual([[6, 7]])
  })

  test('a symbol may begin with the last id that the exchange names', () => {
    const tracker = createTracker()
    tracker.reached(SYMBOL, 5, 0)
    tracker.note(SYMBOL, 8, 1n, 1)
    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 10 })).toEqual([{ from: 6, to: 7 }])
  })

  test('a trade dated a day ahead that comes again forgets nothing', () => {
    const tracker = createTracker()
    const day = 86_400_000_000n
    tracker.note(SYMBOL, 100, 0n, 0)
    tracker.note(SYMBOL, 101, day, 1)
    tracker.note(SYMBOL, 105, 2_000n, 2)

    expect(tracker.note(SYMBOL, 101, day, 3)).toBe('repeat')

    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 200 })).toEqual([{ from: 102, to: 104 }])
    expect(tracker.overdue(9_000)[0].fromTime).toBe(0n)
  })

  test('numbers that begin again are taken as new trades, not as repeats for ever', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1_000, 0n, 0)

    expect(tracker.note(SYMBOL, 1, 3_600_000_000n, 3_600_000)).toBe('new')
    expect(tracker.note(SYMBOL, 2, 3_600_000_001n, 3_600_000)).toBe('new')
    expect(tracker.missingIds).toBe(0)
  })

  test('symbols do not mix', () => {
    const tracker = createTracker()
    tracker.note('A', 1, 0n, 0)
    tracker.note('B', 100, 0n, 0)
    tracker.note('A', 2, 0n, 0)
    tracker.note('B', 102, 0n, 0)

    expect(tracker.settled()).toEqual([
      { symbol: 'A', id: 2 },
      { symbol: 'B', id: 100 },
    ])
  })
})
