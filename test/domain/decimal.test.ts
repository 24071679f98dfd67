import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decimalFromBytes,
  decimalToBytes,
  divideHalfEven,
  fitsDigits,
  formatDecimal,
  parseDecimal,
  trimmedDecimal,
} from '../../domain/decimal.ts'

describe('parseDecimal', () => {
  test.each([
    ['0.00000638', 638n],
    ['1e-8', 1n],
    ['1.5E+3', 150_000_000_000n],
    ['-0.04', -4_000_000n],
    ['12', 1_200_000_000n],
    ['12.', 1_200_000_000n],
    ['+7.10000000000', 710_000_000n],
    ['100e-10', 1n],
    ['0e999', 0n],
  ])('%s is %s units of 10^-8', (text, units) => {
    expect(parseDecimal(text, 8)).toBe(units)
  })

  test.each(['', '.', '.5', '1e', 'NaN', 'Infinity', '0x10', '1,5', ' 1', '1 ', '1e1000', '0.000000001', '15e-9'])(
    '%j is not a decimal with 8 digits after the point',
    text => {
      expect(parseDecimal(text, 8)).toBeUndefined()
    },
  )

  test('reads back what formatDecimal writes, at any scale', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 38n), 10n ** 38n), fc.nat(20), (units, scale) => {
        expect(parseDecimal(formatDecimal(units, scale), scale)).toBe(units)
      }),
    )
  })
})

test("two's complement is minimal and reads back", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n), units => {
      const bytes = decimalToBytes(units)
      expect(decimalFromBytes(bytes)).toBe(units)
      // Dropping the first byte would change the value.
      if (bytes.length > 1) expect(decimalFromBytes(bytes.subarray(1))).not.toBe(units)
    }),
  )
  expect(decimalFromBytes(new Uint8Array(0))).toBeUndefined()
})

test.each([18, 20, 22, 38])('%i digits are %i digits and no more', digits => {
  const limit = 10n ** BigInt(digits)
  expect(fitsDigits(limit - 1n, digits)).toBe(true)
  expect(fitsDigits(limit, digits)).toBe(false)
  expect(fitsDigits(1n - limit, digits)).toBe(true)
  expect(fitsDigits(-limit, digits)).toBe(false)
})

test('division rounds half to even', () => {
  const cases = [
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [5n, -2n, -2n],
    [6n, 4n, 2n],
  ]
  for (const [numerator, denominator, quotient] of cases) expect(divideHalfEven(numerator, denominator)).toBe(quotient)
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 40n), 10n ** 40n), fc.bigInt(1n, 10n ** 30n), (numerator, denominator) => {
      const quotient = divideHalfEven(numerator, denominator)
      const twice = 2n * (numerator - quotient * denominator)
      const distance = twice < 0n ? -twice : twice
      expect(distance <= denominator).toBe(true)
      if (distance === denominator) expect(quotient % 2n).toBe(0n)
    }),
  )
})

test.each([
  [12_500n, 3, 0, '12.5'],
  [12_000n, 3, 0, '12'],
  [12_000n, 3, 2, '12.00'],
  [12_345n, 3, 2, '12.345'],
  [12_345n, 3, 5, '12.34500'],
  [-50n, 3, 0, '-0.05'],
  [0n, 10, 8, '0.00000000'],
  [7n, 0, 8, '7.00000000'],
  [7n, 0, 0, '7'],
  [12_345n, 10, 8, '0.0000012345'],
])('%d units of 10^-%d with %d digits at least are %s', (units, scale, least, text) => {
  expect(trimmedDecimal(units, scale, least)).toBe(text)
})
