/** What becomes of trades that are missing: whatever the exchange still has comes, however long that takes. */
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { decodeGap, type FeedGap } from '../../domain/feed-gaps.ts'
import { unsettledGaps } from '../../domain/unsettled-gaps.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { createFeedMetrics } from '../../feeds/metrics.ts'
import { createPause } from '../../feeds/pause.ts'
import { createRecovery } from '../../feeds/recovery.ts'
import { createTracker } from '../../feeds/tracker.ts'
import { SILENT } from '../silent-log.ts'
import { createFakeTimers } from './fake-timers.ts'
import { type Asked, BINANCE, HOUR, idsOf, lacks, late, MINUTE, SECOND, statuses, traded } from './late-feed.ts'
import { createRig, START_MS } from './rig.ts'
import { SIMULATED } from './simulator/support.ts'

describe.each([
  { ...SIMULATED[0], symbol: 'BTCUSDT', ratePerSecond: 150, minutes: 10 },
  // At Kraken's pace this takes a minute.
  { ...SIMULATED[1], symbol: 'BTCUSD', ratePerSecond: 900, minutes: 30 },
  { ...SIMULATED[2], symbol: 'BTCUSD', ratePerSecond: 1_400, minutes: 10 },
])('$name', ({ name, code, symbol, ratePerSecond, minutes }) => {
  test(`${minutes} minutes of 33 trades/s are fetched whole, in about as many requests as they have pages`, async () => {
    const exchange = { name, code }
    const { rig, asked, arrive } = late(minutes * MINUTE, { exchange, symbols: [symbol], ratePerSecond })
    await arrive()
    await rig.timers.advance(5 * MINUTE)

    expect(traded(rig, symbol).length).toBeGreaterThan(30 * 60 * minutes)
    rig.simulator.endTrading()
    await rig.timers.advance(SECOND)
    expect(lacks(symbol, rig)).toEqual([])
    expect(asked.length).toBeLessThan(traded(rig, symbol).length / 1_000 + 10)
    expect(statuses(rig)).toEqual(['open', 'filled'])
  })

  test('a process that is killed while it fetches leaves the rest to the next, which does not start over', async () => {
    const exchange = { name, code }
    const { rig, asked, arrive } = late(10 * MINUTE, { exchange, symbols: [symbol], ratePerSecond })
    await arrive()
    while (asked.length < 9) await rig.timers.advance(SECOND)
    // Killed: it sends nothing more, whatever it held.
    rig.kafka.up = false
    const before = asked.length
    const positions = new Map(rig.positions)

    const requests: number[] = []
    const second = createRig({
      ...{ exchange, symbols: [symbol], timers: rig.timers, simulator: rig.simulator, positions },
      http: network => ({
        get(url) {
          if (!/\/time$/i.test(url)) requests.push(rig.timers.now())
          return network.get(url)
        },
      }),
    })
    await rig.timers.advance(SECOND)
    await second.feed.start()
    await rig.timers.advance(2 * MINUTE)
    rig.simulator.endTrading()
    await rig.timers.advance(10 * SECOND)

    expect(lacks(symbol, rig, second)).toEqual([])
    const pages = traded(rig, symbol).length / 1_000
    expect(requests.length).toBeLessThan(pages - before + 12)
    // The range that the first reported is closed by the second.
    const [open] = rig.gaps().filter(({ status }) => status === 'open')
    expect(second.gaps()).toContainEqual(
      expect.objectContaining({ status: 'closed', fromId: open.fromId, toId: open.toId }),
    )
  })
})

test('an exchange whose history is down for three hours has not lost anything', async () => {
  const down = (asked: Asked) =>
    asked.at < 3 * HOUR + 10 * MINUTE ? { status: 503, headers: {}, body: 'maintenance' } : undefined
  const { rig, asked, arrive } = late(10 * MINUTE, { ratePerSecond: 20, answer: down })
  await arrive()
  await rig.timers.advance(3 * HOUR)
  expect(statuses(rig)).toEqual(['open'])
  expect(rig.feed.status().missingTrades).toBeGreaterThan(2_000)
  // It is asked seldom, not never.
  expect(asked.length).toBeLessThan(60)
  await rig.timers.advance(20 * MINUTE)
  rig.simulator.endTrading()
  await rig.timers.advance(10 * SECOND)
  expect(lacks('BTCUSDT', rig)).toEqual([])
  expect(statuses(rig)).toEqual(['open', 'filled'])
})

test('the oldest range is looked for first', async () => {
  const down = (asked: Asked) =>
    asked.at < 20 * MINUTE ? { status: 503, headers: {}, body: 'maintenance' } : undefined
  const { rig, asked, arrive } = late(MINUTE, {
    ratePerSecond: 20,
    symbols: ['BTCUSDT', 'ETHUSDT'],
    faults: [
      { exchange: 'binance', at: START_MS + 10 * MINUTE, kind: 'skipped', trades: 20, lost: false, symbol: 'ETHUSDT' },
    ],
    answer: down,
  })
  await arrive()
  await rig.timers.advance(40 * MINUTE)
  const answered = asked.filter(({ at }) => at >= 20 * MINUTE).map(({ path }) => Number(/fromId=(\d+)/.exec(path)?.[1]))
  expect(answered.slice(0, 2)).toEqual([1, 1])
  expect(rig.feed.status().missingTrades).toBe(0)
})

