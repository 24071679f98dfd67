/** An answer is of one moment of the lake, whatever is committed, dropped or made again while it is worked out and read on. */
import { describe, expect, test } from 'vitest'
import { openTogether } from '../../../api/market/together.ts'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import { parseRetention, withRetention } from '../../../domain/retention.ts'
import { allTables, candleTable, GOLD_TABLE } from '../../../domain/tables.ts'
import { TIMEFRAMES } from '../../../domain/timeframes.ts'
import { dropOld } from '../../../functions/maintain/retention.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { loadTable } from '../../../iceberg/catalog.ts'
import { stageSnapshot } from '../../../iceberg/commit.ts'
import { planFiles } from '../../../iceberg/scan.ts'
import type { DataFile } from '../../../iceberg/types.ts'
import { recordGone, settleLosses } from '../../../operations/repair/losses.ts'
import { feed } from '../../functions/gold-support.ts'
import { KRAKEN, tradeOf, unifyAll } from '../../functions/support.ts'
import { liveApi } from '../live/support.ts'
import { addTrades, DAY, HOUR, type MarketLake, MINUTE, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const asking =
  (lake: MarketLake) =>
  async (path: string): Promise<Json> =>
    (await lake.get(path)).json()

/** A market that was not there before, with a trade of long ago; candles know it only if they are folded. */
async function newMarket(lake: MarketLake, isFolded: boolean): Promise<void> {
  const trade = { exchange: KRAKEN.code, symbol: 'DOGEUSD', currency: 'USD', timestamp: NOW - 10n * HOUR }
  await feed(lake, [tradeOf(77_777, trade)], { exchange: KRAKEN, kafkaMillis: lake.clock.now() })
  await unifyAll(lake)
  if (isFolded) await foldPending(lake.ports, Number.POSITIVE_INFINITY)
}

test('pages have the markets of their first one', async () => {
  const lake = await marketLake()
  const ask = asking(lake)
  const route = `candles?timeframe=1h&fill=null&start=${NOW - 12n * HOUR}&end=${NOW}`
  const whole = (await ask(`${route}&limit=400`)).data
  const first = await ask(`${route}&limit=5`)
  await newMarket(lake, true)
  const rows = [...first.data]
  for (let { next } = first; next !== null; ) {
    const page = await ask(`${route}&limit=5&cursor=${next}`)
    rows.push(...page.data)
    next = page.next
  }
  expect(rows).toEqual(whole)
})

test('a replay has the trades of a market that candles do not know yet', async () => {
  const lake = await marketLake()
  await newMarket(lake, false)
  const messages = await liveApi(lake.ports).all(`replay?start=${NOW - 10n * HOUR}&end=${NOW - 9n * HOUR}&speed=max`)
  const trades = (await asking(lake)(`trades?start=${NOW - 10n * HOUR}&end=${NOW - 9n * HOUR}`)).data
  expect(trades.map(({ symbol }: Json) => symbol)).toContain('DOGEUSD')
  expect(messages.flatMap(({ type, data }) => (type === 'trade' ? [data] : []))).toEqual(trades)
})

test('tables that are opened together are of one moment, though a commit comes in between', async () => {
  const lake = await marketLake()
  const definitions = TIMEFRAMES.map(candleTable)
  let isBetween = true
  const state = {
    ...lake.ports.state,
    async get(key: Parameters<typeof lake.ports.state.get>[0]) {
      // Once the first table's pointer has been read.
      const item = await lake.ports.state.get(key)
      if (isBetween && key.partition.endsWith(definitions[0].name)) {
        isBetween = false
        await addTrades(lake, [{ timestamp: NOW - MINUTE, price: 77n * 10n ** 10n }])
      }
      return item
    },
  }
  const opened = await openTogether({ ...lake.ports, state }, definitions)
  expect(isBetween).toBe(false)
  for (const { name } of definitions)
    expect(opened.get(name)?.metadata['current-snapshot-id'], name).toBe(
      (await loadTable(lake.ports, name)).metadata['current-snapshot-id'],
    )
})

/** Takes a file out of a table, as a repair does that finds it lost. */
async function takenOut(lake: MarketLake, table: typeof GOLD_TABLE): Promise<DataFile[]> {
  const loaded = await loadTable(lake.ports, table.name)
  const files = (await planFiles(lake.ports, loaded)).slice(-1)
  const remove = new Set(files.map(({ key }) => key))
  const staged = await stageSnapshot(lake.ports, { table: loaded, remove, operation: 'delete' })
  const gone = files.map(file => ({
    ...{ definition: table, file, key: file.key, rows: file.records, rowsBefore: file.records, reason: 'a test' },
  }))
  const recorded = await recordGone(lake.ports, gone)
  await lake.ports.state.transact([staged.write, ...recorded], lake.ports.ids.uuid())
  return files
}

async function putBack(lake: MarketLake, table: typeof GOLD_TABLE, add: readonly DataFile[]): Promise<void> {
  const loaded = await loadTable(lake.ports, table.name)
  const staged = await stageSnapshot(lake.ports, { table: loaded, add: [...add], operation: 'append' })
  await lake.ports.state.transact([staged.write], lake.ports.ids.uuid())
}

describe('while a repair makes rows again', () => {
  const ALL = `start=${NOW - 40n * DAY}&end=${NOW}`
  test.each([
    [
      GOLD_TABLE,
      [
        ...[`trades?${ALL}`, `trades?fresh=true&${ALL}&limit=5000`, `coverage?bucket=1d&${ALL}`, 'trades?limit=5000'],
        'exports?table=gold_crypto_trades',
      ],
    ],
    [candleTable(TIMEFRAMES[0]), [`candles?${ALL}&limit=10000`, `candles?timeframe=2m&${ALL}`]],
    [candleTable(TIMEFRAMES[5]), [`candles?timeframe=1h&${ALL}`, 'symbols', `candles?timeframe=1d&${ALL}`]],
  ] as const)('of $name, answers are refused in words, and a pin is answered', async (table, paths) => {
    const lake = await marketLake()
    const ask = asking(lake)
    await lake.ask('pins/kept', { method: 'PUT' })
    lake.clock.advance(1_000)
    const before = await Promise.all(paths.map(ask))
    const files = await takenOut(lake, table)
    for (const [n, path] of paths.entries()) {
      const answer = await lake.get(path)
      expect([path, answer.status]).toEqual([path, 503])
      expect(((await answer.json()) as Json).detail).toMatch(
        new RegExp(
          `^A file of ${table.name} with \\d+ rows was lost, and they are being made again: ask again in a while\\.`,
        ),
      )
      if (!path.includes('fresh'))
        expect((await ask(`${path}${path.includes('?') ? '&' : '?'}as_of=kept`)).data).toEqual(before[n].data)
    }
    expect((await lake.ask('pins/other', { method: 'PUT' })).status).toBe(503)
    await putBack(lake, table, files)
    await settleLosses(lake.ports, [table])
    // Files that were put back are named in another order.
    const inOrder = ({ data }: Json) => (data[0].url ? data.map(({ url }: Json) => url).sort() : data)
    for (const [n, path] of paths.entries()) expect(inOrder(await ask(path))).toEqual(inOrder(before[n]))
  })
})

test('a state that lacked rows is not answered when later ones have them again, by whatever name it is asked for', async () => {
  const lake = await marketLake()
  const ask = asking(lake)
  const hours = candleTable(TIMEFRAMES.find(({ name }) => name === '1h') as (typeof TIMEFRAMES)[number])
  const walk = `candles?timeframe=15m,1h&start=${NOW - 40n * DAY}&end=${NOW}&fill=previous&symbols=BTCUSDT`
  const whole = (await ask(`${walk}&limit=10000`)).data
  lake.clock.advance(1_000)
  const files = await takenOut(lake, hours)
  const lacking = (await loadTable(lake.ports, hours.name)).metadata['current-snapshot-id']
  const whileLacking = new Date(lake.clock.now()).toISOString()
  const { next } = await ask(`${walk}&limit=10`)
  lake.clock.advance(1_000)
  await putBack(lake, hours, files)
  lake.clock.advance(1_000)
  await settleLosses(lake.ports, [hours])
  const again = new Date(lake.clock.now()).toISOString()
  lake.clock.advance(1_000)

  for (const path of [
    `candles?timeframe=1h&as_of=${lacking}`,
    `candles?timeframe=1h&as_of=${whileLacking}`,
    `exports?table=${hours.name}&as_of=${lacking}`,
    `${walk}&limit=10000&cursor=${next}`,
  ]) {
    const answer = await lake.get(path)
    expect([path, answer.status]).toEqual([path, 410])
    expect(((await answer.json()) as Json).detail).toMatch(
      /^A file of gold_ohlcv_1h with \d+ rows was lost, and this earlier state lacks them: /,
    )
  }
  expect((await lake.ask(`pins/late?as_of=${whileLacking}`, { method: 'PUT' })).status).toBe(410)
  expect((await ask(`${walk}&limit=10000`)).data).toEqual(whole)
  expect((await ask(`${walk}&limit=10000&as_of=${again}`)).data).toEqual(whole)
})

test('a state that lacked rows is not answered either where the clock of who made them again is behind', async () => {
  const lake = await marketLake()
  const ask = async (at: unknown) => (await lake.get(`trades?start=${NOW - DAY}&end=${NOW}&as_of=${at}`)).status
  const stateNow = async () => (await loadTable(lake.ports, GOLD_TABLE.name)).metadata['current-snapshot-id']
  lake.clock.advance(1_000)
  const files = await takenOut(lake, GOLD_TABLE)
  lake.clock.advance(3_500)
  const whileLacking = new Date(lake.clock.now()).toISOString()
  lake.clock.advance(1_500)
  await newMarket(lake, false)
  const lacking = await stateNow()
  lake.clock.advance(-3_000)
  await putBack(lake, GOLD_TABLE, files)
  await settleLosses(lake.ports, [GOLD_TABLE])
  const whole = await stateNow()
  lake.clock.advance(5_000)
  await addTrades(lake, [{ timestamp: NOW - MINUTE, price: 77n * 10n ** 10n }])
  lake.clock.advance(1_000)
  expect(await Promise.all([lacking, whileLacking, whole].map(ask))).toEqual([410, 410, 200])
})

test('a pin whose file is lost says so once a repair has found that, and what is of now is answered', async () => {
  const lake = await marketLake()
  const path = `trades?start=${NOW - 40n * DAY}&end=${NOW}&limit=5000`
  await lake.ask('pins/kept', { method: 'PUT' })
  lake.clock.advance(1_000)
  const [{ key }] = await takenOut(lake, GOLD_TABLE)
  await lake.ports.store.delete([key])
  expect((await lake.get(`${path}&as_of=kept`)).status).toBe(410)
  await settleLosses(lake.ports, [GOLD_TABLE])
  const answer = await lake.get(`${path}&as_of=kept`)
  expect([answer.status, ((await answer.json()) as Json).detail]).toEqual([
    410,
    'This earlier state has a file of gold_crypto_trades that was found lost on 2026-11-20: what could be made again is in later states, so give a later as_of, or none.',
  ])
  expect((await lake.get(path)).status).toBe(200)
})

describe('where minutes are kept no longer', async () => {
  const lake = await marketLake()
  const ask = asking(lake)
  // It begins with a minute that is the end of no longer window, and has a trade.
  const minutesOf = lake.trades.map(({ timestamp }) => timestamp - (timestamp % MINUTE))
  const begin = minutesOf.find(minute => minute < NOW - 33n * DAY && (minute / MINUTE) % 5n !== 0n) as bigint
  const RANGE = `start=${begin}&end=${NOW - 31n * DAY - 3n * MINUTE}`
  const averages = [`vwap?${RANGE}`, `twap?${RANGE}`]
  await lake.ask('pins/kept', { method: 'PUT' })
  const before = await Promise.all(averages.map(ask))
  const candles = await ask(`candles?timeframe=5m&start=${NOW - 40n * DAY}&limit=5000`)
  const tables = allTables()
  const retention = parseRetention('gold_ohlcv_1m=20', tables)
  const minutes = candleTable(TIMEFRAMES[0])
  const dropped = await dropOld(lake.ports, withRetention(minutes, retention), EXCHANGES)

  test('averages are made of trades', async () => {
    expect(dropped.records).toBeGreaterThan(30)
    expect((await Promise.all(averages.map(ask))).map(({ data }) => data)).toEqual(before.map(({ data }) => data))
  })

  test('candles of them are refused in words, those of longer ones and of a pin are not', async () => {
    const { status, detail } = await ask(`candles?start=${NOW - 35n * DAY}`)
    expect([status, detail]).toEqual([
      410,
      'Candles of gold_ohlcv_1m before 2026-10-31T12:00:00.000Z are not kept: give a later start, or a timeframe that longer candles add up to.',
    ])
    expect((await ask(`candles?timeframe=7m&start=${NOW - 35n * DAY}`)).status).toBe(410)
    expect((await ask(`twap?method=1m&start=${NOW - 35n * DAY}`)).status).toBe(410)
    expect((await ask(`candles?timeframe=5m&start=${NOW - 40n * DAY}&limit=5000`)).data).toEqual(candles.data)
    expect((await ask(`candles?start=${NOW - 19n * DAY}&limit=5000`)).data.length).toBeGreaterThan(50)
    expect((await ask(`candles?start=${NOW - 35n * DAY}&as_of=kept`)).data.length).toBeGreaterThan(50)
  })
})
