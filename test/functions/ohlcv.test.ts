/**
 * Candles: exact folds of Gold, corrected by late trades, whatever fails in the middle.
 * Over 250 lines: the cases of one stage.
 */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { consumers } from '../../domain/names.ts'
import { producePending } from '../../domain/pending.ts'
import { candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { Trade } from '../../domain/trade.ts'
import { foldPending } from '../../functions/ohlcv/ohlcv.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { noteDropped } from '../../iceberg/dropped.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { allCandles, countCandles, naiveCandles, storedCandles } from './candle-support.ts'
import { feed } from './gold-support.ts'
import {
  COINBASE,
  Crash,
  crashOnce,
  isCommit,
  KRAKEN,
  type MemoryLake,
  memoryLake,
  pauseOnce,
  pendingIds,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from './support.ts'

const SECOND = 1_000_000n
const MINUTE = 60n * SECOND
const HOUR = 60n * MINUTE
const DAY = 24n * HOUR
const NOON = START_MICROS - DAY

const engine = await testEngine()
let lake: MemoryLake
beforeEach(() => {
  lake = memoryLake({ engine })
})

const at = (timestamp: bigint, number: number, more: Partial<Trade> = {}) => tradeOf(number, { timestamp, ...more })
const foldAll = (of = lake) => foldPending(of.ports, Number.POSITIVE_INFINITY)

/** Feeds the trades, commits them to Gold and folds. */
async function fold(trades: readonly Trade[]) {
  const kafkaMillis = lake.clock.now()
  for (const exchange of [undefined, KRAKEN, COINBASE]) {
    const some = trades.filter(trade => trade.exchange === (exchange?.code ?? 'BINANCE'))
    if (some.length > 0) await feed(lake, some, { exchange, kafkaMillis })
  }
  await unifyAll(lake)
  return foldAll()
}

const expectCandles = async (trades: readonly Trade[]) => expect(await allCandles(lake)).toEqual(naiveCandles(trades))

/** Removes all files of a table, as retention does. */
/** As retention drops all that is older than `before` (microseconds since 1970). */
async function emptyTable(name: string, before: bigint): Promise<void> {
  const table = await loadTable(lake.ports, name)
  const remove = new Set((await planFiles(lake.ports, table)).map(file => file.key))
  const properties = noteDropped(table.metadata, before)
  const { write } = await stageSnapshot(lake.ports, { table, remove, operation: 'overwrite', properties })
  await lake.ports.state.transact([write], lake.ports.ids.uuid())
}

describe('candles', () => {
  test('of every timeframe come in one transaction, and tell what changed', async () => {
    const trades = [at(NOON, 1), at(NOON + 1n, 2), at(NOON + HOUR, 3), at(NOON, 4, { exchange: 'KRAKEN' })]
    await feed(lake, trades.slice(0, 3))
    await feed(lake, trades.slice(3), { exchange: KRAKEN })
    await unifyAll(lake)
    const transactions: string[][] = []
    lake.before = step => {
      if (!isCommit(step)) return
      transactions.push(
        step.writes.flatMap(write =>
          write.kind === 'put' && write.item.key.table === 'catalog' ? [write.item.key.partition] : [],
        ),
      )
    }
    expect(await foldAll()).toEqual({
      commits: 1,
      minutes: 2,
      changed: countCandles(trades),
      newByExchange: { BINANCE: countCandles(trades.slice(0, 3)), KRAKEN: countCandles(trades.slice(3)) },
    })
    expect(transactions).toEqual([TIMEFRAMES.map(({ name }) => `market_data.gold_ohlcv_${name}`)])
    await expectCandles(trades)
    expect(await pendingIds(lake, consumers.candles())).toEqual([])
    expect(await foldAll()).toEqual({ commits: 0, minutes: 0, changed: 0, newByExchange: {} })
  })

  test('of a minute come alone where a change starts the fold, those of longer timeframes with the next schedule', async () => {
    const trades = [at(NOON, 1), at(NOON + 1n, 2), at(NOON + HOUR, 3)]
    await feed(lake, trades)
    await unifyAll(lake)
    const minutes = () => foldPending(lake.ports, Number.POSITIVE_INFINITY, 'minutes')
    expect(await minutes()).toEqual({ commits: 1, minutes: 2, changed: 2, newByExchange: { BINANCE: 2 } })
    expect((await storedCandles(lake, '1m')).length).toBe(2)
    expect(await storedCandles(lake, '5m')).toEqual([])
    // A late trade of one of them, and what is left is left once.
    await feed(lake, [at(NOON + 2n, 4)])
    await unifyAll(lake)
    expect(await minutes()).toEqual({ commits: 1, minutes: 1, changed: 1, newByExchange: { BINANCE: 0 } })
    expect(await minutes()).toEqual({ commits: 0, minutes: 0, changed: 0, newByExchange: {} })
    expect((await pendingIds(lake, consumers.candles())).length).toBe(2)
    const all = [...trades, at(NOON + 2n, 4)]
    expect(await foldAll()).toMatchObject({ commits: 1, minutes: 2, changed: countCandles(all) - 2 })
    await expectCandles(all)
    expect(await pendingIds(lake, consumers.candles())).toEqual([])
  })

  test('of longer timeframes that one commit cannot take are left as such: their minutes are not made again', async () => {
    const trades = Array.from({ length: 100 }, (_, hour) => at(NOON - BigInt(hour) * HOUR, hour))
    await feed(lake, trades, { kafkaMillis: lake.clock.now() })
    await unifyAll(lake)
    const minutes = () => foldPending(lake.ports, Number.POSITIVE_INFINITY, 'minutes')
    expect(await minutes()).toMatchObject({ commits: 3, minutes: 100 })
    expect(await foldPending(lake.ports, lake.clock.now())).toMatchObject({ commits: 1, minutes: 48 })
    expect(await minutes()).toMatchObject({ commits: 0 })
    expect(await foldAll()).toMatchObject({ commits: 2, minutes: 52 })
    await expectCandles(trades)
    expect(await pendingIds(lake, consumers.candles())).toEqual([])
  })

  test('open and close by trade number where times are equal', async () => {
    const price = (n: number) => BigInt(n) * 100_000_000n
    const binance = [9, 10, 100, 11].map(n => at(NOON, n, { price: price(n) }))
    const kraken = ['f00a', '0b7', 'e10', '9c', 'a9'].map((hash, i) =>
      at(NOON, i, { exchange: 'KRAKEN', tradeId: `KRAKEN-${hash}`, price: price(i + 1) }),
    )
    await fold([...binance, ...kraken].toReversed())
    const [first, second] = await storedCandles(lake, '1m')
    expect(first).toMatchObject({ exchange: 'BINANCE', open_price: price(9), close_price: price(100) })
    // Those without a number at their end come first, as text; then 7, 9, 10.
    expect(second).toMatchObject({ exchange: 'KRAKEN', open_price: price(4), close_price: price(3) })
    await expectCandles([...binance, ...kraken])
  })

  test('are corrected in every timeframe by a late trade', async () => {
    const trades = [at(NOON, 1), at(NOON + 7n * MINUTE, 2), at(NOON + 3n * HOUR, 3), at(NOON + DAY - 1n, 4)]
    await fold(trades)
    const late = at(NOON + 30n * SECOND, 5, { price: 1n })
    expect(await fold([late])).toMatchObject({ minutes: 1, changed: TIMEFRAMES.length, newByExchange: { BINANCE: 0 } })
    await expectCandles([...trades, late])
    for (const { name } of TIMEFRAMES)
      expect((await storedCandles(lake, name)).filter(row => row.low_price === 1n)).toHaveLength(1)
  })

  test('that stay as they are keep both their times; changed ones keep when they were made', async () => {
    await fold([at(NOON, 1), at(NOON + MINUTE, 2), at(NOON + 20n * MINUTE, 3)])
    const made = BigInt(lake.clock.now()) * 1000n
    lake.clock.advance(90_000)
    await fold([at(NOON, 4)])
    const times = async (name: string) =>
      (await storedCandles(lake, name)).map(row => [row.created_at, row.updated_at] as [bigint, bigint])
    const changed = [made, made + 90_000_000n]
    const same = [made, made]
    expect(await times('1m')).toEqual([changed, same, same])
    expect(await times('5m')).toEqual([changed, same])
    expect(await times('15m')).toEqual([changed, same])
    expect(await times('30m')).toEqual([changed])
    expect(await times('1d')).toEqual([changed])
  })

  test('of minutes whose trades did not change are not written again', async () => {
    await fold([at(NOON, 1)])
    const before = await Promise.all(TIMEFRAMES.map(timeframe => loadTable(lake.ports, candleTable(timeframe).name)))
    const minutes = [Number(NOON / MINUTE)]
    await lake.ports.state.transact([await producePending(lake.ports, consumers.candles(), { minutes })], 'again')
    expect(await foldAll()).toMatchObject({ commits: 1, minutes: 1, changed: 0 })
    const after = await Promise.all(TIMEFRAMES.map(timeframe => loadTable(lake.ports, candleTable(timeframe).name)))
    expect(after.map(table => table.version)).toEqual(before.map(table => table.version))
  })

  test('that are folded again and come out the same keep both their times, beside others that change', async () => {
    await fold([at(NOON, 1), at(NOON + MINUTE, 2)])
    const made = BigInt(lake.clock.now()) * 1000n
    lake.clock.advance(90_000)
    const minutes = [Number(NOON / MINUTE)]
    await lake.ports.state.transact([await producePending(lake.ports, consumers.candles(), { minutes })], 'again')
    expect(await fold([at(NOON + MINUTE + 1n, 3)])).toMatchObject({ minutes: 2, changed: TIMEFRAMES.length })
    expect((await storedCandles(lake, '1m')).map(row => row.updated_at)).toEqual([made, made + 90_000_000n])
  })

  test('of many scattered minutes are folded alone, not those in between', async () => {
    const trades = Array.from({ length: 120 }, (_, i) => at(NOON + BigInt(i) * MINUTE, i))
    await fold(trades)
    const late = Array.from({ length: 40 }, (_, i) => at(NOON + BigInt(3 * i) * MINUTE + 1n, 200 + i))
    // The windows that the late trades touch, and no others.
    expect(await fold(late)).toMatchObject({ minutes: 40, changed: countCandles(late), newByExchange: { BINANCE: 0 } })
    await expectCandles([...trades, ...late])
  })

  test('of windows that have no trade any more are removed', async () => {
    const stays = at(NOON + 2n * HOUR, 2)
    const goes = at(NOON, 1)
    await fold([goes, stays])
    const gold = await loadTable(lake.ports, GOLD_TABLE.name)
    const remove = new Set(
      (await planFiles(lake.ports, gold)).filter(file => file.partition.exchange_hour === 12).map(file => file.key),
    )
    const { write } = await stageSnapshot(lake.ports, { table: gold, remove, operation: 'overwrite' })
    const pending = await producePending(lake.ports, consumers.candles(), { minutes: [Number(NOON / MINUTE)] })
    await lake.ports.state.transact([write, pending], 'rebuild')
    expect(await foldAll()).toMatchObject({
      changed: TIMEFRAMES.length,
      newByExchange: { BINANCE: countCandles([stays]) - countCandles([goes, stays]) },
    })
    await expectCandles([stays])
  })

  test('of more than 48 hours take several commits, oldest first', async () => {
    const trades = Array.from({ length: 100 }, (_, hour) => at(NOON - BigInt(hour) * HOUR, hour))
    await feed(lake, trades, { kafkaMillis: lake.clock.now() })
    await unifyAll(lake)
    expect(await foldPending(lake.ports, lake.clock.now())).toMatchObject({ commits: 1, minutes: 48 })
    const oldest = await storedCandles(lake, '1h')
    expect(oldest.map(row => row.window_start)).toEqual(
      trades
        .slice(52)
        .map(trade => trade.timestamp)
        .toReversed(),
    )
    expect(await foldAll()).toMatchObject({ commits: 2, minutes: 52 })
    await expectCandles(trades)
  })

  test('have a vwap rounded half to even, once', async () => {
    const pair = (minute: bigint, prices: readonly [bigint, bigint]) =>
      prices.map((price, i) => at(NOON + minute * MINUTE, Number(minute) * 2 + i, { price, quantity: 1n }))
    const trades = [...pair(0n, [1n, 2n]), ...pair(1n, [2n, 3n]), ...pair(2n, [3n, 3n])]
    await fold(trades)
    expect((await storedCandles(lake, '1m')).map(row => row.vwap)).toEqual([2n, 2n, 3n])
    // 14 / 6 = 2.33: not a mean of rounded means.
    expect((await storedCandles(lake, '5m')).map(row => row.vwap)).toEqual([2n])
    await expectCandles(trades)
  })

  test('hold volumes and quote volumes far beyond 18 digits exactly', async () => {
    const most = 10n ** 18n - 1n
    const trades = Array.from({ length: 50 }, (_, i) =>
      at(NOON + BigInt(i) * 10n * SECOND, i, { price: 10n ** 12n - BigInt(i), quantity: most }),
    )
    await fold(trades)
    const [day] = await storedCandles(lake, '1d')
    expect(day.volume).toBe(50n * most)
    expect(day.quote_volume).toBe(trades.reduce((sum, trade) => sum + trade.price * most, 0n))
    await expectCandles(trades)
  })
})

describe('larger windows whose parts have expired are folded from Gold', () => {
  // The trades that come last: a late one, and, where it may still come, one of a minute that is gone.
  for (const [kept, all] of [
    ['5m', [at(NOON + MINUTE, 6), at(NOON + DAY + HOUR, 5)]],
    ['15m', [at(NOON + DAY + HOUR, 5)]],
  ] as const)
    test(`when ${kept} is the smallest timeframe that is kept`, async () => {
      const trades = [at(NOON, 1), at(NOON + 2n * MINUTE, 2), at(NOON + 20n * MINUTE, 3), at(NOON + 9n * HOUR, 4)]
      await fold(trades)
      const gone = TIMEFRAMES.slice(
        0,
        TIMEFRAMES.findIndex(timeframe => timeframe.name === kept),
      )
      lake.clock.advance(3 * 86_400_000)
      for (const timeframe of gone) await emptyTable(candleTable(timeframe).name, NOON + 2n * DAY)
      // A candle of each timeframe for the late one; of the other's windows only its minute's was gone.
      expect((await fold(all)).newByExchange).toEqual({ BINANCE: TIMEFRAMES.length + all.length - 1 })
      const candles = await allCandles(lake)
      const naive = naiveCandles([...trades, ...all])
      for (const { name } of TIMEFRAMES.slice(gone.length)) expect(candles[name], name).toEqual(naive[name])
      const touched = all.map(trade => trade.timestamp)
      for (const { name, length } of gone) {
        const windows = new Set(touched.map(time => time - (time % length)))
        expect(candles[name], name).toEqual(naive[name].filter(row => windows.has(row.window_start as bigint)))
      }
    })
})

describe('whatever happens in the middle', () => {
  test('two folds at once leave each candle once', async () => {
    await feed(lake, [at(NOON, 1)])
    await unifyAll(lake)
    const paused = pauseOnce(lake, isCommit)
    const slow = foldAll()
    await paused.reached
    expect(await foldAll()).toMatchObject({ commits: 1 })
    await feed(lake, [at(NOON + 1n, 2)])
    await unifyAll(lake)
    paused.go()
    expect(await slow).toMatchObject({ commits: 1, changed: TIMEFRAMES.length })
    await expectCandles([at(NOON, 1), at(NOON + 1n, 2)])
  })

  for (const when of ['before', 'after'] as const)
    test(`a crash ${when} the transaction changes nothing in the end`, async () => {
      await feed(lake, [at(NOON, 1)])
      await unifyAll(lake)
      crashOnce(lake, when, isCommit)
      await expect(foldAll()).rejects.toThrow(Crash)
      await foldAll()
      await expectCandles([at(NOON, 1)])
    })

  test('a crash while a file is written leaves all tables as they were', async () => {
    await fold([at(NOON, 1)])
    await feed(lake, [at(NOON, 2)])
    await unifyAll(lake)
    crashOnce(lake, 'before', step => step.kind === 'put' && step.key.includes('ohlcv_1h/data'))
    await expect(foldAll()).rejects.toThrow(Crash)
    await expectCandles([at(NOON, 1)])
    await foldAll()
    await expectCandles([at(NOON, 1), at(NOON, 2)])
  })
})

test('where a table cannot be read and a file of another cannot be written, the fold fails and no promise is left over', async () => {
  await fold([at(NOON, 1)])
  await feed(lake, [at(NOON + SECOND, 2)])
  await unifyAll(lake)
  lake.before = async ({ kind, key }) => {
    if (kind === 'get' && key.includes('gold_ohlcv_15m/metadata')) throw new Crash('unreadable')
    if (kind !== 'put' || !key.includes('gold_ohlcv_5m/data')) return
    await new Promise(resolve => setImmediate(resolve))
    throw new Crash('unwritable')
  }
  // A container without warm caches; a rejection that nobody handles would fail the whole test file.
  const cold = { ...lake.ports, store: { ...lake.ports.store } }
  await expect(foldPending(cold, Number.POSITIVE_INFINITY)).rejects.toThrow('unreadable')
  await new Promise(resolve => setTimeout(resolve, 5))
})

test('in any order, batching and lateness, candles are the naive fold of Gold', async () => {
  const midnight = NOON - (NOON % DAY)
  const time = fc
    .record({
      day: fc.constantFrom(0n, -1n, -31n),
      hour: fc.constantFrom(0n, 13n, 23n),
      minute: fc.constantFrom(0n, 4n, 5n, 29n, 59n),
      micros: fc.constantFrom(0n, 1n, 59_999_999n),
    })
    .map(({ day, hour, minute, micros }) => midnight + day * DAY + hour * HOUR + minute * MINUTE + micros)
  const venue = fc.constantFrom(
    ['BINANCE', 'BTCUSDT'] as const,
    ['BINANCE', 'ETHUSDT'] as const,
    ['KRAKEN', 'BTCUSD'] as const,
  )
  const trade = fc
    .record({
      venue,
      timestamp: time,
      number: fc.oneof(fc.integer({ min: 8, max: 12 }), fc.nat(100_000)),
      suffix: fc.constantFrom('', 'a', 'f1'),
      price: fc.bigInt(1n, 10n ** 13n),
      quantity: fc.bigInt(1n, 10n ** 17n),
      side: fc.constantFrom('BUY' as const, 'SELL' as const),
    })
    .map(({ venue: [exchange, symbol], number, suffix, ...fields }) => {
      const tradeId = `${exchange}-${number}${exchange === 'KRAKEN' ? suffix : ''}`
      return tradeOf(number, { exchange, symbol, tradeId, ...fields })
    })
  const batches = fc
    .uniqueArray(trade, { minLength: 1, maxLength: 24, selector: ({ messageId }) => messageId })
    .chain(trades => fc.tuple(fc.constant(trades), fc.uniqueArray(fc.integer({ min: 1, max: 23 }), { maxLength: 3 })))
  await fc.assert(
    fc.asyncProperty(batches, async ([trades, cuts]) => {
      lake = memoryLake({ engine })
      const ends = [...cuts.sort((a, b) => a - b), trades.length]
      let from = 0
      for (const end of ends) {
        const some = trades.slice(from, end)
        if (some.length > 0) await fold(some)
        from = Math.max(from, end)
      }
      await expectCandles(trades)
    }),
    { numRuns: 25 },
  )
})
