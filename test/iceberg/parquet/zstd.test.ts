import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { zstd, zstdOf } from '../../../iceberg/parquet/zstd.ts'

const without = zstdOf(
  () => ({}),
  () => ({}),
)
const pages = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.record({ byte: fc.nat(255), length: fc.nat(300_000) }).map(({ byte, length }) => Buffer.alloc(length, byte)),
  fc.record({ seed: fc.integer(), length: fc.nat(200_000) }).map(({ seed, length }) => noise(seed, length)),
)

function noise(seed: number, length: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    return state >>> 16
  })
}

describe.each([
  ['the contexts that stay', zstd],
  ['a Node whose streams have no synchronous write', without],
])('%s', (_, codec) => {
  test('frames are those of Node’s own function, one after the other', () => {
    fc.assert(
      fc.property(fc.array(pages, { minLength: 1, maxLength: 4 }), some => {
        for (const page of some) expect(Buffer.from(zstdDecompressSync(codec.compress(page))).equals(page)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('frames of Node’s own function are read, one after the other', () => {
    fc.assert(
      fc.property(fc.array(pages, { minLength: 1, maxLength: 4 }), some => {
        for (const page of some)
          expect(Buffer.from(codec.decompress(zstdCompressSync(page), page.length)).equals(page)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('what is not a whole frame of so many bytes is refused or given short, and the next one is read as if nothing had been', () => {
    fc.assert(
      fc.property(noises(1_000, 50_000), fc.nat(), fc.constantFrom('cut', 'changed', 'larger'), (page, at, how) => {
        const frame = Buffer.from(zstdCompressSync(page))
        const read = () => {
          if (how === 'cut') return codec.decompress(frame.subarray(0, at % frame.length), page.length)
          if (how === 'larger') return codec.decompress(frame, page.length - 1 - (at % 900))
          frame[at % frame.length] ^= 1 + (at % 255)
          return codec.decompress(frame, page.length)
        }
        try {
          // A frame has no checksum of its own: a page's CRC finds what a frame does not.
          expect(read().length).toBeLessThanOrEqual(page.length)
          expect(how).not.toBe('larger')
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).toMatch(/^(?:ZSTD_error_\w+|ERR_BUFFER_TOO_LARGE|Z_BUF_ERROR)$/)
        }
        expect(Buffer.from(codec.decompress(zstdCompressSync(page), page.length)).equals(page)).toBe(true)
      }),
    )
  })

  test('a frame of nothing is read', () => {
    expect(codec.decompress(zstdCompressSync(Buffer.alloc(0)), 0).length).toBe(0)
  })
})

function noises(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc
    .record({ seed: fc.integer(), length: fc.integer({ min: minLength, max: maxLength }) })
    .map(({ seed, length }) => noise(seed, length))
}
