import { expect, test } from 'vitest'
import type { FeedPosition } from '../../domain/feed-ports.ts'
import { createProgress } from '../../feeds/progress.ts'
import { createTracker } from '../../feeds/tracker.ts'

/** Positions in memory, and a barrier that opens when it is told to. */
function prepare(...known: FeedPosition[]) {
  const stored = new Map(known.map(position => [position.symbol, position]))
  const clock = { now: 10_000 }
  let opening = Promise.withResolvers<void>()
  const tracker = createTracker()
  const progress = createProgress(
    {
      positions: {
        load: async () => [...stored.values()],
        async save(positions) {
          for (const position of positions) stored.set(position.symbol, position)
        },
      },
      symbols: ['BTCUSDT', 'ETHUSDT'],
      timers: { now: () => clock.now },
    },
    tracker,
    { barrier: () => opening.promise },
  )
  const open = () => {
    opening.resolve()
    opening = Promise.withResolvers()
  }
  return { stored, clock, tracker, progress, open }
}

test('what is saved was settled before all that was published is in Kafka, and not after', async () => {
  const { stored, clock, tracker, progress, open } = prepare()
  tracker.note('BTCUSDT', 5, 1n, clock.now)
  const saved = progress.save(true)
  clock.now = 12_000
  tracker.note('BTCUSDT', 6, 2n, clock.now)
  expect(stored.size).toBe(0)

  open()
  await saved

  expect(stored.get('BTCUSDT')).toEqual({ symbol: 'BTCUSDT', id: 5, at: 10_000 })
  expect(stored.get('*')?.at).toBe(10_000)
})

test('while one of its connections is down, the time of being there stands still', async () => {
  const { stored, clock, tracker, progress, open } = prepare({ symbol: '*', id: 0, at: 9_000 })
  expect(await progress.resume()).toBe(9_000)
  tracker.note('BTCUSDT', 5, 1n, clock.now)

  const saved = progress.save(false)
  open()
  await saved

  expect(stored.get('BTCUSDT')?.id).toBe(5)
  expect(stored.get('*')?.at).toBe(9_000)
})

test('a first process is there from its start on; symbols that are not asked for are left alone', async () => {
  const { stored, tracker, progress } = prepare({ symbol: 'XRPUSDT', id: 3, at: 1 })
  expect(await progress.resume()).toBe(undefined)
  expect(stored.get('*')?.at).toBe(10_000)
  expect(tracker.settled()).toEqual([])
})
