/** Whenever a feed is killed or stopped: each range that it reported as missing is reported as done with in the end. */
import { expect, test } from 'vitest'
import { decodeGap, type FeedGap } from '../../domain/feed-gaps.ts'
import type { FeedPosition, Spill } from '../../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import { createRig, memorySpill, type Rig, START_MS } from './rig.ts'

const SECOND = 1_000
const KRAKEN = { name: 'kraken', code: 'KRAKEN' } as const
const SYMBOLS = ['BTCUSD', 'ETHUSD']

/** A market with a connection that breaks for a while, and trades that the stream leaves out. */
function begin(spill?: Spill): Rig {
  const exchange = KRAKEN.name
  return createRig({
    ...{ exchange: KRAKEN, symbols: SYMBOLS, ratePerSecond: 400, fromTheFirst: true, ...(spill && { spill }) },
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

test('a process that ends while Kafka is down reports no range as open: the next one would not know of it', async () => {
  const spill = memorySpill()
  const first = begin(spill)
  await first.feed.start()
  await first.timers.advance(8 * SECOND)
  first.kafka.up = false
  // Trades are skipped, and missed, after the last position that Kafka took.
  await first.timers.advance(6 * SECOND)
  const stopping = first.feed.stop(100)
  await first.timers.advance(SECOND)
  await stopping
  const reports = spill.next(1e6).filter(({ topic }) => topic === FEED_GAPS_TOPIC)
  expect(reports.map(({ value }) => decodeGap(value).status)).not.toContain('open')
})

test('a last position that cannot be saved is no reason to end badly: the next process gets some trades twice', async () => {
  const positions = new Map<string, FeedPosition>()
  const warnings: string[] = []
  const rig = createRig({
    ...{ exchange: KRAKEN, symbols: SYMBOLS, positions },
    log: { info: () => {}, error: () => {}, warn: message => warnings.push(message) },
  })
  await rig.feed.start()
  await rig.timers.advance(2 * SECOND)
  positions.set = () => {
    throw new Error('no broker answers')
  }
  const stopped = rig.feed.stop(SECOND)
  await rig.timers.advance(2 * SECOND)
  await stopped
  expect(warnings).toContain('the position was not saved')
})
