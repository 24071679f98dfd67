import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultSchedule } from '../../../feeds/simulator/faults.ts'

const MINUTE = 60_000
const KINDS = 17

test('a schedule has every kind on every exchange, in order of time, and a quiet end', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 2, max: 30 }),
      fc.integer({ min: 0, max: 20 }),
      (seed, minutes, perMinute) => {
        const from = 1_790_000_000_000
        const to = from + minutes * MINUTE
        const exchanges = ['binance', 'kraken', 'coinbase']
        const faults = faultSchedule({ seed, from, to, exchanges, perMinute })
        for (const name of exchanges) {
          const own = faults.filter(({ exchange }) => exchange === name)
          expect(new Set(own.map(({ kind }) => kind)).size).toBe(KINDS)
          const lost = own.flatMap(fault => (fault.kind === 'skipped' ? [fault.lost] : []))
          expect(new Set(lost)).toEqual(new Set([true, false]))
        }
        const times = faults.map(({ at }) => at)
        expect(times).toEqual(times.toSorted((a, b) => a - b))
        expect(times[0]).toBeGreaterThanOrEqual(from)
        expect(times.at(-1)).toBeLessThanOrEqual(to - Math.min(MINUTE, (to - from) / 2))
        expect(faultSchedule({ seed, from, to, exchanges, perMinute })).toEqual(faults)
      },
    ),
    { numRuns: 50 },
  )
})

test('kinds can be chosen, and another seed gives another schedule', () => {
  const options = { seed: 1, from: 0, to: 10 * MINUTE, exchanges: ['kraken'], perMinute: 5 }
  const faults = faultSchedule({ ...options, kinds: ['drop', 'skipped'] })
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['drop', 'skipped']))
  expect(faults).toHaveLength(40)
  expect(faultSchedule({ ...options, seed: 2 })).not.toEqual(faultSchedule(options))
})
