/**
 * One exchange's feed against its simulated exchange, on a fake clock.
 * Over 250 lines: one rig, and each trouble that a feed may have.
 */
import { describe, expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { FRAME_BYTES } from '../../domain/wire.ts'
import type { FaultKind } from '../../feeds/simulator/types.ts'
import { createRig, type Rig, type RigOptions, START_MS } from './rig.ts'
import { numberOf } from './support.ts'

const BINANCE = { name: 'binance', code: 'BINANCE' } as const
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT', 'ADAUSDT', 'ETHBTC', 'SHIBUSDT']
const SECOND = 1_000
const MINUTE = 60 * SECOND

const open = (options: Partial<RigOptions> = {}) =>
  createRig({ exchange: BINANCE, symbols: SYMBOLS, fromTheFirst: true, ...options })
const fault = (second: number, kind: FaultKind) => ({ exchange: 'binance', at: START_MS + second * SECOND, ...kind })

const TRADE_V2 = avroType(TRADE_SCHEMA)

/** `BTCUSDT 12`, of all records in their order. */
function published(rig: Rig): string[] {
  return rig.records
    .filter(({ topic }) => topic !== FEED_GAPS_TOPIC)
    .map(({ value }) => {
      const trade = TRADE_V2.fromBuffer(Buffer.from(value).subarray(FRAME_BYTES))
      return `${trade.symbol} ${numberOf({ tradeId: trade.trade_id })}`
    })
}

function traded(rig: Rig): string[] {
  return rig.simulator.exchanges[0].trades().obtainable.map(trade => `${trade.symbol} ${numberOf(trade)}`)
}

/** Ends trading, lets the feed settle, and gives what Kafka has of what was traded. */
async function finish(rig: Rig, settle = 20 * SECOND) {
  rig.simulator.endTrading()
  await rig.timers.advance(settle)
  const stopped = rig.feed.stop(MINUTE)
  await rig.timers.advance(MINUTE)
  await stopped
  const got = published(rig)
  const wanted = traded(rig)
  const distinct = new Set(got)
  return { got, wanted, missing: wanted.filter(id => !distinct.has(id)), repeats: got.length - distinct.size }
}

const disconnects = (rig: Rig) => rig.gaps().filter(({ kind }) => kind === 'disconnect')

describe('a feed', () => {
  test('publishes each trade once, keyed by its symbol, in the order of the exchange', async () => {
    const rig = open()
    await rig.feed.start()
    await rig.timers.advance(10 * SECOND)

    const { got, wanted, repeats } = await finish(rig)

    expect(repeats).toBe(0)
    expect(wanted.length).toBeGreaterThan(300)
    const btc = (all: string[]) => all.filter(id => id.startsWith('BTCUSDT'))
    expect(btc(got)).toEqual(btc(wanted))
    expect(got.sort()).toEqual(wanted.sort())
    expect(new Set(rig.records.map(({ key }) => Buffer.from(key).toString()))).toEqual(new Set(SYMBOLS))
    expect(rig.gaps()).toEqual([])
  })

  test('a dropped connection is a record with its time and cause, and costs no trade', async () => {
    const rig = open({ faults: [fault(10, { kind: 'drop' }), fault(10, { kind: 'refuse', milliseconds: 5_000 })] })
    await rig.feed.start()
    await rig.timers.advance(30 * SECOND)

    const { missing } = await finish(rig)

    expect(missing).toEqual([])
    const [first] = disconnects(rig)
    expect(first).toMatchObject({ exchange: 'binance', symbol: null, status: 'checked' })
    expect(first.cause).toMatch(/^broken: /)
    const at = (time: bigint | null) => Number(time ?? 0n) / 1000 - START_MS
    expect(at(first.fromTime)).toBeGreaterThan(9 * SECOND)
    expect(at(first.fromTime)).toBeLessThanOrEqual(10.1 * SECOND)
    expect(at(first.toTime)).toBeGreaterThan(15 * SECOND)
    const filled = rig.gaps().filter(({ status }) => status === 'filled')
    expect(filled.length).toBeGreaterThan(0)
    for (const { cause } of filled) expect(cause).toBe('broken')
  })

  test('a silent connection is given up, and another takes its place', async () => {
    const rig = open({ faults: [fault(5, { kind: 'silent', milliseconds: 90 * SECOND })] })
    await rig.feed.start()
    await rig.timers.advance(3 * MINUTE)

    const { missing } = await finish(rig)

    expect(missing).toEqual([])
    expect(disconnects(rig)[0].cause).toMatch(/^stale: no message for \d+ ms$/)
  })

  test('a quiet market whose server pings is alive: it is not connected to anew', async () => {
    const rig = open({ ratePerSecond: 0, symbols: ['BTCUSDT'], fromTheFirst: false })
    await rig.feed.start()
    await rig.timers.advance(60 * MINUTE)

    expect(rig.feed.status()).toMatchObject({ ready: true, problems: [] })
    expect(rig.gaps()).toEqual([])
    expect(await rig.registry.getSingleMetricAsString('binance_feed_reconnects_total')).toMatch(/cause="stale"} 0\n/)
  })

  test.each([-10, 10])('a wall clock that is set by %i minutes delays nothing that it waits for', async minutes => {
    const faults = [fault(10, { kind: 'drop' as const }), fault(15, { kind: 'silent' as const, milliseconds: 90_000 })]
    let off = 0
    const rig = open({ faults, clockOff: () => off })
    await rig.feed.start()
    await rig.timers.advance(9_000)
    off = minutes * MINUTE
    await rig.timers.advance(3 * MINUTE)

    expect(rig.feed.status()).toMatchObject({ healthy: true, ready: true, missingTrades: 0 })
    expect((await finish(rig)).missing).toEqual([])
  })

  test('reads aggregates by their own numbers, and gets those that a broken connection cost', async () => {
    const faults = [fault(10, { kind: 'drop' as const }), fault(10, { kind: 'refuse' as const, milliseconds: 5_000 })]
    const rig = open({ stream: 'aggTrade', fromTheFirst: false, symbols: ['BTCUSDT'], faults })
    await rig.feed.start()
    await rig.timers.advance(30 * SECOND)

    const { got } = await finish(rig)

    const ids = [...new Set(got)].map(id => Number(id.split(' ')[1])).sort((a, b) => a - b)
    expect(ids.length).toBeGreaterThan(500)
    expect(ids[ids.length - 1] - ids[0] + 1).toBe(ids.length)
    expect(rig.gaps().filter(({ status }) => status === 'filled')).toHaveLength(1)
    expect([...rig.positions.keys()].sort()).toEqual(['*', 'BTCUSDT@aggTrade'])
  })

  test('a host that is down is left for the next one', async () => {
    const rig = open({ hosts: ['nowhere.sim', 'binance.sim'], down: ['nowhere.sim'] })
    await rig.feed.start()
    await rig.timers.advance(MINUTE)

    expect(rig.feed.status()).toMatchObject({ ready: true, connections: [{ url: 'ws://binance.sim', live: true }] })
    expect((await finish(rig)).missing).toEqual([])
  })

  test('changes its connection before the exchange would, under 5,000 trades/s, and loses nothing', async () => {
    const rig = open({ ratePerSecond: 6_250, maxAgeMs: 10 * SECOND })
    await rig.feed.start()
    await rig.timers.advance(25 * SECOND)

    const { wanted, missing, repeats } = await finish(rig)

    expect(wanted.length).toBeGreaterThan(100_000)
    expect(missing).toEqual([])
    expect(disconnects(rig)).toEqual([])
    expect(rig.gaps()).toEqual([])
    // Both connections were read for a while.
    expect(repeats).toBeGreaterThan(10_000)
    expect(await rig.registry.getSingleMetricAsString('binance_feed_reconnects_total')).toMatch(
      /cause="rotation"} [3-5]\n/,
    )
  })

  test('goes to a new connection when the exchange announces a shutdown', async () => {
    const rig = open({ faults: [fault(5, { kind: 'server-shutdown' })] })
    await rig.feed.start()
    await rig.timers.advance(30 * SECOND)

    const { missing } = await finish(rig)

    expect(missing).toEqual([])
    expect(await rig.registry.getSingleMetricAsString('binance_feed_reconnects_total')).toMatch(
      /cause="shutdown_notice"} 1\n/,
    )
    expect(disconnects(rig)).toEqual([])
  })

  test('trades that the exchange does not have are told from those that nobody found', async () => {
    const rig = open({
      faults: [fault(5, { kind: 'skipped', trades: 7, lost: true, symbol: 'BTCUSDT' })],
    })
    await rig.feed.start()
    await rig.timers.advance(10 * SECOND)

    const { missing } = await finish(rig, 4 * MINUTE)

    expect(missing).toEqual([])
    const { lost } = rig.simulator.exchanges[0].trades()
    const sequences = rig.gaps().filter(({ kind }) => kind === 'sequence')
    expect(sequences.map(({ status }) => status)).toEqual(['open', 'absent', 'closed'])
    expect([sequences[1].fromId, sequences[1].toId]).toEqual([numberOf(lost[0]), numberOf(lost[6])])
    expect(rig.feed.status().missingTrades).toBe(0)
  })

  test('what a killed process did not get into Kafka, the next one gets; the time between is recorded', async () => {
    const first = open()
    await first.feed.start()
    await first.timers.advance(10_050)
    // Killed: it sends nothing more, whatever it held.
    first.kafka.up = false
    const { positions, simulator, timers } = first
    const at = timers.now()
    const snapshot = new Map(positions)

    const second = createRig({ exchange: BINANCE, symbols: SYMBOLS, timers, simulator, positions: snapshot })
    await timers.advance(15 * SECOND)
    await second.feed.start()
    await timers.advance(10 * SECOND)
    simulator.endTrading()
    await timers.advance(10 * SECOND)
    const stopped = second.feed.stop(MINUTE)
    await timers.advance(MINUTE)
    await stopped

    const got = new Set([...published(first), ...published(second)])
    expect(traded(first).filter(id => !got.has(id))).toEqual([])
    const [outage] = disconnects(second)
    expect(outage.cause).toBe('the feed was restarted')
    expect(Number(outage.fromTime) / 1000).toBeLessThanOrEqual(at)
    expect(Number(outage.toTime) / 1000).toBeGreaterThanOrEqual(at + 15 * SECOND)
  })

  test('killed in its first second, before it saved what it had, it leaves a record of that time too', async () => {
    const first = open({ fromTheFirst: false })
    await first.timers.advance(5 * SECOND)
    const began = first.timers.now()
    await first.feed.start()
    await first.timers.advance(950)
    first.kafka.up = false
    const { positions, simulator, timers } = first
    const snapshot = new Map(positions)

    const second = createRig({ exchange: BINANCE, symbols: SYMBOLS, timers, simulator, positions: snapshot })
    await second.feed.start()
    await timers.advance(5 * SECOND)

    // No id is known to be the last one of the first process.
    expect(disconnects(second)).toMatchObject([{ status: 'unknown', cause: 'the feed was restarted' }])
    expect(Number(disconnects(second)[0].fromTime) / 1000).toBe(began)
  })

  test('a feed that is stopped while it reads no more does not connect again', async () => {
    const rig = open({ memoryBytes: 20_000, spillBytes: 50_000 })
    await rig.feed.start()
    await rig.timers.advance(5 * SECOND)
    rig.kafka.up = false
    await rig.timers.advance(MINUTE)
    expect(rig.feed.status().problems.join()).toMatch(/memory and disk are full/)
    rig.kafka.up = true

    const stopped = rig.feed.stop(MINUTE)
    await rig.timers.advance(MINUTE)
    await stopped
    await rig.timers.advance(MINUTE)

    expect(rig.feed.status()).toMatchObject({ spillBytes: 0, connections: [{ live: false }] })
    expect(rig.timers.pending()).toBe(0)
  })

  test('of two connections each records its own time without a feed', async () => {
    const first = open({ pairsPerConnection: 4 })
    await first.feed.start()
    await first.timers.advance(10_050)
    first.kafka.up = false
    const { positions, simulator, timers } = first

    const second = createRig({
      ...{ exchange: BINANCE, symbols: SYMBOLS, timers, simulator, positions: new Map(positions) },
      pairsPerConnection: 4,
    })
    await second.feed.start()
    await timers.advance(10 * SECOND)

    expect(disconnects(second).map(({ cause, status }) => `${cause}: ${status}`)).toEqual([
      'the feed was restarted: checked',
      'the feed was restarted: checked',
    ])
  })

  test('without Kafka it goes on reading, says that it is not ready, and sends everything later', async () => {
    const rig = open({ memoryBytes: 100_000 })
    await rig.feed.start()
    await rig.timers.advance(5 * SECOND)
    rig.kafka.up = false
    await rig.timers.advance(30 * SECOND)
    const status = rig.feed.status()
    rig.kafka.up = true
    await rig.timers.advance(10 * SECOND)

    expect(status).toMatchObject({ healthy: true, ready: false, problems: ['Kafka: no broker answers'] })
    expect(status.spillBytes).toBeGreaterThan(100_000)
    const { missing } = await finish(rig)
    expect(missing).toEqual([])
    expect(disconnects(rig)).toEqual([])
  })

  test('with memory and disk full it stops reading, says so, and gets what it missed when there is room', async () => {
    const rig = open({ memoryBytes: 20_000, spillBytes: 50_000 })
    await rig.feed.start()
    await rig.timers.advance(5 * SECOND)
    rig.kafka.up = false
    await rig.timers.advance(MINUTE)
    const status = rig.feed.status()
    rig.kafka.up = true
    await rig.timers.advance(MINUTE)

    expect(status.connections).toMatchObject([{ url: undefined, live: false, ends: { back_pressure: 1 } }])
    expect(status.problems[1]).toMatch(/memory and disk are full/)
    expect(status.spillBytes).toBeLessThan(200_000)
    const { missing } = await finish(rig)
    expect(missing).toEqual([])
    expect(disconnects(rig)[0].cause).toMatch(/^back_pressure: /)
  })

  test('a heap that grows and grows makes it change connections, then ask for a new process', async () => {
    let heap = 100 * 1024 * 1024
    const rig = open({ ratePerSecond: 5, heapBytes: () => (heap *= 1.002) })
    await rig.feed.start()
    await rig.timers.advance(20 * MINUTE)

    expect(await rig.registry.getSingleMetricAsString('binance_feed_reconnects_total')).toMatch(/cause="memory"} 1\n/)
    expect(rig.exits.length).toBe(1)
    expect(rig.feed.status().healthy).toBe(false)
  })
})
