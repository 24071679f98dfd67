import fc from 'fast-check'
import { expect, test } from 'vitest'
import { productSum } from '../../domain/limbs.ts'

const MOST = 2n ** 63n - 1n
const low = (value: bigint) => Number(BigInt.asIntN(32, value))
const high = (value: bigint) => Number(value >> 32n)

test('a sum of products is what bigints make of it', () => {
  const long = fc.oneof(fc.bigInt({ min: 0n, max: MOST }), fc.bigInt({ min: 0n, max: 5n }), fc.constant(MOST))
  fc.assert(
    fc.property(fc.array(fc.tuple(long, long), { maxLength: 400 }), pairs => {
      const sum = productSum()
      for (const [a, b] of pairs) sum.add(low(a), high(a), low(b), high(b))
      expect(sum.total()).toBe(pairs.reduce((total, [a, b]) => total + a * b, 0n))
    }),
  )
})

test('a sum is exact after millions of the greatest products', () => {
  const sum = productSum()
  const count = 3_000_000
  for (let n = 0; n < count; n++) sum.add(low(MOST), high(MOST), low(MOST), high(MOST))
  expect(sum.total()).toBe(MOST * MOST * BigInt(count))
})
