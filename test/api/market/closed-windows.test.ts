/** A candle that any route has given as closed changes only as a correction, whatever comes when and in whichever order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApi } from '../../../api/app.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { feed } from '../../functions/gold-support.ts'
import { upkeep } from '../../functions/maintain-support.ts'
import {
  BINANCE,
  KRAKEN,
  type MemoryLake,
  memoryLake,
  START_MICROS,
  testEngine,
  unifyAll,
} from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { settle, someTrades, subscribe } from '../live/live-lake.ts'
import { type Json, liveApi } from '../live/support.ts'

const engine = await testEngine()
const SECOND = 1_000_000n
const MINUTE = 60n * SECOND
const FRAMES = ['1m', '7m', '1h']
const EVERYTHING = `start=${START_MICROS - 1_000n * MINUTE}&end=${START_MICROS + 100_000n * MINUTE}`

/** What a table held when it was committed: its newest trade of each exchange. Times in microseconds since 1970. */
interface Committed {
  readonly time: bigint
  readonly newest: ReadonlyMap<string, bigint>
}

const micros = (text: string) => {
  const [, seconds, fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(text) ?? []
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

async function ask(lake: MemoryLake, path: string): Promise<Json> {
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none' })
  const answer = await api.request(`http://localhost:8080/v1/${path}`, { headers: { host: 'localhost:8080' } })
  const body: Json = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

const keyOf = ({ timeframe, exchange, symbol, start }: Json) => `${timeframe} ${exchange} ${symbol} ${start}`
const valuesOf = ({ status: _, ...values }: Json) => JSON.stringify(values, Object.keys(values).sort())

/** Whether a reader may have been told that a window was closed, before its candle changed at a time. */
function wasClosed(commits: readonly Committed[], { exchange, end, updated }: Json): boolean {
  const [changed, over] = [micros(updated), micros(end)]
  const before = commits.filter(({ time }) => time < changed).at(-1)
  // A commit takes a moment, in which readers ask.
  const clock = changed + MINUTE
  if (!before || over > clock) return false
  const newest = before.newest.get(exchange)
  return clock - over >= 10n * MINUTE || (newest !== undefined && newest / SECOND >= over / SECOND)
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      trades: fc.integer({ min: 1, max: 9 }),
      // The clock of an exchange may be ahead of ours.
      ago: fc.constantFrom(-20_000, 0, 500, 2_000, 50_000, 70_000, 900_000, 4_000_000),
      only: fc.constantFrom(undefined, BINANCE.code, KRAKEN.code),
      frames: fc.constantFrom('all' as const, 'minutes' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ pass: fc.constantFrom(1, 900, 5_000, 30_000, 61_000, 599_999, 3_700_000) }) },
  { weight: 1, arbitrary: fc.constant('compact' as const) },
  { weight: 5, arbitrary: fc.constant('read' as const) },
)

test('a candle that was given as closed differs later only where /v1/corrections tells of it, which tells of no other', async () => {
  const seenInAll = { closed: 0, corrected: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 8, maxLength: 25 }), async actions => {
      const lake = memoryLake({ engine })
      const api = liveApi(lake.ports)
      const commits: Committed[] = []
      const newest = new Map<string, bigint>()
      const add = async (count: number, ago: number, only?: string, frames: 'all' | 'minutes' = 'all') => {
        lake.clock.advance(1)
        const trades = someTrades(lake, count, ago).filter(({ exchange }) => only === undefined || exchange === only)
        for (const exchange of [BINANCE, KRAKEN]) {
          const some = trades.filter(trade => trade.exchange === exchange.code)
          if (some.length > 0) await feed(lake, some, { exchange, kafkaMillis: lake.clock.now() })
        }
        await unifyAll(lake)
        await foldPending(lake.ports, Number.POSITIVE_INFINITY, frames)
        for (const { exchange, timestamp } of trades)
          if (timestamp > (newest.get(exchange) ?? 0n)) newest.set(exchange, timestamp)
        if (trades.length > 0) commits.push({ time: BigInt(lake.clock.now()) * 1000n, newest: new Map(newest) })
      }
      await add(4, 1_000)
      const client = subscribe(api, `channels=candles&timeframe=${FRAMES}`)
      await client.connect()
      await settle(api)

      /** All values that a window was given with as closed. */
      const given = new Map<string, Set<string>>()
      const note = (rows: readonly Json[]) => {
        for (const row of rows) {
          if (row.status !== 'closed') continue
          const known = given.get(keyOf(row)) ?? new Set()
          given.set(keyOf(row), known.add(valuesOf(row)))
        }
      }
      const read = async () => {
        const body = await ask(lake, `candles?${EVERYTHING}&timeframe=${FRAMES}&limit=10000`)
        note(body.data)
        const closed = await ask(lake, `candles?${EVERYTHING}&timeframe=${FRAMES}&limit=10000&include_open=false`)
        expect(closed.data).toEqual(body.data.filter(({ status }: Json) => status === 'closed'))
        const replayed = await api.all(`replay?speed=max&channels=candles&timeframe=${FRAMES}&${EVERYTHING}`)
        note(replayed.filter(({ type }: Json) => type === 'candle').map(({ data }: Json) => data))
        return body
      }
      const earlier = new Map<number, Json>()
      for (const next of actions) {
        if (next === 'compact') await upkeep(lake, { closedAfterMs: 0, sweepEveryMs: 0 })
        else if (next === 'read') {
          const { snapshots } = await read()
          const path = `candles?${EVERYTHING}&timeframe=1m&limit=10000&as_of=${snapshots.gold_ohlcv_1m}`
          const { data } = await ask(lake, path)
          note(data)
          // The same for ever.
          if (earlier.has(snapshots.gold_ohlcv_1m)) expect(data).toEqual(earlier.get(snapshots.gold_ohlcv_1m))
          earlier.set(snapshots.gold_ohlcv_1m, data)
        } else if ('pass' in next) lake.clock.advance(next.pass)
        else await add(next.trades, next.ago, next.only, next.frames)
        await settle(api)
      }
      lake.clock.advance(1)
      await foldPending(lake.ports, Number.POSITIVE_INFINITY)
      lake.clock.advance(4_000_000)
      await settle(api)
      await read()
      note(client.of('candle'))
      note(client.of('correction'))
      for (const [id, data] of earlier) {
        const path = `candles?${EVERYTHING}&timeframe=1m&limit=10000&as_of=${id}`
        expect((await ask(lake, path)).data).toEqual(data)
      }

      const changed = [...given].filter(([, values]) => values.size > 1).map(([key]) => key)
      const told = new Set<string>()
      for (const timeframe of FRAMES) {
        const { data, known_from } = await ask(lake, `corrections?${EVERYTHING}&timeframe=${timeframe}`)
        expect(known_from).toBeNull()
        for (const row of data) told.add(keyOf({ ...row, timeframe }))
        // The longer candles' tables have commits of their own.
        if (timeframe !== '1h')
          expect(data.filter((row: Json) => !wasClosed(commits, row)).map((row: Json) => row)).toEqual([])
      }
      expect(changed.filter(key => !told.has(key))).toEqual([])
      seenInAll.closed += given.size
      seenInAll.corrected += changed.length
      await client.cut()
      await settle(api)
    }),
    { numRuns: 25 },
  )
  // The property is about something.
  expect(seenInAll.closed).toBeGreaterThan(100)
  expect(seenInAll.corrected).toBeGreaterThan(5)
})