test('what the history does not show at all is lost, but only after more than an hour of asking', async () => {
  const { rig, arrive } = late(MINUTE, {
    ratePerSecond: 20,
    answer: () => ({ status: 200, headers: {}, body: '[]' }),
  })
  await arrive()
  await rig.timers.advance(HOUR)
  expect(statuses(rig)).toEqual(['open'])
  await rig.timers.advance(HOUR)
  expect(statuses(rig)).toEqual(['open', 'lost', 'closed'])
  expect(rig.feed.status().missingTrades).toBe(0)
})

test('a trade that the history has and nobody can read is reported with its text, and its neighbours come', async () => {
  const { rig } = late(MINUTE, { ratePerSecond: 20 })
  const spoilt = createRig({
    ...{ exchange: BINANCE, symbols: ['BTCUSDT'], timers: rig.timers, simulator: rig.simulator, fromTheFirst: true },
    http: exchange => ({
      async get(url) {
        const reply = await exchange.get(url)
        return { ...reply, body: reply.body.replace(/("id":103,"price":)"[^"]*"/, '$1"cheap"') }
      },
    }),
  })
  await rig.timers.advance(2 * MINUTE)
  await spoilt.feed.start()
  await rig.timers.advance(MINUTE)
  rig.simulator.endTrading()
  await rig.timers.advance(10 * SECOND)

  const got = new Set(idsOf(spoilt))
  expect(traded(spoilt, 'BTCUSDT').filter(id => !got.has(id))).toEqual(['BINANCE-103'])
  expect(statuses(spoilt)).toEqual(['open', 'unreadable', 'closed'])
  const report = spoilt.gaps().find(({ kind }) => kind === 'unreadable')
  expect(report).toMatchObject({ symbol: 'BTCUSDT', fromId: 103, toId: 103 })
  expect(report?.raw).toContain('"cheap"')
  expect(spoilt.feed.status().missingTrades).toBe(0)
})

test('a trade that came unreadable is made up for when it comes once more; one that had come is not reported', async () => {
  const tracker = createTracker()
  const timers = createFakeTimers(START_MS)
  const reports: FeedGap[] = []
  const pair = { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT' }
  const recovery = createRecovery(
    {
      ...{ exchange: 'binance', venue: VENUES.binance, pairs: [pair], stream: 'trade', tracker, timers },
      metrics: createFeedMetrics(new Registry(), 'binance'),
      http: { get: () => new Promise(() => {}) },
      pause: createPause(timers),
      log: SILENT,
      hasRoom: () => true,
    },
    { found() {}, report: ({ value }) => reports.push(decodeGap(value)) },
  )
  const spoilt = (number: number) => ({ symbol: 'BTCUSDT', number, problem: 'no price', raw: '{}' })
  const comes = (number: number) => {
    const trade = { symbol: 'BTCUSDT', number, timestamp: BigInt(number) }
    if (tracker.note(trade.symbol, number, trade.timestamp, timers) === 'new') recovery.came(trade)
  }
  comes(1)
  recovery.unreadable(spoilt(2))
  await timers.advance(1)
  comes(3)
  comes(2)
  recovery.unreadable(spoilt(3))

  expect(reports.map(({ status, fromId, toId }) => [status, fromId, toId])).toEqual([
    ['unreadable', 2, 2],
    ['filled', 2, 2],
  ])
  expect(unsettledGaps(reports)).toEqual([])
})

test('a range is not said to be filled where the page of another range showed that its trade cannot be read', async () => {
  const fault = { exchange: 'binance', symbol: 'BTCUSDT', trades: 1 } as const
  const { rig, arrive } = late(0, {
    ratePerSecond: 60,
    faults: [
      { ...fault, at: START_MS + 10_000, kind: 'skipped', lost: false },
      { ...fault, at: START_MS + 10_300, kind: 'unreadable' },
    ],
  })
  await arrive()
  await rig.timers.advance(MINUTE)
  const ended = rig.gaps().filter(({ status }) => status === 'filled' || status === 'closed')
  const [unreadable] = rig.gaps().filter(({ status }) => status === 'unreadable')
  const [readable, other] = ended
  expect(ended.map(({ status }) => status)).toEqual(['filled', 'closed'])
  expect(other).toMatchObject({ fromId: unreadable.fromId, toId: unreadable.toId })
  expect(readable.toId).toBeLessThan(Number(other.fromId))
})

test('a machine whose clock is ten minutes ahead looks for what it missed from where the exchange says', async () => {
  const options = { exchange: SIMULATED[1], symbols: ['BTCUSD'], ratePerSecond: 400, clockOff: () => 10 * MINUTE }
  const first = createRig(options)
  await first.feed.start()
  await first.timers.advance(20 * SECOND)
  // Killed; what comes now is more than Kraken shows at once.
  first.kafka.up = false
  await first.timers.advance(MINUTE)
  const { timers, simulator } = first
  const second = createRig({ ...options, timers, simulator, positions: new Map(first.positions) })
  await second.feed.start()
  await timers.advance(20 * SECOND)
  simulator.endTrading()
  await timers.advance(10 * SECOND)
  expect(lacks('BTCUSD', first, second).filter(id => id !== 'KRAKEN-1')).toEqual([])
})
