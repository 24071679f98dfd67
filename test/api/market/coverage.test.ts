/** How complete the trades are, by the numbers that exchanges give them. */
import { describe, expect, test } from 'vitest'
import { CURRENT } from '../../../api/market/as-of.ts'
import { PINNED_TABLES } from '../../../api/market/pins.ts'
import { refusedNumbers } from '../../../api/market/refused.ts'
import type { Trade } from '../../../domain/trade.ts'
import { encodeTrade } from '../../../domain/wire.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { feed } from '../../functions/gold-support.ts'
import { BINANCE, KRAKEN, tradeOf, unifyAll } from '../../functions/support.ts'
import { addTrades, DAY, HOUR, marketLake, NOW, publishReports, refuse, report } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()
const number = (id: string) => Number(id.split('-')[1])

describe('coverage', () => {
  test('counts the trades and the numbers that are missing, in each bucket of each market', async () => {
    const from = NOW - 3n * DAY
    const { data } = await ask(`coverage?start=${from}&end=${NOW}&bucket=6h`)
    expect(data.length).toBe(12 * 4)
    const last = new Map<string, number>()
    for (const row of data) {
      const [start, end] = [row.start, row.end].map(text => BigInt(Date.parse(text)) * 1000n)
      const some = lake.trades.filter(
        ({ exchange, symbol, timestamp }) =>
          exchange === row.exchange && symbol === row.symbol && timestamp >= start && timestamp < end,
      )
      const ids = some.map(({ tradeId }) => number(tradeId))
      expect(row.trades).toBe(some.length)
      if (ids.length === 0) {
        expect([row.numbered, row.missing, row.complete]).toEqual([null, null, null])
        continue
      }
      const key = `${row.exchange} ${row.symbol}`
      const [least, most, before] = [Math.min(...ids), Math.max(...ids), last.get(key)]
      const since = before !== undefined && before < most ? before + 1 : least
      const numbered = Math.max(most - since + 1, ids.length)
      expect([row.first_number, row.last_number, row.numbered, row.missing]).toEqual([
        least,
        most,
        numbered,
        numbered - ids.length,
      ])
      last.set(key, Math.max(before ?? -1, most))
    }
  })

  test('a message that says neither market nor number marks no market: it is listed, and counts as no trade', async () => {
    const one = await marketLake()
    const get = async (path: string): Promise<Json> => (await one.get(path)).json()
    const before = await get('stats?parts=feeds')
    const at = { fromTime: NOW - 2n * HOUR, toTime: NOW - 2n * HOUR + 1n, fromId: null, toId: null }
    const kind = { kind: 'unreadable', status: 'unreadable', raw: '<html>' } as const
    await publishReports(one, [report('binance', { symbol: null, ...kind, ...at })])
    const hour = `exchanges=binance&start=${NOW - 4n * HOUR}&end=${NOW - HOUR}`
    const [{ data }, candles] = [await get(`coverage?${hour}`), await get(`candles?${hour}&timeframe=1h`)]
    for (const rows of [data, candles.data])
      expect([rows.length, new Set(rows.map(({ status }: Json) => status))]).toEqual([6, new Set(['closed'])])
    expect((await get('stats?parts=feeds')).feeds).toEqual(before.feeds)
    const listed = (await get('feed-gaps')).data.filter(({ symbol }: Json) => symbol === null)
    expect(listed.map(({ raw }: Json) => raw)).toEqual(['<html>'])
  })

  test('says what feeds reported of the numbers, and where they were away', async () => {
    const { data } = await ask(`coverage?exchanges=binance&symbols=ETHUSDT&start=${NOW - 40n * DAY}&bucket=366d`)
    // 5 to 9 were looked for and found later; 77 could not be read, and came all the same.
    expect(data.reduce((sum: number, { filled }: Json) => sum + filled, 0)).toBe(5)
    expect(lake.trades.some(({ symbol, tradeId }) => symbol === 'ETHUSDT' && number(tradeId) === 77)).toBe(true)
    expect(data.reduce((sum: number, { unreadable }: Json) => sum + unreadable, 0)).toBe(0)
    const kraken = (await ask(`coverage?exchanges=kraken&start=${NOW - 4n * HOUR}&end=${NOW - HOUR}`)).data
    expect(kraken.map(({ status }: Json) => status)).toEqual(['closed', 'gap', 'closed'])
  })

  test('is whole where no number is missing, and less where one is', async () => {
    const of = async () => (await ask(`coverage?exchanges=binance&symbols=BTCUSDT&start=${NOW}&bucket=1d`)).data[0]
    lake.clock.advance(60_000)
    await addTrades(lake, [
      { timestamp: NOW + 1_000_000n, price: 10n ** 12n },
      { timestamp: NOW + 2_000_000n, price: 10n ** 12n },
    ])
    const row = await of()
    expect([row.status, row.trades > 1]).toEqual(['open', true])
    expect(Number(row.complete)).toBeCloseTo((row.numbered - row.missing) / row.numbered, 8)
  })

  test('of too many rows is refused with how to have fewer', async () => {
    expect(await ask('coverage?bucket=1m&start=2020-01-01')).toMatchObject({
      status: 413,
      detail: expect.stringMatching(/^\d+ buckets of 4 markets are more than 20000 rows: ask for a shorter range/),
    })
  })
})

