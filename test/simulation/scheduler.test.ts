/** What waits in a simulated world comes to pass in the order of its time, unless it is taken back. */
import { expect, test } from 'vitest'
import { randomStream } from '../../feeds/random.ts'
import { createScheduler, type Entry } from './scheduler.ts'

test('an entry that is cancelled never runs, and time does not wait for it; another with the same work does', async () => {
  const scheduler = createScheduler(0, randomStream(1), { order: 'anyone' })
  const ran: number[] = []
  const run = () => void ran.push(scheduler.now())
  const entry = (due: number): Entry => ({ due, label: 'somebody works', owner: undefined, run })
  const [first, second, last] = [entry(10), entry(20), entry(1_000)]
  for (const each of [first, second, last]) scheduler.add(each)
  scheduler.cancel(first)
  scheduler.cancel(last)
  expect(await scheduler.run(5_000, 10)).toBe(true)
  expect(ran).toEqual([20])
  expect(scheduler.now()).toBe(20)
  scheduler.cancel(second)
})
