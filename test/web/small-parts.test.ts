/** The tape's ring, the small line, times in words, and when a broken connection is tried again. */
import { describe, expect, test } from 'vitest'
import { retryAfter, worstOf } from '../../web/model/connection.ts'
import type { TradeRow } from '../../web/model/rows.ts'
import { sparkPath } from '../../web/model/sparkline.ts'
import {
  instantText,
  lengthText,
  parseInstant,
  timeframeFor,
  timeframeNamed,
  timeOfDay,
} from '../../web/model/times.ts'
import { createTradeRing } from '../../web/model/trade-ring.ts'

const trade = (id: number) => ({ id: String(id) }) as TradeRow

describe('the ring of trades', () => {
  test('keeps the newest, the newest first', () => {
    const ring = createTradeRing(3)
    expect([ring.size, ring.at(0)]).toEqual([0, undefined])
    for (let id = 1; id <= 5; id++) ring.add(trade(id))
    expect([0, 1, 2, 3].map(age => ring.at(age)?.id)).toEqual(['5', '4', '3', undefined])
    expect([ring.size, ring.total, ring.at(-1)]).toEqual([3, 5, undefined])
  })

  test('counts on after it was emptied', () => {
    const ring = createTradeRing(3)
    for (let id = 1; id <= 4; id++) ring.add(trade(id))
    ring.clear()
    expect([ring.size, ring.total]).toEqual([0, 4])
    ring.add(trade(9))
    expect([ring.size, ring.total, ring.at(0)?.id]).toEqual([1, 5, '9'])
  })
})

test('the small line is broken where there was no price, and level where nothing moved', () => {
  expect(sparkPath(['1', '3', null, '2'], 30, 10)).toBe('M0.0 10.0L10.0 0.0M30.0 5.0')
  expect(sparkPath(['5', '5'], 10, 10)).toBe('M0.0 5.0L10.0 5.0')
  expect(sparkPath(['1'], 10, 10)).toBe('')
})

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

test('a broken connection is tried again ever more rarely, and is told before one that is well', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map(retryAfter)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  const live = { kind: 'live', sinceMs: 0, restored: false } as const
  const broken = { kind: 'broken', sinceMs: 0, reason: '', nextMs: 0 } as const
  expect(worstOf([live, broken, { kind: 'connecting' }])).toBe(broken)
  expect(worstOf([broken, { kind: 'locked' }])?.kind).toBe('locked')
  expect(worstOf([])).toBeUndefined()
})
