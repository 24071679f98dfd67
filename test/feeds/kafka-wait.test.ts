import { expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { waitForKafka } from '../../feeds/kafka-wait.ts'
import { SILENT } from '../silent-log.ts'
import { createFakeTimers } from './fake-timers.ts'

const MINUTE_MS = 60_000

/** A Kafka that is ready at a time, and what became of waiting for it. */
function rig(readyAt: number) {
  const timers = createFakeTimers(0)
  const checks: number[] = []
  const check = async () => {
    checks.push(timers.steady())
    if (timers.steady() < readyAt) throw new BadInput(`not ready, check ${checks.length}`)
  }
  return { timers, checks, wait: (milliseconds: number) => waitForKafka(check, milliseconds, { timers, log: SILENT }) }
}

test('a feed starts as soon as its topics are there', async () => {
  const { timers, checks, wait } = rig(3 * MINUTE_MS)
  const waiting = wait(4 * MINUTE_MS)
  await timers.advance(4 * MINUTE_MS)
  await waiting
  const last = checks.at(-1) ?? 0
  expect(last).toBeGreaterThanOrEqual(3 * MINUTE_MS)
  expect(last).toBeLessThanOrEqual(3 * MINUTE_MS + 15_000)
  expect(timers.pending()).toBe(0)
})

test('it gives up with what is wrong when its time is over', async () => {
  const { timers, checks, wait } = rig(Number.POSITIVE_INFINITY)
  const waiting = wait(4 * MINUTE_MS)
  const outcome = expect(waiting).rejects.toThrow(/^not ready, check \d+$/)
  await timers.advance(5 * MINUTE_MS)
  await outcome
  expect(checks.at(-1)).toBeGreaterThan(3.5 * MINUTE_MS)
  expect(checks.at(-1)).toBeLessThanOrEqual(4 * MINUTE_MS)
})

test('without a time to wait it says at once what is wrong', async () => {
  const { timers, wait } = rig(1)
  await expect(wait(0)).rejects.toThrow('not ready, check 1')
  expect(timers.pending()).toBe(0)
})
