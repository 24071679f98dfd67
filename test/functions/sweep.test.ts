import { beforeEach, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { FOLDED } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { FIRST_RESEND_MS, producePending } from '../../domain/pending.ts'
import type { ObjectEvents } from '../../domain/ports.ts'
import { tradeStream } from '../../domain/streams.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import {
  BINANCE,
  isCommit,
  KRAKEN,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  pauseOnce,
  pendingIds,
  recordsOf,
  refineAll,
  tradeOf,
} from './support.ts'

let lake: MemoryLake
let sent: { exchange: string; key: string; bytes: number }[]
const events: ObjectEvents = {
  async send(exchange, objects) {
    for (const object of objects) sent.push({ exchange, ...object })
  },
}

beforeEach(() => {
  lake = memoryLake()
  sent = []
})

const sweepAll = (to = events) => sweep(lake.ports, EXCHANGES, to)

async function putObject(exchange = BINANCE, offset = 0): Promise<string> {
  const records = recordsOf([tradeOf(1, { exchange: exchange.code })], 0, offset)
  await ingest(lake.ports, tradeStream(exchange), kafkaEvent(exchange, records))
  return (await pendingIds(lake, consumers.silver(exchange.name))).at(-1)!
}

test('what stays pending is sent again, with its size, to its own exchange', async () => {
  const keys = [await putObject(), await putObject(KRAKEN)]
  lake.clock.advance(30_000)
  expect(await sweepAll()).toEqual({ resent: 2, oldestPendingMs: 30_000 })
  expect(sent.map(({ exchange, key }) => [exchange, key])).toEqual([
    ['binance', keys[0]],
    ['kraken', keys[1]],
  ])
  for (const { key, bytes } of sent) expect((await lake.ports.store.head(key))?.bytes).toBe(bytes)
})

test('nothing is sent in its first half minute, nor when nothing waits', async () => {
  expect(await sweepAll()).toEqual({ resent: 0, oldestPendingMs: 0 })
  await putObject()
  lake.clock.advance(FIRST_RESEND_MS - 1)
  expect(await sweepAll()).toEqual({ resent: 0, oldestPendingMs: 29_999 })
  expect(sent).toEqual([])
})

test('the pause doubles from 30 seconds up to an hour', async () => {
  await putObject()
  const begin = lake.clock.now()
  const times: number[] = []
  // Four hours, a sweep each 10 seconds.
  for (let i = 0; i < 4 * 360; i++) {
    lake.clock.advance(10_000)
    if ((await sweepAll()).resent > 0) times.push((lake.clock.now() - begin) / 1000)
  }
  const pauses = times.map((time, i) => time - (times[i - 1] ?? 0))
  expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
})

test('an object that Silver took is not sent, and taking is not disturbed by sending', async () => {
  await putObject()
  lake.clock.advance(60_000)
  await sweepAll()
  expect(await refineAll(lake, BINANCE)).toMatchObject({ valid: 1, failures: [] })
  lake.clock.advance(3_600_000)
  expect(await sweepAll()).toMatchObject({ resent: 0 })
  expect(sent).toHaveLength(1)
})

test('an object that Silver takes in the very moment is not put back on the list', async () => {
  await putObject()
  lake.clock.advance(60_000)
  const paused = pauseOnce(lake, step => isCommit(step) && step.writes.length === 1)
  const sweeping = sweepAll()
  await paused.reached
  expect(await refineAll(lake, BINANCE)).toMatchObject({ valid: 1 })
  paused.go()
  expect(await sweeping).toMatchObject({ resent: 0 })
  expect(await pendingIds(lake, consumers.silver('binance'))).toEqual([])
})

test('two sweeps at once send an object once', async () => {
  await putObject()
  lake.clock.advance(60_000)
  const paused = pauseOnce(lake, isCommit)
  const first = sweepAll()
  await paused.reached
  expect(await sweepAll()).toMatchObject({ resent: 1 })
  paused.go()
  expect(await first).toMatchObject({ resent: 0 })
  expect(sent).toHaveLength(1)
})

test('a queue that is away fails the sweep, and the object is sent by a later one', async () => {
  await putObject()
  lake.clock.advance(60_000)
  const away: ObjectEvents = {
    async send() {
      throw new Error('the queue is away')
    },
  }
  await expect(sweepAll(away)).rejects.toThrow('away')
  lake.clock.advance(60_000)
  expect(await sweepAll()).toMatchObject({ resent: 1 })
})

test('the oldest item of any list is reported, not only Silver’s', async () => {
  await putObject()
  await refineAll(lake, BINANCE)
  lake.clock.advance(700_000)
  await putObject(KRAKEN)
  expect(await sweepAll()).toMatchObject({ oldestPendingMs: 700_000 })
})

test('minutes that wait for their longer candles do not hide behind new ones', async () => {
  const put = async (id?: string) => {
    const write = await producePending(lake.ports, consumers.candles(), { minutes: [1] }, id)
    await lake.ports.state.transact([write], lake.ports.ids.uuid())
  }
  await put(FOLDED + lake.ports.ids.uuid())
  lake.clock.advance(1_200_000)
  await put()
  expect(await sweepAll()).toMatchObject({ oldestPendingMs: 1_200_000 })
})
