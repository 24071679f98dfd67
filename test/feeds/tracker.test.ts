import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTracker, SKIPPED } from '../../feeds/tracker.ts'

const SYMBOL = 'BTCUSDT'
/** A moment by both clocks. */
const at = (milliseconds: number) => ({ now: () => milliseconds, steady: () => milliseconds })
const idsOf = (ranges: readonly { from: number; to: number }[]) =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i))

describe('a tracker', () => {
  test('in any order of arrival it misses exactly the ids that did not come, and settles what is below them', () => {
    const arrivals = fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 80 })
    fc.assert(
      fc.property(arrivals, ids => {
        const tracker = createTracker()
        tracker.note(SYMBOL, 1, 1n, at(0))
        const seen = new Set([1])
        for (const id of ids) {
          expect(tracker.note(SYMBOL, id, BigInt(id), at(0))).toBe(seen.has(id) ? 'repeat' : 'new')
          seen.add(id)
        }

        const highest = Math.max(...seen)
        const missing = Array.from({ length: highest }, (_, i) => i + 1).filter(id => !seen.has(id))
        expect(idsOf(tracker.missing({ symbol: SYMBOL, from: 1, to: highest }))).toEqual(missing)
        expect(tracker.missingIds).toBe(missing.length)
        const [settled] = tracker.settled()
        expect(settled.id).toBe(highest)
        expect(idsOf(settled.missing)).toEqual(missing)
        expect(idsOf(tracker.overdue(60_000))).toEqual(missing)
        expect(tracker.overdue(60_000)).toEqual([])
      }),
    )
  })

  test('reports a range only after its grace period, with the times around it and the known reason', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 10, 1_000n, at(1))
    tracker.note(SYMBOL, 15, 2_000n, at(500))

    expect(tracker.overdue(3_000)).toEqual([])
    expect(tracker.overdue(3_500)).toEqual([
      { symbol: SYMBOL, from: 11, to: 14, fromTime: 1_000n, toTime: 2_000n, cause: SKIPPED },
    ])
    tracker.interrupted('broken')
    tracker.note(SYMBOL, 17, 3_000n, at(4_000))
    tracker.note(SYMBOL, 19, 3_000n, at(4_000))
    expect(tracker.overdue(9_000).map(({ from, cause }) => [from, cause])).toEqual([
      [16, 'broken'],
      [18, SKIPPED],
    ])
  })

  test('a trade that comes late closes its place, and splits the range around it', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1, 0n, at(0))
    tracker.note(SYMBOL, 6, 0n, at(0))

    expect(tracker.note(SYMBOL, 4, 0n, at(1))).toBe('new')

    expect(tracker.overdue(5_000).map(({ from, to }) => [from, to])).toEqual([
      [2, 3],
      [5, 5],
    ])
  })

  test('what is given up is not waited for', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1, 0n, at(0))
    tracker.note(SYMBOL, 10, 0n, at(0))

    tracker.giveUp({ symbol: SYMBOL, from: 2, to: 7 })

    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 10 })).toEqual([{ from: 8, to: 9, after: 0n }])
    expect(tracker.settled()).toMatchObject([{ symbol: SYMBOL, id: 10, missing: [{ from: 8, to: 9 }] }])
  })

  test('goes on from an earlier process: what came meanwhile is missing', () => {
    const tracker = createTracker()
    tracker.resume(SYMBOL, 100, 5n, at(0), 'the feed was restarted')

    tracker.note(SYMBOL, 105, 9n, at(1))

    expect(tracker.overdue(3_001)).toEqual([
      { symbol: SYMBOL, from: 101, to: 104, fromTime: 5n, toTime: 9n, cause: 'the feed was restarted' },
    ])
  })

  test('an exchange that names its last trade reveals trades that are missing at the end', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 5, 1n, at(0))

    tracker.reached(SYMBOL, 5, at(0))
    tracker.reached(SYMBOL, 7, at(0))

    expect(tracker.overdue(3_000).map(({ from, to }) => [from, to])).toEqual([[6, 7]])
  })

  test('a symbol may begin with the last id that the exchange names', () => {
    const tracker = createTracker()
    tracker.reached(SYMBOL, 5, at(0))
    tracker.note(SYMBOL, 8, 1n, at(1))
    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 10 })).toMatchObject([{ from: 6, to: 7 }])
  })

  test('a trade dated a day ahead that comes again forgets nothing', () => {
    const tracker = createTracker()
    const day = 86_400_000_000n
    tracker.note(SYMBOL, 100, 0n, at(0))
    tracker.note(SYMBOL, 101, day, at(1))
    tracker.note(SYMBOL, 105, 2_000n, at(2))

    expect(tracker.note(SYMBOL, 101, day, at(3))).toBe('repeat')

    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 200 })).toMatchObject([{ from: 102, to: 104 }])
    expect(tracker.overdue(9_000)[0].fromTime).toBe(0n)
  })

  test('numbers that begin again are taken as new trades, not as repeats for ever', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1_000, 0n, at(0))

    expect(tracker.note(SYMBOL, 1, 3_600_000_000n, at(3_600_000))).toBe('new')
    expect(tracker.note(SYMBOL, 2, 3_600_000_001n, at(3_600_000))).toBe('new')
    expect(tracker.missingIds).toBe(0)
    expect(tracker.abandoned()).toEqual([])
  })

  test('what was missing when numbers begin again is handed out once, to be reported', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1_000, 1n, at(0))
    tracker.note(SYMBOL, 1_003, 2n, at(0))

    expect(tracker.note(SYMBOL, 1, 3_600_000_000n, at(3_600_000))).toBe('new')

    const cause = SKIPPED
    expect(tracker.abandoned()).toEqual([{ symbol: SYMBOL, from: 1_001, to: 1_002, fromTime: 0n, toTime: 2n, cause }])
    expect(tracker.abandoned()).toEqual([])
  })

  test('a trade that was fetched and comes again is a repeat, however old the last one of the stream was', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 1, 0n, at(0))
    tracker.reached(SYMBOL, 4, at(120_000))
    expect(tracker.note(SYMBOL, 3, 119_000_000n, at(121_000))).toBe('new')

    expect(tracker.note(SYMBOL, 3, 119_000_000n, at(121_000))).toBe('repeat')

    expect(tracker.missing({ symbol: SYMBOL, from: 1, to: 4 }).map(({ from, to }) => [from, to])).toEqual([
      [2, 2],
      [4, 4],
    ])
  })

  test('a clock that was ten minutes behind and is put right makes no repeat a new number, in the next process either', () => {
    const behind = 600_000_000n
    const tracker = createTracker()
    tracker.resume(SYMBOL, 1, 0n, at(0), 'the feed was restarted')
    tracker.note(SYMBOL, 4, behind + 1_000n, at(1))
    const [{ id, time, missing }] = tracker.settled()
    const next = createTracker()
    next.resume(SYMBOL, id, BigInt(time), at(1), 'the feed was restarted', missing)

    for (const one of [tracker, next]) {
      expect(one.note(SYMBOL, 4, behind + 1_000n, at(600_002))).toBe('repeat')
      expect(one.missingIds).toBe(2)
    }
  })

  test('symbols do not mix', () => {
    const tracker = createTracker()
    tracker.note('A', 1, 0n, at(0))
    tracker.note('B', 100, 0n, at(0))
    tracker.note('A', 2, 0n, at(0))
    tracker.note('B', 102, 0n, at(0))

    expect(tracker.settled()).toMatchObject([
      { symbol: 'A', id: 2, missing: [] },
      { symbol: 'B', id: 102, missing: [{ from: 101, to: 101 }] },
    ])
  })

  test('what one process misses, the next goes on missing, with the range that was reported and the time to look from', () => {
    const first = createTracker()
    first.note(SYMBOL, 10, 1_000n, at(0))
    first.note(SYMBOL, 21, 9_000n, at(0))
    first.overdue(3_000)
    first.note(SYMBOL, 11, 2_000n, at(3_001))
    first.note(SYMBOL, 30, 9_500n, at(3_001))
    const [{ id, missing, open }] = JSON.parse(JSON.stringify(first.settled()))
    expect(id).toBe(30)

    const second = createTracker()
    const ranges = second.resume(SYMBOL, id, 9_500n, at(0), 'the feed was restarted', missing, open)

    expect(ranges).toEqual([{ symbol: SYMBOL, from: 11, to: 20, fromTime: 0n, toTime: 9_000n, cause: SKIPPED }])
    expect(second.missing(ranges[0])).toEqual([{ from: 12, to: 20, after: 2_000n }])
    // The other range was not reported yet.
    expect(second.overdue(0).map(({ from, to }) => [from, to])).toEqual([[22, 29]])
  })

  test('more missing ranges than are kept: the next process looks for everything behind the last of them', () => {
    const tracker = createTracker()
    for (let id = 1; id <= 1_001; id += 2) tracker.note(SYMBOL, id, 1n, at(0))
    const [{ id, missing }] = tracker.settled()
    expect(missing).toHaveLength(200)
    expect(id).toBe(missing[199].to + 1)
  })

  test('ids that the history has shown twice not to be there are absent, and no other', () => {
    const tracker = createTracker()
    tracker.note(SYMBOL, 10, 1n, at(0))
    tracker.note(SYMBOL, 20, 2n, at(0))

    expect(tracker.looked({ symbol: SYMBOL, from: 11, to: 14 })).toEqual([])
    tracker.note(SYMBOL, 12, 1n, at(0))
    expect(idsOf(tracker.looked({ symbol: SYMBOL, from: 11, to: 19 }))).toEqual([11, 13, 14])
    expect(idsOf(tracker.missing({ symbol: SYMBOL, from: 1, to: 30 }))).toEqual([15, 16, 17, 18, 19])
  })
})
