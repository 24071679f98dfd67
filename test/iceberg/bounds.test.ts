import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PrimitiveType } from '../../domain/column-types.ts'
import { compareEncoded, decodeValue, encodeValue, truncateLower, truncateUpper } from '../../iceberg/bounds.ts'

const numeric: Record<string, fc.Arbitrary<bigint>> = {
  int: fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n),
  date: fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n),
  long: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  timestamptz: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  'decimal(9,2)': fc.bigInt(-(10n ** 9n) + 1n, 10n ** 9n - 1n),
  'decimal(18,8)': fc.bigInt(-(10n ** 18n) + 1n, 10n ** 18n - 1n),
  'decimal(38,16)': fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n),
}
const text = fc.string({ unit: 'binary', maxLength: 60 })
const bytes = fc.uint8Array({ maxLength: 60 })

const sign = (value: number | undefined) => (value === undefined ? value : Math.sign(value))

describe('serialized values', () => {
  for (const [type, values] of Object.entries(numeric)) {
    test(`a ${type} is read back exactly and keeps its order`, () => {
      fc.assert(
        fc.property(values, values, (a, b) => {
          const [left, right] = [encodeValue(type as PrimitiveType, a), encodeValue(type as PrimitiveType, b)]
          expect(decodeValue(type as PrimitiveType, left)).toBe(a)
          expect(sign(compareEncoded(type as PrimitiveType, left, right))).toBe(a < b ? -1 : a > b ? 1 : 0)
        }),
      )
    })
  }

  test('numbers stand in the bytes that the specification gives', () => {
    const hex = (type: PrimitiveType, value: bigint) => Buffer.from(encodeValue(type, value)).toString('hex')
    expect(hex('int', 34n)).toBe('22000000')
    expect(hex('long', -2n)).toBe('feffffffffffffff')
    expect(hex('date', 20777n)).toBe('29510000')
    expect(hex('timestamptz', 1_000_000n)).toBe('40420f0000000000')
    // 14.20 of decimal(4,2) is unscaled 1420, minimal big-endian two's complement.
    expect(hex('decimal(4,2)', 1420n)).toBe('058c')
    expect(hex('decimal(4,2)', -1n)).toBe('ff')
    expect(hex('decimal(4,2)', 128n)).toBe('0080')
    expect(hex('decimal(4,2)', 0n)).toBe('00')
  })

  test('a string is read back, and strings order by code point', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [left, right] = [encodeValue('string', a), encodeValue('string', b)]
        expect(decodeValue('string', left)).toBe(a)
        const points = (value: string) => Array.from(value, point => point.codePointAt(0)!)
        const [x, y] = [points(a), points(b)]
        const at = x.findIndex((point, index) => point !== y[index])
        const order = at < 0 ? Math.sign(x.length - y.length) : y[at] === undefined ? 1 : Math.sign(x[at] - y[at])
        expect(sign(compareEncoded('string', left, right))).toBe(order)
      }),
    )
  })

  test('an int bound of a column that became long is read', () => {
    expect(decodeValue('long', encodeValue('int', -7n))).toBe(-7n)
    expect(compareEncoded('long', encodeValue('int', -7n), encodeValue('long', 5n))).toBe(-1)
  })

  test('bytes of a wrong length have no order', () => {
    expect(compareEncoded('int', Buffer.alloc(3), encodeValue('int', 1n))).toBeUndefined()
    expect(compareEncoded('decimal(18,8)', Buffer.alloc(0), encodeValue('decimal(18,8)', 1n))).toBeUndefined()
  })
})

describe('cut bounds', () => {
  for (const [type, values] of [
    ['string', text.map(value => Buffer.from(value))],
    ['binary', bytes],
  ] as const) {
    test(`those of a ${type} are at most 16 long and enclose the value`, () => {
      fc.assert(
        fc.property(values, value => {
          const lower = truncateLower(type, value)
          const upper = truncateUpper(type, value)
          const length = (bound: Uint8Array) =>
            type === 'binary' ? bound.length : Array.from(Buffer.from(bound).toString('utf8')).length
          expect(Buffer.compare(lower, value)).toBeLessThanOrEqual(0)
          expect(length(lower)).toBeLessThanOrEqual(16)
          if (upper === undefined) return
          expect(Buffer.compare(upper, value)).toBeGreaterThanOrEqual(0)
          expect(length(upper)).toBeLessThanOrEqual(16)
        }),
      )
    })
  }

  test('a string bound is UTF-8 and encloses values even where a Parquet writer cut it inside a code point', () => {
    fc.assert(
      fc.property(text, fc.nat(80), fc.uint8Array({ maxLength: 2 }), (value, length, tail) => {
        const cut = Buffer.concat([Buffer.from(value).subarray(0, length), tail])
        const lower = truncateLower('string', cut)
        const upper = truncateUpper('string', cut)
        expect(Buffer.from(Buffer.from(lower).toString('utf8')).equals(lower)).toBe(true)
        expect(Buffer.compare(lower, cut)).toBeLessThanOrEqual(0)
        if (upper === undefined) return
        expect(Buffer.from(Buffer.from(upper).toString('utf8')).equals(upper)).toBe(true)
        expect(Buffer.compare(upper, cut)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 500 },
    )
  })

  test('an upper bound raises its last code point, past those that cannot be raised', () => {
    const upper = (value: string) => {
      const bound = truncateUpper('string', Buffer.from(value))
      return bound && Buffer.from(bound).toString('utf8')
    }
    const last = String.fromCodePoint(0x10ffff)
    expect(upper('a'.repeat(16))).toBe('a'.repeat(16))
    expect(upper('a'.repeat(17))).toBe(`${'a'.repeat(15)}b`)
    expect(upper(`${'a'.repeat(15)}${last}x`)).toBe(`${'a'.repeat(14)}b`)
    expect(upper(`${'a'.repeat(15)}\ud7ffx`)).toBe(`${'a'.repeat(15)}\ue000`)
    expect(upper(last.repeat(17))).toBeUndefined()
    expect(truncateUpper('binary', Buffer.alloc(17, 0xff))).toBeUndefined()
  })
})
