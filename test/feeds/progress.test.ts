import { expect, test } from 'vitest'
import type { FeedPosition } from '../../domain/feed-ports.ts'
import { createProgress } from '../../feeds/progress.ts'
import type { StreamKind } from '../../feeds/protocol.ts'
import { createTracker } from '../../feeds/tracker.ts'

const at = (milliseconds: number) => ({ now: () => milliseconds, steady: () => milliseconds })

/** Positions in memory, and a barrier that opens when the test says so. */
function prepare(known: FeedPosition[] = [], stream: StreamKind = 'trade') {
  const stored = new Map(known.map(position => [position.symbol, position]))
  const clock = { now: 10_000 }
  let opening = Promise.withResolvers<void>()
  const tracker = createTracker()
  const progress = createProgress(
    {
      positions: {
        load: async () => [...stored.values()],
        async save(positions) {
          expect(positions.length).toBeGreaterThan(0)
          for (const position of positions) stored.set(position.symbol, position)
        },
      },
      symbols: ['BTCUSDT', 'ETHUSDT'],
      stream,
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
  tracker.note('BTCUSDT', 5, 1n, at(clock.now))
  const saved = progress.save(true)
  clock.now = 12_000
  tracker.note('BTCUSDT', 6, 2n, at(clock.now))
  expect(stored.size).toBe(0)

  open()
  await saved

  expect(stored.get('BTCUSDT')).toEqual({ symbol: 'BTCUSDT', id: 5, at: 10_000 })
  expect(stored.get('*')?.at).toBe(10_000)
})

test('while one of its connections is down, the time when it was last alive stands still', async () => {
  const { stored, clock, tracker, progress, open } = prepare([{ symbol: '*', id: 0, at: 9_000 }])
  expect((await progress.resume()).last).toBe(9_000)
  tracker.note('BTCUSDT', 5, 1n, at(clock.now))

  const saved = progress.save(false)
  open()
  await saved

  expect(stored.get('BTCUSDT')?.id).toBe(5)
  expect(stored.get('*')?.at).toBe(9_000)
})

test('a first process counts as alive from its start; symbols that are not asked for are left alone', async () => {
  const { stored, tracker, progress } = prepare([{ symbol: 'XRPUSDT', id: 3, at: 1 }])
  expect((await progress.resume()).last).toBe(undefined)
  expect(stored.get('*')?.at).toBe(10_000)
  expect(tracker.settled()).toEqual([])
})

test('aggregates have positions of their own: their numbers are others', async () => {
  const known = [
    { symbol: 'BTCUSDT', id: 1_000, at: 9_000 },
    { symbol: 'BTCUSDT@aggTrade', id: 70, at: 9_000 },
  ]
  const trades = prepare(known)
  await trades.progress.resume()
  const aggregates = prepare(known, 'aggTrade')
  await aggregates.progress.resume()

  expect(trades.tracker.settled()).toMatchObject([{ symbol: 'BTCUSDT', id: 1_000 }])
  expect(aggregates.tracker.settled()).toMatchObject([{ symbol: 'BTCUSDT', id: 70 }])
  aggregates.tracker.note('BTCUSDT', 71, 1n, at(aggregates.clock.now))
  const saved = aggregates.progress.save(true)
  aggregates.open()
  await saved
  expect(aggregates.stored.get('BTCUSDT@aggTrade')?.id).toBe(71)
  expect(aggregates.stored.get('BTCUSDT')?.id).toBe(1_000)
})

test('where nothing has changed while a connection is down, nothing is written', async () => {
  const { stored, progress, open } = prepare([{ symbol: '*', id: 0, at: 9_000 }])
  await progress.resume()

  const saved = progress.save(false)
  open()
  await saved

  expect([...stored.keys()]).toEqual(['*'])
})
