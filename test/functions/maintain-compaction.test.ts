/**
 * Compaction: fewer files, and not a row changed.
 * Over 250 lines: one rule of joining, and all that it must leave alone.
 */
import { parquetMetadata } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { Corrupt } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers } from '../../domain/names.ts'
import { producePending } from '../../domain/pending.ts'
import { tradeStream } from '../../domain/streams.ts'
import { candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { findJoins, join } from '../../functions/maintain/compact.ts'
import { loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import { readCandles } from '../../tables/candles.ts'
import { feed, goldRow, goldRows } from './gold-support.ts'
import {
  BRONZE,
  committedFiles,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  runMinutes,
  SILVER,
  snapshotRows,
  upkeep,
} from './maintain-support.ts'
import {
  BINANCE,
  Crash,
  commitAll,
  crashOnce,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  pauseOnce,
  pendingIds,
  recordsOf,
  refineAll,
  rowsOf,
  START_MICROS,
  type Step,
  testEngine,
  tradeOf,
  unifyAll,
} from './support.ts'

const engine = await testEngine()
const newLake = () => memoryLake({ engine })

const TABLES = [BRONZE, SILVER, GOLD_TABLE, ...TIMEFRAMES.map(candleTable)]

/** Minutes of trades of the hour before the clock's, a second apart and in no order of their ids. */
const minutes = (count: number, each = 4) =>
  Array.from({ length: count }, (_, minute) =>
    Array.from({ length: each }, (_, i) => {
      const timestamp = START_MICROS - 3_600_000_000n + BigInt(minute * 60 + i) * 1_000_000n
      return tradeOf(1_000 - minute * each - i, { timestamp })
    }),
  )
const isJoin = (step: Step) => step.kind === 'put' && step.key.includes('/metadata/')

async function rowsOfAll(lake: MemoryLake): Promise<string[][]> {
  return Promise.all(TABLES.map(table => snapshotRows(lake, table)))
}

describe('small files', () => {
  test('of a closed hour become one file, sorted, and no row of any table changes', async () => {
    const lake = newLake()
    const late = tradeOf(5_000, { timestamp: START_MICROS - 3_600_000_000n + 1_500_000n })
    await runMinutes(lake, [...minutes(11), [late, ...minutes(12)[11].slice(1)]])
    const before = await rowsOfAll(lake)
    expect(await committedFiles(lake, GOLD_TABLE)).toHaveLength(12)
    lake.clock.advance(HOUR_MS)
    const { tables } = await upkeep(lake)
    const gold = tables.find(({ table }) => table === GOLD_TABLE.name)
    expect(gold?.joins).toMatchObject([
      { partition: 'exchange_date=2026-11-20/exchange_hour=11', files: 12, conflicts: 0 },
    ])
    const [file, ...others] = await committedFiles(lake, GOLD_TABLE)
    expect(others).toEqual([])
    expect(file.records).toBe(48)
    const { values } = await readColumns(file.key, await lake.ports.store.get(file.key), ['timestamp'])
    const times = [...(values.timestamp as bigint[])]
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)))
    expect(await rowsOfAll(lake)).toEqual(before)
    expect((await loadTable(lake.ports, GOLD_TABLE.name)).metadata.snapshots.at(-1)?.summary).toMatchObject({
      operation: 'replace',
      'added-records': '48',
      'deleted-records': '48',
      'total-records': '48',
    })
  })

  test('of an hour whose manifests list another hour too are joined again and again', async () => {
    const lake = newLake()
    const both = (i: number) => [
      tradeOf(i, { timestamp: START_MICROS - 1_000_000n * BigInt(i + 1) }),
      tradeOf(100 + i, { timestamp: START_MICROS + 1_000_000n * BigInt(i + 1) }),
    ]
    await runMinutes(lake, [both(0), both(1)])
    lake.clock.advance(10 * MINUTE_MS)
    await upkeep(lake, {})
    expect((await committedFiles(lake, GOLD_TABLE)).map(file => file.records).sort()).toEqual([1, 1, 2])
    await runMinutes(lake, [both(2), both(3)])
    await upkeep(lake, {})
    expect((await committedFiles(lake, GOLD_TABLE)).map(file => file.records).sort()).toEqual([1, 1, 1, 1, 4])
  })

  test('of days become one file each when the day is over; nothing is done twice', async () => {
    const lake = newLake()
    await runMinutes(lake, minutes(5))
    const before = await rowsOfAll(lake)
    await upkeep(lake)
    expect(await committedFiles(lake, SILVER)).toHaveLength(5)
    lake.clock.advance(2 * DAY_MS)
    await upkeep(lake)
    for (const table of [BRONZE, SILVER]) expect(await committedFiles(lake, table)).toHaveLength(1)
    expect(await rowsOfAll(lake)).toEqual(before)
    const snapshots = (await loadTable(lake.ports, SILVER.name)).metadata.snapshots.length
    expect((await upkeep(lake)).tables.flatMap(({ joins }) => joins)).toEqual([])
    expect((await loadTable(lake.ports, SILVER.name)).metadata.snapshots).toHaveLength(snapshots)
  })

  test('of an hour that is not closed, or that a stage has yet to read, stay', async () => {
    const lake = newLake()
    for (const trades of minutes(3)) {
      await ingest(
        lake.ports,
        tradeStream(BINANCE),
        kafkaEvent(BINANCE, recordsOf(trades, 0, Number(await nextOffset(lake)))),
      )
      await commitAll(lake)
    }
    lake.clock.advance(2 * DAY_MS)
    await upkeep(lake)
    // Silver has not taken them.
    expect(await pendingIds(lake, consumers.silver('binance'))).toHaveLength(3)
    expect(await committedFiles(lake, BRONZE)).toHaveLength(3)
    await refineAll(lake, BINANCE)
    await feed(lake, [tradeOf(5_000)])
    await commitAll(lake)
    await upkeep(lake)
    // Gold has not taken these.
    expect(await committedFiles(lake, BRONZE)).toHaveLength(2)
    expect(await committedFiles(lake, SILVER)).toHaveLength(2)
    await unifyAll(lake)
    await upkeep(lake)
    expect(await committedFiles(lake, SILVER)).toHaveLength(1)
  })

  test('of Bronze are joined outside the prefix that raises events, and a batch that comes again is known', async () => {
    const lake = newLake()
    const records = recordsOf(minutes(3).flat())
    for (let at = 0; at < 12; at += 4) {
      await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records.slice(at, at + 4)))
      await refineAll(lake, BINANCE)
      await commitAll(lake)
    }
    lake.clock.advance(DAY_MS)
    await upkeep(lake)
    const [file, ...others] = await committedFiles(lake, BRONZE)
    expect(others).toEqual([])
    expect(file.key).toMatch(/^market_data\/bronze_binance_trades\/joined\/ingestion_date_day=2026-11-20\//)
    const again = await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
    expect(again).toMatchObject({ ingested: 0, repeats: 12, newEpochs: 0 })
  })

  test('of Bronze, joined into a large file, are looked up row group by row group', async () => {
    const lake = newLake()
    const noise = (i: number) =>
      Buffer.from(Array.from({ length: 900 }, (_, at) => (i * 7919 + at * at * 31 + (i >> 3)) & 255))
    const records = Array.from({ length: 20_000 }, (_, i) => ({ partition: i % 4, offset: i >> 2, value: noise(i) }))
    for (let at = 0; at < records.length; at += 5_000)
      await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records.slice(at, at + 5_000)))
    await commitAll(lake)
    await refineAll(lake, BINANCE)
    lake.clock.advance(DAY_MS)
    await upkeep(lake)
    const [file] = await committedFiles(lake, BRONZE)
    const footer = parquetMetadata((await lake.ports.store.get(file.key)).buffer as ArrayBuffer)
    expect(footer.row_groups.length).toBeGreaterThan(2)
    const some = records.filter(({ partition, offset }) => partition === 2 && offset >= 4_000)
    const again = await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, some))
    expect(again).toMatchObject({ ingested: 0, repeats: 1_000, newEpochs: 0 })
  })

  test('of candles are joined, read again and corrected by a late trade', async () => {
    const lake = newLake()
    const table = candleTable(TIMEFRAMES[0])
    const hours = [0, 1, 2].map(hour => [
      tradeOf(hour, { timestamp: START_MICROS - BigInt(hour + 1) * 3_600_000_000n }),
    ])
    await runMinutes(lake, hours)
    expect(await committedFiles(lake, table)).toHaveLength(3)
    const before = await snapshotRows(lake, table)
    lake.clock.advance(2 * DAY_MS)
    await upkeep(lake)
    const [file, ...others] = await committedFiles(lake, table)
    expect(others).toEqual([])
    expect(await snapshotRows(lake, table)).toEqual(before)
    expect(await readCandles(memoryCopy(lake).ports, file.key)).toHaveLength(3)
    await runMinutes(lake, [[tradeOf(9, { timestamp: START_MICROS - 3_600_000_000n + 1_000n })]])
    expect(await snapshotRows(lake, table)).toHaveLength(3)
    expect((await rowsOf(lake, table, ['trade_count'])).map(row => row.trade_count).sort()).toEqual([1n, 1n, 2n])
  })

  test('with one message_id at two times are joined, both rows stay and are reported', async () => {
    const lake = newLake()
    const first = tradeOf(1)
    const second = tradeOf(1, { timestamp: first.timestamp + 5_000_000n })
    await runMinutes(lake, [[first], [second], [tradeOf(2)]])
    lake.clock.advance(HOUR_MS)
    const { tables } = await upkeep(lake)
    expect(tables.find(({ table }) => table === GOLD_TABLE.name)?.joins).toMatchObject([{ files: 3, conflicts: 1 }])
    expect(await goldRows(lake)).toEqual([first, second, tradeOf(2)].map(goldRow).sort())
  })
})

