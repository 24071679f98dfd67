import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact, stringifyExact } from '../../domain/exact-json.ts'

test('whole numbers beyond 2^53 stay as they were written', () => {
  const text =
    '{"id":8942384278849645268,"low":-9007199254740993,"safe":9007199254740991,"price":0.1,"ids":[1,18446744073709551615]}'
  const parsed = parseExact(text)
  expect(parsed).toEqual({
    id: 8942384278849645268n,
    low: -9007199254740993n,
    safe: 9007199254740991,
    price: 0.1,
    ids: [1, 18446744073709551615n],
  })
  expect(stringifyExact(parsed)).toBe(text)
})

test('equal numbers are equal by ===, whatever their size', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), id => {
      const [a, b] = parseExact(`[${id},${id}]`) as [number | bigint, number | bigint]
      expect(a === b && String(a) === String(id)).toBe(true)
    }),
  )
})

test('any other JSON is what JSON makes of it', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      expect(stringifyExact(parseExact(text))).toBe(JSON.stringify(JSON.parse(text)))
    }),
  )
})
