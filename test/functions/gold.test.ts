/**
 * Gold: every valid trade once, however late, in whatever batches.
 * Over 250 lines: the cases of one stage.
 */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { consumers } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import type { Trade } from '../../domain/trade.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import { feed, goldFiles, goldRow, goldRows, modelGold } from './gold-support.ts'
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
  queryRows,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from './support.ts'

const SECOND = 1_000_000n
const MINUTE = 60n * SECOND
/** Two trades of an id are one up to here; the product's rule is in domain/trade.ts. */
const SAME_TRADE = SECOND
const HOUR = 60n * MINUTE
const DAY = 24n * HOUR
/** A time well inside a minute. */
const NOON = START_MICROS - DAY + 30n * SECOND

const engine = await testEngine()
let lake: MemoryLake
beforeEach(() => {
  lake = memoryLake({ engine })
})

/** The same trade again, so much later; its price tells which of the two it is. */
const again = (trade: Trade, later = 0n, price = trade.price + 1n): Trade => ({
  ...trade,
  timestamp: trade.timestamp + later,
  price,
})
const at = (timestamp: bigint, number = 1, more: Partial<Trade> = {}) => tradeOf(number, { timestamp, ...more })

/** Feeds and commits each list by itself. */
async function commits(...lists: (readonly Trade[])[]) {
  const results: Awaited<ReturnType<typeof unifyAll>>[] = []
  for (const trades of lists) {
    await feed(lake, trades)
    results.push(await unifyAll(lake))
  }
  return results
}
const expectGold = async (trades: readonly Trade[]) => expect(await goldRows(lake)).toEqual(trades.map(goldRow).sort())

async function changedMinutes(): Promise<number[]> {
  const items = await listPending<{ minutes: number[] }>(lake.ports, consumers.candles(), 1000)
  return items.flatMap(item => item.payload.minutes)
}

describe('a commit', () => {
  test('takes every pending file of all exchanges into one snapshot, and tells the candles its minutes', async () => {
    await feed(lake, [at(NOON, 1), at(NOON + 2n * HOUR, 2)])
    await feed(lake, [at(NOON + MINUTE, 3, { exchange: 'KRAKEN' })], { exchange: KRAKEN })
    await feed(lake, [at(NOON, 4, { exchange: 'COINBASE' }), at(NOON - 10n * DAY, 5, { exchange: 'COINBASE' })], {
      exchange: COINBASE,
    })

    expect(await unifyAll(lake)).toEqual({
      commits: 1,
      read: 5,
      written: 5,
      duplicates: 0,
      partitions: 3,
      byExchange: { BINANCE: 2, KRAKEN: 1, COINBASE: 2 },
    })

    const { metadata } = await loadTable(lake.ports, GOLD_TABLE.name)
    expect(metadata.snapshots).toHaveLength(1)
    expect(await goldRows(lake)).toHaveLength(5)
    const minute = Number(NOON / MINUTE)
    expect(await changedMinutes()).toEqual([minute - 14_400, minute, minute + 1, minute + 120])
    expect(await pendingIds(lake, consumers.gold('binance'))).toEqual([])
    expect(await unifyAll(lake)).toMatchObject({ commits: 0, read: 0 })
  })

  test('keeps every field as Silver has it', async () => {
    const trade = at(NOON, 1, {
      price: 1n,
      quantity: 10n ** 22n - 1n,
      tradeConditions: ['@', 'Ünïcode 🚀', ''],
      vendorData: { '': '', pair: 'XBT/USD', '🚀': 'ä' },
      sourceSequence: 2n ** 63n - 1n,
      platformSequence: -1n,
      side: 'SELL',
    })
    const bare = at(NOON, 2, { tradeConditions: [], vendorData: null })
    await commits([trade, bare])
    const rows = await queryRows(
      lake,
      GOLD_TABLE,
      `SELECT * REPLACE (epoch_us("timestamp") AS "timestamp", epoch_us(ingestion_timestamp) AS ingestion_timestamp)
        FROM t ORDER BY trade_id`,
    )
    const common = {
      symbol: 'BTCUSDT',
      exchange: 'BINANCE',
      asset_class: 'crypto',
      timestamp: NOON,
      currency: 'USDT',
      ingestion_timestamp: START_MICROS,
      exchange_date: '2026-11-19',
      exchange_hour: 12,
    }
    expect(rows).toEqual([
      {
        ...common,
        message_id: 'a4a83864-4ad9-5769-81a2-7f18846edfa8',
        trade_id: 'BINANCE-1',
        price: '0.0000000001',
        quantity: '99999999999999.99999999',
        side: 'SELL',
        trade_conditions: '["@","Ünïcode 🚀",""]',
        source_sequence: 2n ** 63n - 1n,
        platform_sequence: -1n,
        vendor_data: '{"":"","pair":"XBT/USD","🚀":"ä"}',
      },
      {
        ...common,
        message_id: '8e3b9988-41e0-51d6-949c-b0dcff9b3c99',
        trade_id: 'BINANCE-2',
        price: '86432.1500000200',
        quantity: '0.01200000',
        side: 'BUY',
        trade_conditions: '[]',
        source_sequence: null,
        platform_sequence: null,
        vendor_data: null,
      },
    ])
  })

  test('that finds only repeats consumes them and makes no snapshot', async () => {
    await commits([at(NOON)])
    const [result] = await commits([again(at(NOON))])
    expect(result).toEqual({ commits: 1, read: 1, written: 0, duplicates: 1, partitions: 0, byExchange: {} })
    expect((await loadTable(lake.ports, GOLD_TABLE.name)).metadata.snapshots).toHaveLength(1)
    expect(await pendingIds(lake, consumers.gold('binance'))).toEqual([])
    expect(await changedMinutes()).toHaveLength(1)
  })

  test('takes at most 90 items; more make several', async () => {
    const trades = Array.from({ length: 100 }, (_, i) => at(NOON + BigInt(i), i))
    for (const trade of trades) await feed(lake, [trade])
    const sizes: number[] = []
    lake.before = step => void (isCommit(step) && sizes.push(step.writes.length))
    expect(await unifyAll(lake)).toMatchObject({ commits: 2, written: 100 })
    expect(sizes).toEqual([92, 12])
    await expectGold(trades)
  })
})

