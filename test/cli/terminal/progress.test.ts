/** How long work gets on: the bar, what is left, and when it is told. */
import { describe, expect, test } from 'vitest'
import { barLine, keepCount, leftMs, type Part, plainLine } from '../../../cli/terminal/progress.ts'
import { createFakeTimers } from '../../feeds/fake-timers.ts'

const UNICODE = { colours: false, unicode: true }
const PART: Part = { part: 'Gold of binance', unit: 'day', done: 3, total: 12, perSecond: 0.5, elapsedMs: 6_000 }

describe('the bar', () => {
  test('has the share, the counts, the speed and the time that is left', () => {
    expect(barLine(PART, 100, UNICODE)).toBe(
      'Gold of binance  ██████░░░░░░░░░░░░░░░░░░   25 %  3 of 12 days  0.5/s  18 s left',
    )
    expect(barLine(PART, 100, { ...UNICODE, unicode: false })).toBe(
      'Gold of binance  ######------------------   25 %  3 of 12 days  0.5/s  18 s left',
    )
  })

  test('leaves out what does not fit, from the end, and never takes more than a line', () => {
    expect(barLine(PART, 70, UNICODE)).toBe('Gold of binance  ██████░░░░░░░░░░░░░░░░░░   25 %  3 of 12 days  0.5/s')
    expect(barLine(PART, 20, UNICODE)).toBe('Gold of binance')
    expect(barLine(PART, 8, UNICODE)).toBe('Gold of…')
  })

  test('of sizes is in bytes; of work without an end says how long it has lasted', () => {
    const copy: Part = {
      part: 'Copying',
      unit: 'byte',
      done: 2_500_000,
      total: 10_000_000,
      perSecond: 1_250_000,
      elapsedMs: 2_000,
    }
    expect(barLine(copy, 100, UNICODE)).toBe(
      'Copying  ██████░░░░░░░░░░░░░░░░░░   25 %  2.5 MB of 10.0 MB  1.3 MB/s  6 s left',
    )
    const law: Part = {
      part: 'Law 3 of 6',
      unit: 'law',
      done: 0,
      total: undefined,
      perSecond: undefined,
      elapsedMs: 75_400,
    }
    expect(barLine(law, 100, UNICODE)).toBe('Law 3 of 6  for 1 min 15 s')
    expect(plainLine(PART)).toBe('Gold of binance: 3 of 12 days, 0.5/s, 18 s left')
  })

  test('is full at the end, and no time is told while nothing moves', () => {
    expect(barLine({ ...PART, done: 12 }, 100, UNICODE)).toBe(
      'Gold of binance  ████████████████████████  100 %  12 of 12 days  0.5/s  0 s left',
    )
    expect(leftMs({ ...PART, perSecond: 0 })).toBeUndefined()
    expect(plainLine({ ...PART, perSecond: 0 })).toBe('Gold of binance: 3 of 12 days, for 6 s')
    expect(leftMs({ ...PART, done: 13 })).toBe(0)
  })
})

function counting(firstMs = 1_000, everyMs = 1_000, tellsEnds = true) {
  const timers = createFakeTimers(0)
  const told: Part[] = []
  let cleared = 0
  const count = keepCount(timers, {
    firstMs,
    everyMs,
    tellsEnds,
    tell: part => told.push(part),
    clear: () => cleared++,
  })
  return { timers, told, count, cleared: () => cleared }
}

describe('what is told', () => {
  test('of short work is nothing', async () => {
    const { timers, told, count, cleared } = counting()
    count.begin('Placing', 'record', 10)
    count.add(10)
    await timers.advance(400)
    count.close()
    await timers.advance(5_000)
    expect([told, cleared(), timers.pending()]).toEqual([[], 1, 0])
  })

  test('comes at its pace however often something is done, also while nothing is', async () => {
    const { timers, told, count } = counting()
    count.begin('Placing', 'record', 1_000)
    for (let at = 0; at < 50; at++) {
      count.add(10)
      await timers.advance(100)
    }
    expect(told.map(({ elapsedMs }) => elapsedMs)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000])
    expect(told[4]).toMatchObject({ done: 500, total: 1_000 })
    expect(told[4].perSecond).toBeCloseTo(100, -1)
    await timers.advance(2_000)
    expect(told).toHaveLength(7)
    count.close()
  })

  test('is the speed of the last seconds: what stalls is seen', async () => {
    const { timers, told, count } = counting()
    count.begin('Placing', 'record', 1_000)
    for (let at = 0; at < 50; at++) {
      count.add(10)
      await timers.advance(100)
    }
    for (let at = 0; at < 20; at++) {
      count.add(0)
      await timers.advance(1_000)
    }
    expect(told.at(-1)?.perSecond).toBe(0)
    count.close()
  })

  test('is the end of each part, where that is asked for', async () => {
    const { timers, told, count } = counting(60_000, 60_000)
    count.begin('First', 'record', 2)
    await timers.advance(700)
    count.at(2, 2)
    count.begin('Second', 'day')
    await timers.advance(100)
    count.close()
    expect(told.map(({ part, done }) => [part, done])).toEqual([['First', 2]])
  })
})
