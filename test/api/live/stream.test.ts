/** Live messages: each committed trade once and each change of a candle, whatever is done to the tables and wherever the connection is cut. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createApi } from '../../../api/app.ts'
import { GOLD_TABLE } from '../../../domain/tables.ts'
import { openTable } from '../../../iceberg/catalog.ts'
import { upkeep } from '../../functions/maintain-support.ts'
import { type MemoryLake, memoryLake, START_MICROS, testEngine } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { commit, followedLake, overwrite, settle, someTrades, subscribe } from './live-lake.ts'
import { type Json, liveApi, type Message, readerOf } from './support.ts'

const engine = await testEngine()
const MINUTE = 60_000_000n
const DAY_MS = 86_400_000

async function rest(lake: MemoryLake, path: string): Promise<Json[]> {
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none' })
  const answer = await api.request(`http://localhost:8080/v1/${path}`, { headers: { host: 'localhost:8080' } })
  const body: Json = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body.data
}

const tradeKey = ({ exchange, symbol, id }: Json) => `${exchange} ${symbol} ${id}`
const candleKey = ({ timeframe, exchange, symbol, start }: Json) => `${timeframe} ${exchange} ${symbol} ${start}`
const EVERYTHING = `start=${START_MICROS - 1_000n * MINUTE}&end=${START_MICROS + 100_000n * MINUTE}&limit=10000`

describe('live messages', () => {
  test('are each committed trade once and every change of a candle, across compaction, files written anew, and cuts', async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          commit: fc.integer({ min: 1, max: 40 }),
          ago: fc.constantFrom(0, 500, 70_000, 4_000_000),
        }),
      },
      { weight: 2, arbitrary: fc.constant('compact' as const) },
      { weight: 2, arbitrary: fc.constant('overwrite' as const) },
      { weight: 3, arbitrary: fc.record({ cut: fc.integer({ min: 0, max: 30 }) }) },
      { weight: 2, arbitrary: fc.constant('connect' as const) },
      { weight: 2, arbitrary: fc.constantFrom('minute' as const, 'hours' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 14 }), async actions => {
        const lake = memoryLake({ engine })
        await commit(lake, someTrades(lake, 5, 1_000))
        const api = liveApi(lake.ports)
        const before = await rest(lake, `trades?${EVERYTHING}`)
        const client = subscribe(api, 'channels=trades,candles&timeframe=1m,7m,1h')
        await client.connect()
        await settle(api)
        let isConnected = true
        for (const next of actions) {
          if (next === 'compact') await upkeep(lake, { closedAfterMs: 0, sweepEveryMs: 0 })
          else if (next === 'overwrite') await overwrite(lake, someTrades(lake, 3, 1_000))
          else if (next === 'minute') lake.clock.advance(60_000)
          else if (next === 'hours') lake.clock.advance(5 * 3_600_000)
          else if (next === 'connect') {
            if (!isConnected) await client.connect()
            isConnected = true
          } else if ('cut' in next) {
            if (isConnected) await client.cut(next.cut)
            isConnected = false
          } else await commit(lake, someTrades(lake, next.commit, next.ago))
          if (isConnected) await settle(api)
        }
        if (!isConnected) await client.connect()
        await settle(api)

        const old = new Set(before.map(tradeKey))
        const trades = (await rest(lake, `trades?${EVERYTHING}`)).filter(row => !old.has(tradeKey(row)))
        const sorted = (rows: readonly Json[]) => rows.map(row => JSON.stringify(row)).sort()
        expect(sorted(client.of('trade'))).toEqual(sorted(trades))

        const last = new Map<string, Json>()
        for (const { type, data } of client.got)
          if (type === 'candle' || type === 'correction') last.set(candleKey(data), data)
        const now = await rest(lake, `candles?${EVERYTHING}&timeframe=1m,7m,1h`)
        const byKey = new Map(now.map(row => [candleKey(row), row]))
        // A window of a silent exchange stays open until the next commit.
        for (const [key, { status, ...row }] of last) {
          const { status: _, ...expected } = byKey.get(key) ?? {}
          expect(row).toEqual(expected)
        }
        const touched = new Set(
          trades.map(({ exchange, symbol, time }) => `1m ${exchange} ${symbol} ${time.slice(0, 16)}:00Z`),
        )
        for (const key of touched) expect(last.has(key), key).toBe(true)
        await client.cut()
        await settle(api)
        expect(api.timers.pending()).toBe(0)
      }),
      { numRuns: 12 },
    )
  })

  test('of a window are open ones, one that is closed, and corrections', async () => {
    const { lake, api, client } = await followedLake(
      engine,
      [1, 60_000],
      'channels=candles&timeframe=1m&symbols=ETHUSDT',
    )
    lake.clock.advance(10_000)
    for (const [wait, ago] of [
      [0, 500],
      [20_000, 500],
      // The minute has ended; the trade is of the next, and closes it.
      [40_000, 500],
      // Late.
      [5_000, 50_000],
    ]) {
      lake.clock.advance(wait)
      await commit(lake, someTrades(lake, 1, ago))
      await settle(api)
    }
    const told = client.got
      .filter(({ type }) => type !== 'heartbeat')
      .map(({ type, data }) => [type, data.start.slice(11, 19), data.trades, data.status])
    expect(told).toEqual([
      ['candle', '11:59:00', 1, 'closed'],
      ['candle', '12:00:00', 1, 'open'],
      ['candle', '12:00:00', 2, 'open'],
      ['candle', '12:00:00', 2, 'closed'],
      ['candle', '12:01:00', 1, 'open'],
      ['correction', '12:00:00', 3, 'closed'],
    ])
    await client.cut()
  })

  test('are of the markets that were asked for, and come as server-sent events too', async () => {
    const lake = memoryLake({ engine })
    const api = liveApi(lake.ports)
    await commit(lake, someTrades(lake, 6, 1_000))
    const answer = await api.ask('stream?exchanges=kraken')
    const reader = answer.body?.getReader()
    const first = Buffer.from((await reader?.read())?.value ?? []).toString()
    expect(first).toMatch(/^id: (s1\.\S+)\ndata: \{"type":"heartbeat","data":\{\},"cursor":"\1"\}\n\n$/)
    const next = reader?.read()
    await commit(lake, someTrades(lake, 9, 1_000))
    await settle(api)
    const text = Buffer.from((await next)?.value ?? []).toString()
    expect(text.match(/"exchange":"KRAKEN"/g)).toHaveLength(3)
    expect(text).not.toContain('BINANCE')
    await reader?.cancel()
    await settle(api)
    expect(api.timers.pending()).toBe(0)
  })

  test('are those since the cursor, each trade once, where the snapshots between have expired', async () => {
    const lake = memoryLake({ engine })
    await commit(lake, someTrades(lake, 2, 1_000))
    // The last snapshot of an hour is kept for a week.
    lake.clock.advance(7_100_000)
    await commit(lake, someTrades(lake, 2, 1_000))
    const reader = readerOf(await liveApi(lake.ports).ask('stream?channels=trades&format=ndjson'))
    const cursor = (await reader.next())?.[0].cursor
    await reader.cancel()
    for (let i = 0; i < 4; i++) {
      lake.clock.advance(600_000)
      await commit(lake, someTrades(lake, 3, 1_000))
    }
    await upkeep(lake, { closedAfterMs: 0, sweepEveryMs: 0 })
    lake.clock.advance(2 * DAY_MS)
    await commit(lake, someTrades(lake, 1, 1_000))
    await upkeep(lake, { closedAfterMs: 0, sweepEveryMs: 0 })
    const kept = (await openTable(lake.ports, GOLD_TABLE))?.metadata.snapshots.length
    expect(kept).toBeLessThan(6)
    const api = liveApi(lake.ports)
    const again = subscribe(api, `channels=trades&cursor=${cursor}`)
    await again.connect()
    await settle(api)
    const trades = await rest(lake, `trades?${EVERYTHING}`)
    expect(again.of('trade')).toEqual(trades.slice(4))
    await again.cut()
  })

  test('from a snapshot that has expired are refused with 410, in words', async () => {
    const { lake, client } = await followedLake(engine, [2, 1_000], 'channels=trades')
    await client.cut()
    lake.clock.advance(40 * DAY_MS)
    for (let i = 0; i < 2; i++) await commit(lake, someTrades(lake, 2, 1_000))
    // Another process, which remembers nothing.
    const answer = await liveApi(lake.ports).ask(`stream?channels=trades&cursor=${client.got.at(-1)?.cursor}`)
    expect(await answer.json()).toMatchObject({
      ...{ status: 410, parameter: 'cursor' },
      detail: expect.stringMatching(
        /^Snapshot \d+ of gold_crypto_trades has expired: begin again without the cursor; GET \/v1\/replay/,
      ),
    })
  })

  test('come by asking again and again, with the cursor as ETag', async () => {
    const lake = memoryLake({ engine })
    const api = liveApi(lake.ports, { isStreaming: false })
    await commit(lake, someTrades(lake, 2, 1_000))
    const ask = async (headers = {}) => {
      const asking = api.ask('stream?channels=trades&wait=20', headers)
      let isDone = false
      void asking.finally(() => {
        isDone = true
      })
      for (let i = 0; i < 100 && !isDone; i++) await settle(api)
      return asking
    }
    const first = await ask()
    expect(await first.json()).toEqual({ data: [], next: first.headers.get('etag')?.slice(1, -1) })
    const same = await ask({ 'if-none-match': first.headers.get('etag') })
    expect([same.status, same.headers.get('etag')]).toEqual([304, first.headers.get('etag')])
    await commit(lake, someTrades(lake, 2, 500))
    const next = await ask({ 'if-none-match': first.headers.get('etag') })
    const { data, next: cursor } = (await next.json()) as Json
    expect(data.map(({ type }: Message) => type)).toEqual(['trade', 'trade'])
    expect(cursor).toBe(data[1].cursor)
    expect((await ask({ 'if-none-match': `"${cursor}"` })).status).toBe(304)
    expect((await api.ask('stream?channels=trades')).status).toBe(400)
    expect(api.timers.pending()).toBe(0)
  })

  test.each([
    ['symbols=NONESUCH', 404, 'symbols'],
    ['cursor=s1.x.y', 400, 'cursor'],
    ['cursor=s1.x', 400, 'cursor'],
    ['wait=60', 400, 'wait'],
    ['start=2026-11-20', 400, 'start'],
  ])('of %s are a problem with its parameter named', async (query, status, parameter) => {
    const lake = memoryLake({ engine })
    await commit(lake, someTrades(lake, 2, 1_000))
    const answer = await liveApi(lake.ports).ask(`stream?${query}`)
    expect(await answer.json()).toMatchObject({ status, parameter })
  })
})