describe('a repeat', () => {
  const trade = at(NOON)

  test('within one batch, and across objects of one commit, is left out: the first offset stays', async () => {
    await feed(lake, [trade, again(trade), at(NOON, 2), again(trade)])
    await feed(lake, [again(trade), at(NOON, 3)])
    expect(await unifyAll(lake)).toMatchObject({ read: 6, written: 3, duplicates: 3 })
    await expectGold([trade, at(NOON, 2), at(NOON, 3)])
  })

  test('across commits is left out: the committed one stays', async () => {
    await commits([trade, at(NOON, 2)], [again(trade), at(NOON, 3)], [again(trade), again(at(NOON, 3))])
    await expectGold([trade, at(NOON, 2), at(NOON, 3)])
  })

  test('that comes ten days late is left out, and a late trade is not', async () => {
    await commits([trade])
    for (let day = 1n; day <= 10n; day++) await commits([at(NOON + day * DAY, 100 + Number(day))])
    lake.clock.advance(10 * 86_400_000)
    const late = at(NOON + 5n * SECOND, 2)
    const [result] = await commits([again(trade), late])
    expect(result).toMatchObject({ written: 1, duplicates: 1 })
    expect(await goldRows(lake)).toContain(goldRow(late))
    expect(await goldRows(lake)).toContain(goldRow(trade))
  })

  for (const [where, first] of [
    ['in a minute', NOON],
    ['over the end of a minute', NOON - (NOON % MINUTE) + MINUTE - 1n],
    ['over the end of an hour', NOON - (NOON % HOUR) + HOUR - 1n],
    ['over midnight', NOON - (NOON % DAY) + DAY - 1n],
  ] as const)
    for (const together of [true, false])
      test(`${where} is one up to the rule’s distance, and not a microsecond beyond (${together ? 'one commit' : 'two'})`, async () => {
        const same = [at(first, 1), again(at(first, 1), SAME_TRADE)]
        const other = [at(first, 2), again(at(first, 2), SAME_TRADE + 1n)]
        const earlier = [at(first + SAME_TRADE, 3), again(at(first + SAME_TRADE, 3), -SAME_TRADE)]
        const apart = [at(first + SAME_TRADE, 4), again(at(first + SAME_TRADE, 4), -SAME_TRADE - 1n)]
        const pairs = [same, other, earlier, apart]
        if (together) await commits(pairs.flat())
        else
          await commits(
            pairs.map(pair => pair[0]),
            pairs.map(pair => pair[1]),
          )
        await expectGold([same[0], ...other, earlier[0], ...apart])
      })

  for (const together of [true, false])
    test(`chain keeps the first and the third, ${together ? 'in one commit' : 'in three'}`, async () => {
      const chain = [trade, again(trade, 900_000n), again(trade, 1_800_000n)]
      if (together) await commits(chain)
      else await commits(...chain.map(link => [link]))
      await expectGold([chain[0], chain[2]])
    })

  test('chain keeps the middle one, when that was first', async () => {
    await commits([again(trade, 900_000n)], [trade, again(trade, 1_800_000n)])
    await expectGold([again(trade, 900_000n)])
  })

  test('is recognized only by its id: equal trades of other ids stay', async () => {
    const twin = { ...trade, messageId: at(NOON, 9).messageId }
    await commits([trade, twin], [{ ...trade, messageId: at(NOON, 10).messageId }])
    expect(await goldRows(lake)).toHaveLength(3)
  })
})

