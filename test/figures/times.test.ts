/** Times in words, and when a broken connection is tried again. */
import { describe, expect, test } from 'vitest'
import { retryAfter, worstOf } from '../../figures/connection.ts'
import {
  instantProblem,
  instantText,
  lengthText,
  parseInstant,
  reasonWithTimes,
  timeframeFor,
  timeframeNamed,
  timeOfDay,
} from '../../figures/times.ts'

describe('times', () => {
  const noon = Date.UTC(2026, 10, 20, 12)

  test('are written in UTC, and lengths in their two largest units', () => {
    expect(instantText(noon + 1_234)).toBe('2026-11-20 12:00:01')
    expect(timeOfDay('2026-11-20T10:00:00.104Z')).toBe('10:00:00.104000')
    expect(timeOfDay('2026-11-20T10:00:00Z')).toBe('10:00:00.000000')
    const lengths = [0, 900, 12_000, 125_000, 1_260_000, 5_400_000, 100_000_000]
    expect(lengths.map(lengthText)).toEqual(['0.0 s', '0.9 s', '12 s', '2 min 5 s', '21 min', '1 h 30 min', '1 d 3 h'])
  })

  test('are read as people type them', () => {
    const at = (text: string) => parseInstant(text, noon)
    expect(at('2026-11-20 14:03')).toBe(Date.UTC(2026, 10, 20, 14, 3))
    expect(at(' 9:05 ')).toBe(Date.UTC(2026, 10, 20, 9, 5))
    expect(at('2026-11-20')).toBe(Date.UTC(2026, 10, 20))
    expect(at('2026-11-20T14:03:02+02:00')).toBe(Date.UTC(2026, 10, 20, 12, 3, 2))
    expect(['', 'noon', '2026-13-40', '25:00'].map(at)).toEqual([undefined, undefined, undefined, undefined])
  })

  test('of a long range take longer candles, and never shorter ones than wanted', () => {
    const [minute, hour] = [timeframeNamed('1m'), timeframeNamed('1h')]
    if (!minute || !hour) throw new Error('there are such timeframes')
    expect(timeframeFor(minute, 86_400_000).name).toBe('1m')
    expect(timeframeFor(minute, 7 * 86_400_000).name).toBe('5m')
    expect(timeframeFor(minute, 365 * 86_400_000).name).toBe('4h')
    expect(timeframeFor(minute, 20 * 365 * 86_400_000).name).toBe('1d')
    expect(timeframeFor(hour, 3_600_000).name).toBe('1h')
  })
})

test('a day that the calendar has not is refused, and said to be none', () => {
  const now = Date.UTC(2026, 10, 20, 12)
  expect(
    ['2026-02-30', '2026-04-31 10:00', '2025-02-29T00:00:00Z', '2026-13-01'].map(text => parseInstant(text, now)),
  ).toEqual([...[undefined, undefined, undefined, undefined]])
  expect(parseInstant('2028-02-29', now)).toBe(Date.UTC(2028, 1, 29))
  expect(parseInstant('9:05', now)).toBe(Date.UTC(2026, 10, 20, 9, 5))
  expect(instantProblem('2026-02-30 10:00')).toBe('There is no day 2026-02-30.')
  expect(instantProblem('soon')).toBe('soon is no time: write it as 2026-11-20 14:03, in UTC.')
  expect(instantProblem('1795168800')).toBe(
    '1795168800 looks like seconds: give milliseconds or microseconds since 1970.',
  )
})

test('times in reasons are told as people read them', () => {
  expect(reasonWithTimes("timestamp 1795168956123456 is 61 s after the record's Kafka time 1795168895000000")).toBe(
    "timestamp 2026-11-20 10:02:36.123 UTC is 61 s after the record's Kafka time 2026-11-20 10:01:35.000 UTC",
  )
  expect(reasonWithTimes('timestamp 0 is not above zero')).toBe('timestamp 0 is not above zero')
  expect(reasonWithTimes('timestamp 99999999999999999999 is late')).toBe('timestamp 99999999999999999999 is late')
})

test('a broken connection is tried again ever more rarely, and is told before one that is well', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map(retryAfter)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  const live = { kind: 'live', sinceMs: 0, restored: false } as const
  const broken = { kind: 'broken', sinceMs: 0, reason: '', nextMs: 0 } as const
  expect(worstOf([live, broken, { kind: 'connecting' }])).toBe(broken)
  expect(worstOf([broken, { kind: 'locked' }])?.kind).toBe('locked')
  expect(worstOf([])).toBeUndefined()
})
