/** Whenever a feed is killed or stopped: each range that it reported as missing is reported as done with in the end. */
import { expect, test } from 'vitest'
import type { FeedGap } from '../../domain/feed-gaps.ts'
import { createRig, type Rig, START_MS } from './rig.ts'

const SECOND = 1_000
const KRAKEN = { name: 'kraken', code: 'KRAKEN' } as const
const SYMBOLS = ['BTCUSD', 'ETHUSD']

/** A market with a connection that breaks for a while, and trades that the stream leaves out. */
function begin(): Rig {
  const exchange = KRAKEN.name
  return createRig({
    ...{ exchange: KRAKEN, symbols: SYMBOLS, ratePerSecond: 400, fromTheFirst: true },
    faults: [
      { exchange, at: START_MS + 4_000, kind: 'drop' },
      { exchange, at: START_MS + 4_000, kind: 'refuse', milliseconds: 3_000 },
      { exchange, at: START_MS + 9_000, kind: 'skipped', trades: 5, lost: false, symbol: 'BTCUSD' },
      { exchange, at: START_MS + 9_500, kind: 'skipped', trades: 3, lost: true, symbol: 'ETHUSD' },
    ],
  })
}

function openRanges(gaps: readonly FeedGap[]): string[] {
  const ended = gaps.filter(({ status }) => status === 'filled' || status === 'closed')
  const covers = (open: FeedGap) => (end: FeedGap) =>
    end.symbol === open.symbol && Number(end.fromId) <= Number(open.fromId) && Number(end.toId) >= Number(open.toId)
  return gaps
    .filter(gap => gap.status === 'open' && !ended.some(covers(gap)))
    .map(({ symbol, fromId, toId }) => `${symbol} ${fromId}-${toId}`)
}

test.each([false, true])('in the end nothing is open (stopped in order: %s)', async inOrder => {
  let reported = 0
  for (let at = 10_000; at < 16_000; at += 330) {
    const first = begin()
    await first.feed.start()
    await first.timers.advance(at)
    if (inOrder) {
      const stopped = first.feed.stop(100)
      await first.timers.advance(SECOND)
      await stopped
    } else first.kafka.up = false
    const { timers, simulator } = first
    const positions = new Map(first.positions)
    const second = createRig({ exchange: KRAKEN, symbols: SYMBOLS, timers, simulator, positions })
    await timers.advance(SECOND)
    await second.feed.start()
    await timers.advance(40 * SECOND)
    simulator.endTrading()
    await timers.advance(20 * SECOND)
    const stopped = second.feed.stop(10 * SECOND)
    await timers.advance(10 * SECOND)
    await stopped

    expect(openRanges([...first.gaps(), ...second.gaps()]), `killed after ${at} ms`).toEqual([])
    reported += first.gaps().filter(({ status }) => status === 'open').length
  }
  expect(reported).toBeGreaterThan(10)
})
