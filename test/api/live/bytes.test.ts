/** Numbers and times written as bytes are those that texts have. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newBytes, putDecimal, putNumber, timeWriter } from '../../../api/live/bytes.ts'

const written = (put: (out: ReturnType<typeof newBytes>) => void) => {
  const out = newBytes(64)
  put(out)
  return out.bytes.toString('latin1', 0, out.length)
}
const units = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 53n + 10n }),
  fc.tuple(fc.nat(9_000), fc.nat(14)).map(([digits, zeros]) => BigInt(digits) * 10n ** BigInt(zeros)),
  fc.constantFrom(0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 10n ** 10n, 10n ** 16n),
)

test('a decimal has all its digits and no zeros at its end, of any size', () => {
  fc.assert(
    fc.property(units, fc.constantFrom(8, 10), (value, scale) => {
      const digits = value.toString().padStart(scale + 1, '0')
      const rest = digits.slice(-scale).replace(/0+$/, '')
      const expected = rest === '' ? digits.slice(0, -scale) : `${digits.slice(0, -scale)}.${rest}`
      const low = Number(BigInt.asIntN(32, value))
      const high = Number(BigInt.asIntN(32, value >> 32n))
      expect(written(out => putDecimal(out, low, high, scale))).toBe(expected)
    }),
    { numRuns: 2_000 },
  )
})

test('a number has its digits, and zeros before them where more are wanted', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 16 }), (value, digits) => {
      expect(written(out => putNumber(out, value, digits))).toBe(String(value).padStart(digits, '0'))
    }),
    { numRuns: 2_000 },
  )
})

test('a time has six digits after the point where it is no whole second, whatever was written before', () => {
  const put = timeWriter()
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_102_444_800 }),
      fc.oneof(fc.constant(0), fc.nat(999_999)),
      (second, micros) => {
        const text = new Date(second * 1000).toISOString().slice(0, 19)
        const expected = micros === 0 ? `${text}Z` : `${text}.${String(micros).padStart(6, '0')}Z`
        expect(written(out => put(out, second * 1_000_000 + micros))).toBe(expected)
      },
    ),
  )
})
