/** The small rules that many files share: pieces, sums, order and pauses. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pauseMs } from '../../domain/backoff.ts'
import { addCounts, sumOf } from '../../domain/counts.ts'
import { compare } from '../../domain/order.ts'
import { piecesOf } from '../../domain/pieces.ts'

test('pieces have their size, the last what is left, and together are the list', () => {
  expect(piecesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(piecesOf([1, 2], 2)).toEqual([[1, 2]])
  expect(piecesOf([], 3)).toEqual([])
  for (const size of [0, -1, Number.NaN]) expect(() => piecesOf([1], size)).toThrow(RangeError)
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (list, size) => {
      const pieces = piecesOf(list, size)
      expect(pieces.flat()).toEqual(list)
      expect(pieces.every((piece, i) => piece.length === size || (i === pieces.length - 1 && piece.length > 0))).toBe(
        true,
      )
    }),
  )
})

test('sums are of what is counted', () => {
  expect(sumOf([{ n: 2 }, { n: 40 }], ({ n }) => n)).toBe(42)
  expect(sumOf(new Map([['a', 1]]).values(), n => n)).toBe(1)
  expect(sumOf([], () => 1)).toBe(0)
  expect(addCounts({ a: 1, b: 2 }, { b: 3, c: 4 })).toEqual({ a: 1, b: 5, c: 4 })
})

test('text, numbers and bigints have an order, in which equal values are equal', () => {
  expect(['b', 'a', 'B', ''].sort(compare)).toEqual(['', 'B', 'a', 'b'])
  expect([10, 9, -1].sort(compare)).toEqual([-1, 9, 10])
  expect([2n ** 64n, 2n ** 53n + 1n, 2n ** 53n].sort(compare)).toEqual([2n ** 53n, 2n ** 53n + 1n, 2n ** 64n])
  expect([compare('a', 'a'), compare(1n, 1n), compare(0, 0)]).toEqual([0, 0, 0])
})

test('pauses double up to the last one, and stay there', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 2_000].map(failures => pauseMs({ firstMs: 100, lastMs: 1_500 }, failures))
  expect(pauses).toEqual([100, 200, 400, 800, 1_500, 1_500, 1_500])
})
