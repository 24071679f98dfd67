/** Decimals of the page: exact, whatever their length. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDecimals,
  compareDecimals,
  digitsAfterPoint,
  divideDecimals,
  glanced,
  multiplyDecimals,
  percentChange,
  readable,
  subtractDecimals,
} from '../../figures/decimals.ts'

describe('reckoning', () => {
  test('is exact where floats are not', () => {
    expect(addDecimals('0.1', '0.2')).toBe('0.3')
    expect(addDecimals('12345678901234567890.0000000001', '1')).toBe('12345678901234567891.0000000001')
    expect(subtractDecimals('86440', '86432.1')).toBe('7.9')
    expect(subtractDecimals('1', '1.0000000001')).toBe('-0.0000000001')
    expect(multiplyDecimals('86432.1', '0.00001')).toBe('0.864321')
    expect(multiplyDecimals('-1.5', '2')).toBe('-3')
  })

  test('divides with one rounding, half to even', () => {
    expect(divideDecimals('1', '3', 4)).toBe('0.3333')
    expect(divideDecimals('2', '3', 4)).toBe('0.6667')
    expect(['0.125', '0.375', '-0.125'].map(text => divideDecimals(text, '1', 2))).toEqual(['0.12', '0.38', '-0.12'])
    expect(divideDecimals('1', '0', 2)).toBeUndefined()
  })

  test('compares by value, not by text', () => {
    expect(compareDecimals('9', '10')).toBe(-1)
    expect(compareDecimals('1.50', '1.5')).toBe(0)
    expect(compareDecimals('0.00000002', '0.00000001')).toBe(1)
  })

  test('agrees with whole numbers of the smallest unit', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 10 }))
      .map(([units, scale]) => ({ units: units * 10n ** BigInt(10 - scale), text: textOf(units, scale) }))
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(subtractDecimals(addDecimals(a.text, b.text), b.text)).toBe(addDecimals(a.text, '0'))
        expect(compareDecimals(a.text, b.text)).toBe(a.units < b.units ? -1 : a.units > b.units ? 1 : 0)
      }),
    )
  })
})

/** By hand, without the page's code. */
function textOf(units: bigint, scale: number): string {
  const text = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const plain = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`
  return units < 0n ? `-${plain}` : plain
}

describe('what is read', () => {
  test('has thousands apart and all its digits', () => {
    expect(readable('86432.1')).toBe('86,432.1')
    expect(readable('1234567')).toBe('1,234,567')
    expect(readable('-1234.5', 2)).toBe('-1,234.50')
    expect(readable('0.0000000012345')).toBe('0.0000000012345')
    expect(readable('12', 2)).toBe('12.00')
    expect(digitsAfterPoint('0.00000821')).toBe(8)
    expect(digitsAfterPoint('12')).toBe(0)
  })

  test('has the sign of a change', () => {
    expect(percentChange('100', '101.255')).toBe('+1.26')
    expect(percentChange('100', '100.001')).toBe('0.00')
    expect(percentChange('86440', '86432.1')).toBe('-0.01')
    expect(percentChange('0', '1')).toBeUndefined()
  })
})

test.each([
  ['0', '0'],
  ['0.00412499', '0.00412'],
  ['0.02', '0.02'],
  ['8.215', '8.22'],
  ['41.06', '41.1'],
  ['999.6', '1,000'],
  ['1234567.49', '1,234,567'],
])('an amount of %s is glanced at as %s: none that is there looks like nothing', (amount, shown) => {
  expect(glanced(amount)).toBe(shown)
})
