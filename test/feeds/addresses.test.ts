import { describe, expect, test } from 'vitest'
import { createAddresses } from '../../feeds/addresses.ts'

const MINUTE = 60_000
const half = () => 0.5

describe('addresses', () => {
  test('the first is tried at once; the waits after failures double up to 30 s, each a random share of it', () => {
    const addresses = createAddresses(['a'], half)
    const waits: number[] = []
    for (let attempt = 0; attempt < 9; attempt++) {
      const { waitMs } = addresses.next(0)
      waits.push(waitMs)
    }
    expect(waits).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
  })

  test('an address that failed three times is left for a minute, for the next one', () => {
    const addresses = createAddresses(['a', 'b'], half)
    for (let i = 0; i < 2; i++) addresses.failed('a', 0)
    expect(addresses.next(0).url).toBe('a')

    addresses.failed('a', 0)

    expect(addresses.next(0).url).toBe('b')
    expect(addresses.open(0)).toEqual(['a'])
    expect(addresses.next(MINUTE).url).toBe('a')
    expect(addresses.open(MINUTE)).toEqual([])
  })

  test('where all are left, the one that has rested longest is tried, after the usual wait', () => {
    const addresses = createAddresses(['a', 'b'], half)
    for (let i = 0; i < 3; i++) addresses.failed('a', 40_000)
    for (let i = 0; i < 3; i++) addresses.failed('b', 10_000)

    const { url, waitMs } = addresses.next(50_000)

    expect(url).toBe('b')
    expect(waitMs).toBe(0)
  })

  test('an address that held is trusted again, and the waits begin at the first again', () => {
    const addresses = createAddresses(['a', 'b'], half)
    for (let i = 0; i < 5; i++) addresses.next(0)
    for (let i = 0; i < 3; i++) addresses.failed('a', 0)

    addresses.held('a')

    expect(addresses.next(0)).toEqual({ url: 'a', waitMs: 0 })
  })
})
