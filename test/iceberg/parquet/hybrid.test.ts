import fc from 'fast-check'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { ByteWriter } from 'hyparquet-writer'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { describe, expect, test } from 'vitest'
import { encodeHybrid, encodeRun } from '../../../iceberg/parquet/hybrid.ts'

/** Runs and different values in turns. */
const columns = fc.integer({ min: 0, max: 24 }).chain(width =>
  fc
    .array(
      fc.record({
        values: fc.array(fc.nat(2 ** width - 1), { minLength: 1, maxLength: 20 }),
        times: fc.constantFrom(1, 1, 7, 8, 9, 63, 64, 1_000),
      }),
      { maxLength: 12 },
    )
    .map(parts => ({
      width,
      values: Int32Array.from(
        parts.flatMap(({ values, times }) => (times === 1 ? values : Array(times).fill(values[0]))),
      ),
    })),
)

function decoded(bytes: Uint8Array, head: number, width: number, count: number): number[] {
  const values = new Int32Array(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (count > 0 && width > 0)
    readRleBitPackedHybrid({ view, offset: head }, width, values as unknown as number[], bytes.length - head)
  return [...values]
}

describe('levels and indexes', () => {
  test('are what hyparquet writes of them, and what it reads', () => {
    fc.assert(
      fc.property(columns, fc.nat(4), ({ width, values }, head) => {
        const writer = new ByteWriter(64)
        writeRleBitPackedHybrid(writer, [...values], width)

        const encoded = encodeHybrid(values, width, head)

        expect(Buffer.from(encoded.subarray(head)).equals(Buffer.from(writer.getBytes()))).toBe(true)
        expect([...encoded.subarray(0, head)]).toEqual(Array(head).fill(0))
        expect(decoded(encoded, head, width, values.length)).toEqual([...values])
      }),
      { numRuns: 300 },
    )
  })

  test('of bytes are those of the same numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, max: 3 }), levels => {
        expect(encodeHybrid(levels, 2)).toEqual(encodeHybrid(Int32Array.from(levels), 2))
      }),
    )
  })

  test.each([
    [1, 3, 1, [6, 1]],
    [0, 64, 1, [128, 1, 0]],
    [300, 2, 9, [4, 44, 1]],
    [5, 0, 3, []],
    [0, 70_000, 0, [224, 197, 8]],
  ])('a run of %i, %i times in %i bits', (value, length, width, bytes) => {
    expect([...encodeRun(value, length, width)]).toEqual(bytes)
  })

  test('wider than 24 bits are refused', () => {
    expect(() => encodeHybrid(new Int32Array(9), 25)).toThrow('25 bits a value are more than 24')
  })
})
