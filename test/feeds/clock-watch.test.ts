/** A machine whose clock is wrong is told of by the feed, before Silver refuses its trades one by one. */
import { expect, test } from 'vitest'
import { SILENT } from '../silent-log.ts'
import { createRig, type RigOptions, START_MS } from './rig.ts'
import { SIMULATED } from './simulator/support.ts'

const MINUTE = 60_000

async function watch(exchange: (typeof SIMULATED)[number], options: Partial<RigOptions>) {
  const warnings: Record<string, unknown>[] = []
  const symbols = [exchange.name === 'binance' ? 'BTCUSDT' : 'BTCUSD']
  const rig = createRig({
    ...{ exchange, symbols, ratePerSecond: 20, ...options },
    log: { ...SILENT, warn: (message, fields) => warnings.push({ message, ...fields }) },
  })
  await rig.feed.start()
  await rig.timers.advance(5 * MINUTE)
  const offset = await rig.registry.getSingleMetric(`${exchange.name}_feed_clock_offset_seconds`)?.get()
  const told = warnings.filter(({ message }) => message === 'the clock is off')
  return { rig, told, offset: offset?.values[0].value }
}

test.each(SIMULATED)(
  '$name: a clock that is a minute behind is told of, counted and corrected by nobody',
  async exchange => {
    const { rig, told, offset } = await watch(exchange, { clockOff: () => -MINUTE })
    expect(told[0]).toMatchObject({ problem: "this machine's clock is 60 s behind the exchange's", seconds: 60 })
    // Again and again: an alarm looks for it.
    expect(told.length).toBeGreaterThanOrEqual(3)
    expect(offset).toBe(60)
    const { ready, problems } = rig.feed.status()
    expect([ready, problems]).toEqual([
      true,
      ["this machine's clock is 60 s behind the exchange's: trades may be refused by their times"],
    ])
    expect(rig.records[0].timestamp).toBeLessThan(START_MS)
  },
)

test('so is one that is ahead, by the date of a refusal too', async () => {
  const { told } = await watch(SIMULATED[0], {
    clockOff: () => 30_000,
    faults: [{ exchange: 'binance', at: START_MS, kind: 'too-many-requests', milliseconds: 10 * MINUTE }],
  })
  expect(told[0].problem).toBe("this machine's clock is 30 s ahead of the exchange's")
})

test('a clock that is right, or a second off, is not told of; nor is anything where no address answers', async () => {
  for (const clockOff of [0, 1_000, -1_000])
    expect((await watch(SIMULATED[1], { clockOff: () => clockOff })).told).toEqual([])
  const http = () => ({ get: async () => Promise.reject(new Error('refused')) })
  expect((await watch(SIMULATED[1], { clockOff: () => -MINUTE, http })).told).toEqual([])
})

test('while the exchange wants no requests it is not asked for the time: who goes on is banned for longer', async () => {
  const MINUTES_OF_PAUSE = 10
  const asked: { readonly at: number; readonly path: string }[] = []
  const rig = createRig({
    ...{ exchange: SIMULATED[0], symbols: ['BTCUSDT'], ratePerSecond: 20, fromTheFirst: true },
    http: () => ({
      async get(url) {
        asked.push({ at: rig.timers.now() - START_MS, path: new URL(url).pathname })
        return { status: 429, headers: { 'retry-after': String(60 * MINUTES_OF_PAUSE) }, body: 'slower' }
      },
    }),
  })
  // The clock is compared at the start: the gap that was missed is not asked for either.
  await rig.timers.advance(MINUTE)
  await rig.feed.start()
  await rig.timers.advance((MINUTES_OF_PAUSE + 5) * MINUTE)
  expect(asked.map(({ at }) => Math.floor(at / MINUTE))).toEqual([1, 1 + MINUTES_OF_PAUSE])
})
