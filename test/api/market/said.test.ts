/** Why numbers are not here: each for one reason, whatever else is said of it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countReasons, isSaid, REASONS, saidRanges } from '../../../api/market/said.ts'

const report = (
  status: 'open' | 'lost' | 'unreadable' | 'absent' | 'filled',
  fromId: number | null,
  toId = fromId,
) => ({
  ...{ status, fromId, toId },
})

test('a number that could not be read by the feed, and was refused too, counts once', () => {
  const ranges = saidRanges([report('unreadable', 5)], [5, 6])
  expect(ranges).toEqual([
    { first: 5, last: 5, reason: 'unreadable' },
    { first: 6, last: 6, reason: 'refused' },
  ])
  expect(countReasons(ranges, [], [1, 10])).toEqual({ open: 0, lost: 0, unreadable: 1, absent: 0, refused: 1 })
})

test('a number that is here, or outside the range, counts nowhere', () => {
  const ranges = saidRanges([report('lost', 10, 19), report('open', 15, 15), report('unreadable', null)])
  expect(countReasons(ranges, [11, 12, 30], [0, 100])).toMatchObject({ lost: 7, open: 1 })
  expect(countReasons(ranges, [11, 12, 30], [12, 15])).toMatchObject({ lost: 2, open: 1 })
  expect([9, 10, 19, 20].map(number => isSaid(ranges, number))).toEqual([false, true, true, false])
})

test('what was fetched and is not here all the same was refused, where a record says so', () => {
  expect(saidRanges([report('filled', 1, 9)], [4])).toEqual([{ first: 4, last: 4, reason: 'refused' }])
})

test('whatever is said, each number has the reason that ranks first, as one by one', () => {
  const number = fc.integer({ min: 0, max: 30 })
  const some = fc.record({
    status: fc.constantFrom('open', 'lost', 'unreadable', 'absent', 'filled'),
    ...{ fromId: number, toId: number },
  })
  fc.assert(
    fc.property(fc.array(some), fc.uniqueArray(number), fc.uniqueArray(number), (reports, refused, here) => {
      const sorted = (numbers: number[]) => numbers.toSorted((a, b) => a - b)
      const counts = countReasons(saidRanges(reports, sorted(refused)), sorted(here), [3, 27])
      const wanted = Object.fromEntries(REASONS.map(reason => [reason, 0]))
      for (let each = 3; each <= 27; each++) {
        const says = (reason: string) =>
          reason === 'refused'
            ? refused.includes(each)
            : reports.some(({ status, fromId, toId }) => status === reason && fromId <= each && toId >= each)
        const reason = ['open', 'lost', 'unreadable', 'absent', 'refused'].find(says)
        if (reason && !here.includes(each)) wanted[reason]++
      }
      expect(counts).toEqual(wanted)
    }),
  )
})