describe('numbers whose trade was refused', async () => {
  const begin = NOW - 5n * HOUR
  const solana = (id: number, more: Partial<Trade> = {}) =>
    tradeOf(id, { symbol: 'SOLUSDT', timestamp: begin + BigInt(id) * 1_000_000n, ...more })
  const free = (id: number, more: Partial<Trade> = {}) => encodeTrade(solana(id, { price: 0n, ...more }))
  const refusing = await marketLake()
  const take = async (ids: readonly number[]) => {
    const trades = ids.map(id => solana(id))
    await feed(refusing, trades, { exchange: BINANCE, kafkaMillis: refusing.clock.now() })
    await unifyAll(refusing)
    await foldPending(refusing.ports, Number.POSITIVE_INFINITY)
  }
  const answer = async (more = ''): Promise<Json> =>
    (await refusing.get(`coverage?symbols=SOLUSDT&exchanges=binance&start=${begin}&bucket=1h&end=${NOW}${more}`)).json()
  const counts = async (more?: string) =>
    (await answer(more)).data.filter(({ trades }: Json) => trades > 0).map((row: Json) => [row.missing, row.refused])
  const iso = (ms: number) => new Date(ms).toISOString()

  // 103 to 106 and, an hour later, 4001 to 4009 are missing.
  await take([100, 101, 102, 107, 108, 3_500, 3_501, 4_000, 4_010])
  const [{ missing: others }] = (await answer()).data
  const started = refusing.clock.now()
  await refuse(refusing, BINANCE, 100_000, [
    ...[free(103), free(104), free(104, { quantity: -1n })],
    // Refused once, and taken when it came again.
    free(107),
    // Neither is a trade: cut off, and no Avro at all.
    ...[free(105).subarray(0, 60), Buffer.from('SOLUSDT BINANCE-106'), null],
    // These are of another market, and far from any here.
    ...[free(106, { symbol: 'ETHUSDT' }), free(900_000)],
  ])
  await refuse(refusing, KRAKEN, 100_000, [free(106, { exchange: 'KRAKEN', tradeId: 'KRAKEN-106' })])
  const early = (await answer()).snapshot
  refusing.clock.advance(60_000)
  await refuse(refusing, BINANCE, 200_000, [free(4_001), free(4_002), free(4_009)])

  test('are told from those that never came, each once, in the bucket that lacks them', async () => {
    expect(others).toBe(4 + 3_391)
    expect(await counts()).toEqual([
      [others, 2],
      [498 + 9, 3],
    ])
    // A bucket in which the exchange gave no numbers has none.
    expect((await answer()).data.slice(2).map((row: Json) => [row.missing, row.refused])).toEqual([
      [null, 0],
      [null, 0],
      [null, 0],
    ])
  })

  test('are ranges of their own among the missing ones', async () => {
    const { data } = (await (await refusing.get(`missing?symbols=SOLUSDT&start=${begin}&end=${NOW}`)).json()) as Json
    expect(data.map((row: Json) => [row.first_number, row.last_number, row.said, row.cause])).toEqual([
      [103, 104, 'refused', null],
      [105, 106, null, null],
      [109, 3_499, null, null],
      [3_502, 3_999, null, null],
      [4_001, 4_002, 'refused', null],
      [4_003, 4_008, null, null],
      [4_009, 4_009, 'refused', null],
    ])
  })

  test('are looked for among the newest records alone, and among those refused since the trades', async () => {
    const found = async (since: bigint, most: number) => [
      ...((await refusedNumbers(refusing.ports, CURRENT, since, undefined, most))?.get('BINANCE|SOLUSDT') ?? []),
    ]
    expect(await found(begin, 100)).toEqual([103, 104, 107, 4_001, 4_002, 4_009, 900_000])
    expect(await found(begin, 3)).toEqual([4_001, 4_002, 4_009])
    const hourBehind = (BigInt(started) + 30_000n) * 1000n + HOUR
    expect(await found(hourBehind, 100)).toEqual([4_001, 4_002, 4_009])
  })

  test('as of a time are those that had been refused by then; a pin that holds their table has them itself', async () => {
    const before = [
      [others, 2],
      [498 + 9, 0],
    ]
    for (const at of [started, started + 30_000]) expect(await counts(`&as_of=${iso(at)}`)).toEqual(before)
    expect(await counts(`&as_of=${early}`)).toEqual(before)
    const all = [...PINNED_TABLES, 'silver_dlq_trades'].join()
    for (const path of ['pins/without', `pins/with?tables=${all}`])
      expect((await refusing.ask(path, { method: 'PUT' })).status).toBe(201)
    await refuse(refusing, BINANCE, 300_000, [free(4_003)])
    const pinned = (answers: readonly number[]) => answers.map((refused, n) => [[others, 507][n], refused])
    // The newest of what it holds is of before the later ones were refused.
    expect(await counts('&as_of=without')).toEqual(before)
    expect(await counts('&as_of=with')).toEqual(pinned([2, 3]))
    expect(await counts()).toEqual(pinned([2, 4]))
  })

  test('are read once from each file, however often they are asked for', async () => {
    const { store } = refusing.ports
    const get = store.get.bind(store)
    const read: string[] = []
    Object.assign(store, {
      get: (key: string) => {
        if (key.includes('silver_dlq_trades') && key.endsWith('.parquet')) read.push(key)
        return get(key)
      },
    })
    await counts()
    await refuse(refusing, BINANCE, 400_000, [free(4_004)])
    read.length = 0
    expect((await counts())[1]).toEqual([507, 5])
    await counts()
    expect(read.length).toBe(1)
  })

  test('count once where a feed says of them too what became of them', async () => {
    const spoilt = { symbol: 'SOLUSDT', kind: 'unreadable', status: 'unreadable', fromId: 103, toId: 103 } as const
    await publishReports(refusing, [report('binance', spoilt)], 1_000)
    const [row] = (await answer()).data
    expect([row.missing, row.refused, row.unreadable, row.lost, row.open]).toEqual([others, 1, 1, 0, 0])
  })
})
