/** The embedded queue keeps SQS's promises: at least once, hidden while it is worked on, aside after five tries in vain. */
import { expect, test } from 'vitest'
import { createQueue } from '../../adapters/memory-queue.ts'

function open(visibilityMs = 1_000) {
  let now = 0
  let ids = 0
  const clock = { now: () => now, steady: () => now, sleep: async () => {} }
  const queue = createQueue({ clock, ids: { uuid: () => `id-${++ids}` } }, visibilityMs)
  const bodies = (limit = 10) => queue.receive(limit).map(({ body }) => body)
  return { queue, bodies, pass: (milliseconds: number) => void (now += milliseconds) }
}

test('a message is hidden for the time-out and comes again then, until it is deleted', () => {
  const { queue, bodies, pass } = open()
  queue.send('a')
  queue.send('b')
  expect(bodies(1)).toEqual(['a'])
  expect(bodies()).toEqual(['b'])
  expect(bodies()).toEqual([])
  pass(999)
  expect(bodies()).toEqual([])
  pass(1)
  const [a] = queue.receive(1)
  expect(a.body).toBe('a')
  queue.delete([a.messageId])
  pass(1_000)
  expect(bodies()).toEqual(['b'])
  expect(queue.size).toBe(1)
})

test('a message that was received five times in vain is put aside, and says each time how often it came', () => {
  const { queue, pass } = open()
  queue.send('bad')
  const counts: unknown[] = []
  for (let i = 0; i < 7; i++) {
    counts.push(...queue.receive(10).map(({ attributes }) => attributes?.ApproximateReceiveCount))
    pass(1_000)
  }
  expect(counts).toEqual(['1', '2', '3', '4', '5'])
  expect(queue.dead.map(({ body }) => body)).toEqual(['bad'])
  expect(queue.size).toBe(0)
})
