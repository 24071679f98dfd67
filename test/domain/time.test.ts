import { describe, expect, test } from 'vitest'
import {
  DAY_MICROS,
  DAY_MS,
  dayName,
  dayOf,
  dayOfMs,
  floorDiv,
  HOUR_MICROS,
  HOUR_MS,
  LAST_MICROS,
  LAST_MS,
  MINUTE_MICROS,
  MINUTE_MS,
} from '../../domain/time.ts'

describe('time', () => {
  test('has minutes, hours and days of 60 s, 60 min and 24 h in both units', () => {
    expect([MINUTE_MS, HOUR_MS, DAY_MS]).toEqual([60_000, 3_600_000, 86_400_000])
    expect([MINUTE_MICROS, HOUR_MICROS, DAY_MICROS]).toEqual([60_000_000n, 3_600_000_000n, 86_400_000_000n])
  })

  test('ends with the last moment of the year 9999', () => {
    expect(new Date(LAST_MS).toISOString()).toBe('9999-12-31T23:59:59.999Z')
    expect(new Date(LAST_MS + 1).toISOString()).toBe('+010000-01-01T00:00:00.000Z')
    expect(LAST_MICROS).toBe(BigInt(Date.UTC(10_000, 0, 1)) * 1000n - 1n)
  })

  test('knows the day of a time, before 1970 too', () => {
    expect([0, 86_399_999, 86_400_000, -1].map(dayOfMs)).toEqual([0, 0, 1, -1])
    expect([0n, 86_399_999_999n, 86_400_000_000n, -1n].map(dayOf)).toEqual([0, 0, 1, -1])
    expect(floorDiv(-7n, 2n)).toBe(-4n)
    expect(dayName(20_777)).toBe('2026-11-20')
  })
})