test('trades of the last hour that timestamps know do not stop the others', async () => {
  const end = 253_402_300_799_999_999n
  const last = [at(end, 1), at(end - HOUR, 3)]
  await feed(lake, last, { kafkaMillis: Number.MAX_SAFE_INTEGER })
  await feed(lake, [at(NOON, 4)])
  expect(await unifyAll(lake)).toMatchObject({ written: 3 })
  expect(await goldFiles(lake)).toHaveLength(3)
  await feed(lake, [again(last[0])], { kafkaMillis: Number.MAX_SAFE_INTEGER })
  expect(await unifyAll(lake)).toMatchObject({ written: 0, duplicates: 1 })
})

describe('files', () => {
  test('are read only where the batch’s minutes may be, each side of it a second more', async () => {
    const minutes = Array.from({ length: 10 }, (_, i) => at(NOON + BigInt(i) * MINUTE, i))
    await commits(...minutes.map(trade => [trade]), [at(NOON + DAY, 50)], [at(NOON - DAY, 51)])
    const files = await goldFiles(lake)
    const boundOf = (file: (typeof files)[number]) => Buffer.from(file.lowerBounds[6]).readBigInt64LE()
    const fileOf = (minute: bigint) => files.filter(file => boundOf(file) === minute)
    await feed(lake, [again(minutes[4]), at(NOON + 4n * MINUTE + 25n * SECOND, 60)])
    const read: string[] = []
    lake.before = ({ kind, key }) => void (kind === 'get' && read.push(key))
    expect(await unifyAll(lake)).toMatchObject({ written: 1, duplicates: 1 })
    const gold = () => read.filter(key => key.includes('/gold_crypto_trades/data/'))
    expect(gold()).toEqual(fileOf(minutes[4].timestamp).map(file => file.key))
    // The next run has it still, and reads what this one wrote.
    await feed(lake, [again(minutes[4])])
    expect(await unifyAll(lake)).toMatchObject({ written: 0, duplicates: 1 })
    expect([gold().length, new Set(gold()).size]).toEqual([2, 2])
  })

  test('of an hour are one a commit, sorted by time and trade id, however many rows it has', async () => {
    const rows = 130_000
    const hour = NOON - (NOON % HOUR)
    // Every microsecond stands for a few trades, and they come in no order.
    const trades = Array.from({ length: rows }, (_, i) => {
      const place = (i * 48_271) % rows
      return at(hour + BigInt(place >> 1) * 20_000n, place, { messageId: uuidOf(place), vendorData: null })
    })
    for (let from = 0; from < rows; from += 26_000)
      await feed(lake, trades.slice(from, from + 26_000), { partition: from / 26_000 })
    expect(await unifyAll(lake)).toMatchObject({ commits: 1, written: rows, partitions: 1 })

    const files = await goldFiles(lake)
    expect(files.map(file => file.records)).toEqual([rows])
    const { values } = await readColumns('gold', await lake.ports.store.get(files[0].key), ['timestamp', 'trade_id'])
    const times = values.timestamp as bigint[]
    const names = values.trade_id as string[]
    let wrong = 0
    for (let i = 1; i < rows; i++)
      if (times[i] < times[i - 1] || (times[i] === times[i - 1] && names[i] <= names[i - 1])) wrong++
    expect(wrong).toBe(0)
    expect(new Set(names).size).toBe(rows)
  })
})

