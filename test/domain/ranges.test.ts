import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rangesAround } from '../../domain/ranges.ts'

test('ranges cover every window with its margin, ascend, and are few', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(-500n, 500n), { maxLength: 100 }), fc.bigInt(0n, 20n), (numbers, margin) => {
      const windows = numbers.map(number => number * 10n)
      const ranges = rangesAround(windows, 10n, margin)
      for (const window of windows)
        expect(ranges.some(({ from, to }) => from <= window - margin && to >= window + 9n + margin)).toBe(true)
      for (let i = 1; i < ranges.length; i++) expect(ranges[i].from > ranges[i - 1].to).toBe(true)
      expect(ranges.length).toBeLessThanOrEqual(32)
    }),
  )
})

test('adjacent windows make one range, and nothing beyond it', () => {
  expect(rangesAround([20n, 0n, 10n, 50n], 10n)).toEqual([
    { from: 0n, to: 29n },
    { from: 50n, to: 59n },
  ])
  expect(rangesAround([], 10n)).toEqual([])
})
