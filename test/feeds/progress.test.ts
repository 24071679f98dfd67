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

  expect(stored.get('BTCUSDT')).toEqual({ symbol: 'BTCUSDT', id: 5, at: 10_000, time: 1 })
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

test('aggregates have positions of their own, and are not published where single trades were, nor the other way', async () => {
  const single = { symbol: 'BTCUSDT', id: 1_000, at: 9_000 }
  const aggregate = { symbol: 'BTCUSDT@aggTrade', id: 70, at: 9_000 }
  const aggregates = prepare([aggregate, { ...single, symbol: 'XRPUSDT' }], 'aggTrade')
  await aggregates.progress.resume()
  expect(aggregates.tracker.settled()).toMatchObject([{ symbol: 'BTCUSDT', id: 70 }])
  aggregates.tracker.note('BTCUSDT', 71, 1n, at(aggregates.clock.now))
  const saved = aggregates.progress.save(true)
  aggregates.open()
  await saved
  expect(aggregates.stored.get('BTCUSDT@aggTrade')?.id).toBe(71)

  const words =
    /BTCUSDT was published here as trade: as aggTrade as well its volume would be doubled\. Give --stream trade/
  await expect(prepare([single], 'aggTrade').progress.resume()).rejects.toThrow(words)
  await expect(prepare([aggregate]).progress.resume()).rejects.toThrow(/published here as aggTrade: as trade as well/)
})

test('where nothing has changed while a connection is down, nothing is written', async () => {
  const { stored, progress, open } = prepare([{ symbol: '*', id: 0, at: 9_000 }])
  await progress.resume()

  const saved = progress.save(false)
  open()
  await saved

  expect([...stored.keys()]).toEqual(['*'])
})
