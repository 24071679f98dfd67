/**
 * The Lambda handlers, with the events that AWS sends.
 * Over 250 lines: each handler has the same cases.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { Fenced } from '../../domain/errors.ts'
import { objectCreated, type QueueEvent, readNotification } from '../../domain/events.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers } from '../../domain/names.ts'
import type { InvocationContext, ObjectEvents, Telemetry } from '../../domain/ports.ts'
import { wholeShare } from '../../domain/shares.ts'
import { tradeStream } from '../../domain/streams.ts'
import { createMetrics, type LocalMetrics } from '../../embedded/metrics.ts'
import { bronzeHandler } from '../../functions/bronze/handler.ts'
import { commitHandler } from '../../functions/commit/handler.ts'
import { goldHandler } from '../../functions/gold/handler.ts'
import { maintainHandler } from '../../functions/maintain/handler.ts'
import { ohlcvHandler } from '../../functions/ohlcv/handler.ts'
import { silverHandler } from '../../functions/silver/handler.ts'
import { sweepHandler } from '../../functions/sweep/handler.ts'
import {
  BINANCE,
  Crash,
  crashOnce,
  isCommit,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  pendingIds,
  recordsOf,
  testEngine,
  tradeOf,
} from './support.ts'

const WHOLE = wholeShare(EXCHANGES)
const engine = await testEngine()
let lake: MemoryLake
let logged: { level: string; message: string; fields: Record<string, unknown> }[]
let context: InvocationContext
let metrics: LocalMetrics
let telemetry: Telemetry

beforeEach(() => {
  lake = memoryLake({ engine })
  logged = []
  metrics = createMetrics()
  const note = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void logged.push({ level, message, fields })
  telemetry = { log: { info: note('info'), warn: note('warn'), error: note('error') }, metrics }
  const end = lake.clock.now() + 60_000
  context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => end - lake.clock.now() }
})

const event = (from: number, to: number) =>
  kafkaEvent(
    BINANCE,
    recordsOf(
      Array.from({ length: to - from }, (_, i) => tradeOf(from + i)),
      0,
      from,
    ),
  )
const queueEvent = (bodies: readonly string[]): QueueEvent => ({
  Records: bodies.map((body, i) => ({ messageId: `message-${i}`, body, attributes: { ApproximateReceiveCount: '1' } })),
})

async function putObject(from: number, to: number): Promise<string> {
  await bronzeHandler(telemetry, lake.ports, tradeStream(BINANCE))(event(from, to), context)
  return (await pendingIds(lake, consumers.silver('binance'))).at(-1)!
}

describe('bronze', () => {
  test('takes an MSK batch and logs what it did under the request’s id', async () => {
    expect(await bronzeHandler(telemetry, lake.ports, tradeStream(BINANCE))(event(0, 3), context)).toMatchObject({
      ingested: 3,
    })
    expect(logged).toEqual([
      { level: 'info', message: 'bronze', fields: expect.objectContaining({ requestId: 'request-1', ingested: 3 }) },
    ])
  })

  test('throws what goes wrong, so that the batch comes again', async () => {
    const handler = bronzeHandler(telemetry, lake.ports, tradeStream(BINANCE))
    crashOnce(lake, 'before', isCommit)
    await expect(handler(event(0, 3), context)).rejects.toThrow(Crash)
    expect(await handler(event(0, 3), context)).toMatchObject({ ingested: 3 })
  })

  test('stores nothing when its time is over: the topic may have been recreated since', async () => {
    const { state } = lake.ports
    const slow: typeof state = {
      ...state,
      async get(key) {
        lake.clock.advance(60_001)
        return state.get(key)
      },
    }
    await expect(
      bronzeHandler(telemetry, { ...lake.ports, state: slow }, tradeStream(BINANCE))(event(0, 3), context),
    ).rejects.toThrow(Fenced)
    expect(await pendingIds(lake, consumers.silver('binance'))).toEqual([])
  })
})

describe('silver', () => {
  const handle = (bodies: readonly string[]) =>
    silverHandler(telemetry, lake.ports, BINANCE)(queueEvent(bodies), context)

  test('takes notifications of objects and fails none when all is well', async () => {
    const keys = [await putObject(0, 2), await putObject(2, 4)]
    const response = await handle(keys.map(key => objectCreated(key, 100)))
    expect(response).toEqual({
      batchItemFailures: [],
      result: { valid: 4, invalid: 0, objects: 2, failures: [] },
    })
  })

  test('reads keys as S3 encodes them, several to a message', async () => {
    const keys = [await putObject(0, 2), await putObject(2, 4)]
    const Records = keys.map(key => ({ s3: { object: { key: key.replace('=', '%3D'), size: 1 } } }))
    expect(keys[0]).toContain('=')
    expect(await handle([JSON.stringify({ Records })])).toMatchObject({ batchItemFailures: [], result: { objects: 2 } })
  })

  test('reads back any key that a notification was made of', () => {
    for (const key of ['a b/c+d=e/%20ü🚀&.parquet', '+', ' '])
      expect(readNotification(objectCreated(key, 1))).toEqual({ keys: [key] })
  })

  test('fails the message of a damaged object alone', async () => {
    const keys = [await putObject(0, 2), await putObject(2, 4), await putObject(4, 6)]
    await lake.ports.store.delete([keys[1]])
    await lake.ports.store.put(keys[1], Buffer.from('damaged'))
    const response = await handle(keys.map(key => objectCreated(key, 100)))
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: 'message-1' }])
    expect(response.result).toMatchObject({ valid: 4, objects: 2 })
    expect(logged.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { key: keys[1] } }])
  })

  for (const body of ['no JSON', 'null', '{"Records":[{}]}', '{"Records":[{"s3":{"object":{"key":"%E0%A4%A"}}}]}'])
    test(`fails only the message whose body is not a notification: ${body}`, async () => {
      const key = await putObject(0, 2)
      const response = await handle([body, objectCreated(key, 100)])
      expect(response.batchItemFailures).toEqual([{ itemIdentifier: 'message-0' }])
      expect(response.result).toMatchObject({ valid: 2, objects: 1 })
      expect(logged.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { messageId: 'message-0' } }])
    })

  test('acknowledges S3’s own test message, and keys that no list knows', async () => {
    const test = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b' })
    expect((await handle([test, objectCreated('elsewhere', 1)])).batchItemFailures).toEqual([])
  })

  test('acknowledges the same object twice in a batch, and once more', async () => {
    const body = objectCreated(await putObject(0, 2), 100)
    expect(await handle([body, body])).toMatchObject({ batchItemFailures: [], result: { valid: 2, objects: 1 } })
    expect(await handle([body])).toMatchObject({ batchItemFailures: [], result: { valid: 0, objects: 0 } })
  })
})

describe('the scheduled functions', () => {
  const schedule = { source: 'aws.scheduler', 'detail-type': 'Scheduled Event', detail: {} }

  test('carry trades through to candles, and log only commits that were made', async () => {
    const key = await putObject(0, 4)
    await silverHandler(telemetry, lake.ports, BINANCE)(queueEvent([objectCreated(key, 1)]), context)
    logged.length = 0
    const committed = await commitHandler(telemetry, lake.ports, EXCHANGES)(schedule, context)
    expect(committed.filter(({ commits }) => commits > 0).map(({ table, records }) => [table, records])).toEqual([
      ['bronze_binance_trades', 4],
      ['silver_binance_trades', 4],
    ])
    expect(logged).toHaveLength(2)
    expect(await goldHandler(telemetry, lake.ports, [WHOLE])(schedule, context)).toMatchObject({
      commits: 1,
      written: 4,
    })
    expect(await ohlcvHandler(telemetry, lake.ports, WHOLE)(schedule, context)).toMatchObject({ commits: 1 })
    for (const { fields } of logged) expect(fields.requestId).toBe('request-1')
  })

  test('maintain the tables, and log what was done to each and what could not be', async () => {
    const key = await putObject(0, 4)
    await silverHandler(telemetry, lake.ports, BINANCE)(queueEvent([objectCreated(key, 1)]), context)
    await commitHandler(telemetry, lake.ports, EXCHANGES)(schedule, context)
    for (let minute = 0; minute < 2; minute++) {
      await goldHandler(telemetry, lake.ports, [WHOLE])(schedule, context)
      const next = await putObject(4 + minute, 5 + minute)
      await silverHandler(telemetry, lake.ports, BINANCE)(queueEvent([objectCreated(next, 1)]), context)
    }
    await goldHandler(telemetry, lake.ports, [WHOLE])(schedule, context)
    lake.clock.advance(3_600_000)
    const later = { ...context, getRemainingTimeInMillis: () => 60_000 }
    logged.length = 0
    const { tables, failures } = await maintainHandler(telemetry, lake.ports, EXCHANGES)(schedule, later)
    expect(tables).toMatchObject([{ table: 'gold_crypto_trades', joins: [{ files: 3 }] }])
    expect(failures).toEqual([])
    expect(logged).toMatchObject([
      { level: 'info', message: 'maintain', fields: { requestId: 'request-1', table: 'gold_crypto_trades' } },
    ])
  })

  test('find nothing to do without harm', async () => {
    const events: ObjectEvents = { send: async () => {} }
    expect(
      (await commitHandler(telemetry, lake.ports, EXCHANGES)(schedule, context)).every(({ commits }) => commits === 0),
    ).toBe(true)
    expect(await goldHandler(telemetry, lake.ports, [WHOLE])(schedule, context)).toMatchObject({ commits: 0 })
    expect(await ohlcvHandler(telemetry, lake.ports, WHOLE)(schedule, context)).toMatchObject({ commits: 0 })
    expect(await sweepHandler(telemetry, lake.ports, EXCHANGES, events)(schedule, context)).toMatchObject({
      resent: 0,
    })
    expect(await maintainHandler(telemetry, lake.ports, EXCHANGES)(schedule, context)).toEqual({
      tables: [],
      deletedPayloads: 0,
      sweepRefused: false,
      failures: [],
    })
  })

  test('stop at 70 % of their time', async () => {
    for (let i = 0; i < 100; i++) await putObject(i, i + 1)
    // Each transaction takes as long as the whole invocation may.
    lake.after = step => void (isCommit(step) && lake.clock.advance(43_000))
    const [bronze] = await commitHandler(telemetry, lake.ports, [BINANCE])({}, context)
    expect(bronze).toMatchObject({ commits: 1, files: 95 })
  })

  test('throw what goes wrong', async () => {
    await putObject(0, 1)
    crashOnce(lake, 'before', isCommit)
    await expect(commitHandler(telemetry, lake.ports, EXCHANGES)(schedule, context)).rejects.toThrow(Crash)
  })
})

test('every line of an invocation has its request’s id, and its exchange where it is for one', async () => {
  const key = await putObject(0, 2)
  await commitHandler(telemetry, lake.ports, EXCHANGES)({}, context)
  await lake.ports.store.delete([key])
  await silverHandler(telemetry, lake.ports, BINANCE)(queueEvent(['no JSON', objectCreated(key, 1)]), context)
  await sweepHandler(telemetry, lake.ports, EXCHANGES, { send: async () => {} })({}, context)
  expect(logged.map(({ message, fields }) => [message, fields.requestId, fields.exchange])).toEqual([
    ['bronze', 'request-1', 'binance'],
    ['commit', 'request-1', undefined],
    ['unreadable notification', 'request-1', 'binance'],
    ['silver object failed', 'request-1', 'binance'],
    ['silver', 'request-1', 'binance'],
    ['sweep', 'request-1', undefined],
  ])
})

test('the functions publish what the alarms watch', async () => {
  const key = await putObject(0, 3)
  expect(metrics.values.get('binance_bronze_records_ingested_total')).toBe(3)
  expect(metrics.values.get('binance_bronze_lag_seconds')).toBe(0)
  lake.clock.advance(90_000)
  await sweepHandler(telemetry, lake.ports, EXCHANGES, { send: async () => {} })({}, context)
  expect(metrics.values.get('oldest_pending_seconds')).toBe(90)
  await silverHandler(telemetry, lake.ports, BINANCE)(queueEvent([objectCreated(key, 1)]), context)
  expect(metrics.values.get('binance_silver_records_valid_total')).toBe(3)
  expect(metrics.values.get('binance_silver_records_invalid_total')).toBe(0)
  await goldHandler(telemetry, lake.ports, [WHOLE])({}, context)
  expect(metrics.values.get('gold_records_written_total')).toBe(3)
  expect(metrics.values.get('gold_duplicates_removed_total')).toBe(0)
  await goldHandler(telemetry, lake.ports, [WHOLE])({}, context)
  expect(metrics.values.get('gold_records_written_total')).toBe(3)
})
