import { describe, expect, test } from 'vitest'
import { createMemoryWatch } from '../../feeds/memory-watch.ts'

const MIB = 1024 * 1024
const LIMITS = { floorBytes: 100 * MIB, limitBytes: 400 * MIB }

/** Verdicts that are not 'fine', by minute, of a heap that has this lowest value in each. */
function verdicts(lowest: (minute: number) => number, minutes: number): string[] {
  const watch = createMemoryWatch(LIMITS)
  const found: string[] = []
  for (let second = 0; second <= minutes * 60; second++) {
    // A sawtooth: up with the traffic, down with the collector.
    const verdict = watch.sample(lowest(Math.floor(second / 60)) + (second % 20) * 10 * MIB, second * 1000)
    if (verdict !== 'fine') found.push(`${verdict} at ${Math.floor(second / 60)}`)
  }
  return found
}

describe('the memory watch', () => {
  test('takes a heap that goes up and down for what it is', () => {
    expect(verdicts(minute => (120 + (minute % 3) * 10) * MIB, 30)).toEqual([])
  })

  test('rotates once where the lowest values climb, and ends the process where they go on', () => {
    const found = verdicts(minute => 110 * MIB * 1.12 ** minute, 30)
    expect(found[0]).toMatch(/^rotate/)
    expect(found[1]).toMatch(/^exit/)
  })

  test('does not mind growth in a small heap', () => {
    expect(verdicts(minute => Math.min(90, 10 + minute * 5) * MIB, 30)).toEqual([])
  })

  test('ends the process above the limit', () => {
    expect(verdicts(() => 401 * MIB, 1)).toEqual(['exit at 1'])
  })
})