describe('a minute’s commit in the middle', () => {
  test('wins; the join is committed after it, with the file made once', async () => {
    const lake = newLake()
    await runMinutes(lake, minutes(4))
    lake.clock.advance(HOUR_MS)
    const paused = pauseOnce(lake, isJoin)
    const slow = upkeep(lake, {})
    await paused.reached
    await runMinutes(lake, [[tradeOf(7_000, { timestamp: START_MICROS })]])
    const files: string[] = []
    lake.after = step => void (step.kind === 'put' && step.key.includes('/data/') && files.push(step.key))
    paused.go()
    await slow
    expect(files).toEqual([])
    expect((await committedFiles(lake, GOLD_TABLE)).map(file => file.records).sort()).toEqual([1, 16])
    const { snapshots } = (await loadTable(lake.ports, GOLD_TABLE.name)).metadata
    expect(snapshots.slice(-2).map(({ summary }) => summary.operation)).toEqual(['append', 'replace'])
  })

  test('that takes one of the files away makes the join give up until the next run', async () => {
    const lake = newLake()
    await runMinutes(lake, minutes(4))
    lake.clock.advance(HOUR_MS)
    const before = await snapshotRows(lake, GOLD_TABLE)
    const paused = pauseOnce(lake, isJoin)
    const slow = upkeep(lake, {})
    await paused.reached
    const table = await loadTable(lake.ports, GOLD_TABLE.name)
    const [gone, ...kept] = await committedFiles(lake, GOLD_TABLE)
    const change = await stageSnapshot(lake.ports, { table, remove: new Set([gone.key]), operation: 'delete' })
    await lake.ports.state.transact([change.write], 'removal')
    paused.go()
    await slow
    const rows = await snapshotRows(lake, GOLD_TABLE)
    expect(rows).toHaveLength(kept.reduce((sum, file) => sum + file.records, 0))
    expect(before).toEqual(expect.arrayContaining(rows))
    expect(await committedFiles(lake, GOLD_TABLE)).toHaveLength(3)
    await upkeep(lake, {})
    expect(await snapshotRows(lake, GOLD_TABLE)).toEqual(rows)
    expect(await committedFiles(lake, GOLD_TABLE)).toHaveLength(1)
  })

  test('of a rebuild that puts a file back on a list makes the join give up', async () => {
    const lake = newLake()
    await runMinutes(lake, minutes(3))
    lake.clock.advance(2 * DAY_MS)
    const [work] = await findJoins(lake.ports, SILVER, EXCHANGES)
    const paused = pauseOnce(lake, isJoin)
    const slow = join(lake.ports, SILVER, work, EXCHANGES)
    await paused.reached
    const [file] = await committedFiles(lake, SILVER)
    const { attributes } = await loadTable(lake.ports, SILVER.name)
    await lake.ports.state.transact(
      [
        await producePending(lake.ports, consumers.gold('binance'), {
          files: [{ key: file.key, bytes: file.bytes, records: file.records }],
        }),
        { kind: 'put', item: { key: pointerKey(SILVER.name), attributes: { ...attributes, v: 'moved' } } },
      ],
      'rebuild',
    )
    paused.go()
    expect(await slow).toBeUndefined()
    expect(await committedFiles(lake, SILVER)).toHaveLength(3)
  })

  for (const when of ['before', 'after'] as const)
    test(`a crash ${when} the transaction leaves every row in the table once`, async () => {
      const lake = newLake()
      await runMinutes(lake, minutes(4))
      lake.clock.advance(HOUR_MS)
      const before = await snapshotRows(lake, GOLD_TABLE)
      let crashed = false
      crashOnce(lake, when, step => {
        const pointer = step.writes.some(write => write.kind === 'put' && write.item.key.table === 'catalog')
        return !crashed && (crashed = step.kind === 'transact' && pointer)
      })
      await expect(upkeep(lake, {})).rejects.toThrow(Crash)
      expect(await snapshotRows(lake, GOLD_TABLE)).toEqual(before)
      await upkeep(lake, {})
      expect(await snapshotRows(lake, GOLD_TABLE)).toEqual(before)
      expect(await committedFiles(lake, GOLD_TABLE)).toHaveLength(1)
    })
})