/** A UUID for each number, without hashing. */
function uuidOf(number: number): string {
  return `6f1c4a2e-8d3b-5f70-a94e-${number.toString(16).padStart(12, '0')}`
}

describe('whatever happens in the middle', () => {
  test('after a conflict dedup runs again: two commits at once make no duplicate', async () => {
    const trade = at(NOON)
    await feed(lake, [trade, at(NOON, 2)])
    const paused = pauseOnce(lake, isCommit)
    const slow = unifyAll(lake)
    await paused.reached
    // The other takes the same item; then the same trade comes once more.
    expect(await unifyAll(lake)).toMatchObject({ written: 2 })
    await feed(lake, [again(trade), at(NOON, 3)])
    paused.go()
    expect(await slow).toMatchObject({ commits: 1, written: 1, duplicates: 1 })
    await expectGold([trade, at(NOON, 2), at(NOON, 3)])
  })

  test('a pointer that moved under a commit makes it plan again', async () => {
    const trade = at(NOON)
    await feed(lake, [trade])
    await unifyAll(lake)
    await feed(lake, [again(at(NOON, 2)), at(NOON, 3)])
    const paused = pauseOnce(lake, isCommit)
    const slow = unifyAll(lake)
    await paused.reached
    // A commit of the very trade that the paused one has found to be new.
    const items = await lake.ports.state.query('state', 'pending#gold_binance')
    const [{ key, attributes }] = items
    await lake.ports.state.transact([{ kind: 'remove', key }], lake.ports.ids.uuid())
    await feed(lake, [at(NOON, 2)])
    await unifyAll(lake)
    await lake.ports.state.transact([{ kind: 'put', item: { key, attributes } }], lake.ports.ids.uuid())
    paused.go()
    expect(await slow).toMatchObject({ read: 2, written: 1, duplicates: 1 })
    await expectGold([trade, at(NOON, 2), at(NOON, 3)])
  })

  for (const [when, rows] of [
    ['before', 0],
    ['after', 2],
  ] as const)
    test(`a crash ${when} the transaction loses and doubles nothing`, async () => {
      await feed(lake, [at(NOON), at(NOON, 2)])
      crashOnce(lake, when, isCommit)
      await expect(unifyAll(lake)).rejects.toThrow(Crash)
      expect(await goldRows(lake)).toHaveLength(rows)
      await unifyAll(lake)
      await expectGold([at(NOON), at(NOON, 2)])
      expect(await changedMinutes()).toHaveLength(1)
    })

  test('a Silver file that is not as Silver wrote it stops the commit by name and loses nothing', async () => {
    await feed(lake, [at(NOON)])
    const { get } = lake.ports.store
    const damaged = async (key: string) => {
      const bytes = Uint8Array.from(await get(key))
      if (key.includes('/silver_')) bytes[100] ^= 1
      return bytes
    }
    Object.assign(lake.ports.store, { get: damaged })
    await expect(unifyAll(lake)).rejects.toThrow(/silver_binance_trades.* is not as Silver wrote it/)
    Object.assign(lake.ports.store, { get })
    expect(await unifyAll(lake)).toMatchObject({ written: 1 })
  })
})

test('in any order, batches and repetition, Gold is the set that the rule says', async () => {
  const minute = NOON - (NOON % HOUR) + HOUR - 2n * SECOND
  const step = fc.constantFrom(
    0n,
    1n,
    400_000n,
    900_000n,
    SAME_TRADE,
    SAME_TRADE + 1n,
    2n * SAME_TRADE,
    61n * SECOND,
    3n * HOUR,
  )
  const trade = fc
    .record({ id: fc.nat(3), offset: step, price: fc.bigInt(1n, 10n ** 12n) })
    .map(({ id, offset, price }) => at(minute + offset, id, { price }))
  const batch = fc.record({ trades: fc.array(trade, { minLength: 1, maxLength: 8 }), commit: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 5 }), async batches => {
      lake = memoryLake({ engine })
      const committed: Trade[][] = []
      let waiting: Trade[] = []
      for (const { trades, commit } of batches) {
        await feed(lake, trades)
        waiting.push(...trades)
        if (!commit) continue
        await unifyAll(lake)
        committed.push(waiting)
        waiting = []
      }
      await unifyAll(lake)
      await expectGold(modelGold([...committed, waiting]))
    }),
    { numRuns: 40 },
  )
})