test('two maintenance runs at once join each file once', async () => {
  const lake = newLake()
  await runMinutes(lake, minutes(6))
  lake.clock.advance(2 * DAY_MS)
  const before = await rowsOfAll(lake)
  await Promise.all([upkeep(lake), upkeep(lake)])
  expect(await rowsOfAll(lake)).toEqual(before)
  for (const table of [BRONZE, SILVER, GOLD_TABLE]) expect(await committedFiles(lake, table)).toHaveLength(1)
})

test('a file that cannot be read is reported, and the other partitions are worked on', async () => {
  const lake = newLake()
  await runMinutes(lake, minutes(3))
  await runMinutes(lake, [[tradeOf(1, { timestamp: START_MICROS })], [tradeOf(2, { timestamp: START_MICROS + 1n })]])
  lake.clock.advance(3 * HOUR_MS)
  const bad = (await committedFiles(lake, GOLD_TABLE)).find(file => file.records === 4)!
  const localFile = lake.ports.store.localFile
  lake.ports.store.localFile = async key => {
    if (key === bad.key) throw new Corrupt('the disk says no')
    return localFile(key)
  }
  await expect(upkeep(lake, {})).rejects.toThrow(/exchange_hour=11.*the disk says no/)
  expect((await committedFiles(lake, GOLD_TABLE)).map(file => file.records).sort()).toEqual([2, 4, 4, 4])
})

async function nextOffset(lake: MemoryLake): Promise<number> {
  return (await rowsOf(lake, BRONZE, ['offset'])).length
}

/** The same objects behind another store, so that nothing is cached. */
function memoryCopy(lake: MemoryLake): { ports: Pick<MemoryLake['ports'], 'store'> } {
  return { ports: { store: { ...lake.ports.store } } }
}
