/**
 * What nothing reaches is deleted in time, and nothing else ever.
 * Over 250 lines: one rule of deletion, and all that must not be deleted.
 */
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers, dataFileKey, pendingObjectKey } from '../../domain/names.ts'
import { listPending, producePending } from '../../domain/pending.ts'
import { allTables, GOLD_TABLE } from '../../domain/tables.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { findTable, loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { eachReachedKey } from '../../iceberg/live-files.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { feed } from './gold-support.ts'
import {
  BRONZE,
  committedFiles,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  objectKeys,
  runMinutes,
  SILVER,
  snapshotRows,
  upkeep,
} from './maintain-support.ts'
import {
  Crash,
  crashOnce,
  type MemoryLake,
  memoryLake,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from './support.ts'

const engine = await testEngine()
const newLake = () => memoryLake({ engine })

const ORPHAN = dataFileKey(GOLD_TABLE.name, 'exchange_date=2026-11-20/exchange_hour=1', 'orphan')
const bytes = Buffer.from('x')
const has = async (lake: MemoryLake, key: string) => (await lake.ports.store.head(key)) !== undefined

async function reached(lake: MemoryLake): Promise<string[]> {
  const keys: string[] = []
  for (const { name } of allTables(EXCHANGES)) {
    const table = await findTable(lake.ports, name)
    if (table) for await (const key of eachReachedKey(lake.ports, table)) keys.push(key)
  }
  return keys
}

/** Objects of all tables that nothing reaches. */
async function unreached(lake: MemoryLake): Promise<string[]> {
  const keys = new Set(await objectKeys(lake, 'market_data/'))
  for (const key of await reached(lake)) keys.delete(key)
  return [...keys]
}

describe('what nothing reaches', () => {
  test('is deleted when it is a day old, by the second of two readings an hour apart', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    await lake.ports.store.put(ORPHAN, bytes)
    const rows = await snapshotRows(lake, GOLD_TABLE)
    lake.clock.advance(23 * HOUR_MS)
    expect((await upkeep(lake)).tables).toEqual([])
    lake.clock.advance(2 * HOUR_MS)
    expect((await upkeep(lake)).tables).toMatchObject([{ table: GOLD_TABLE.name, notedObjects: 1, deletedObjects: 0 }])
    lake.clock.advance(30 * MINUTE_MS)
    await upkeep(lake)
    expect(await has(lake, ORPHAN)).toBe(true)
    lake.clock.advance(40 * MINUTE_MS)
    expect((await upkeep(lake)).tables).toMatchObject([
      { table: GOLD_TABLE.name, notedObjects: 0, deletedObjects: 1, deletedBytes: 1 },
    ])
    expect(await has(lake, ORPHAN)).toBe(false)
    expect(await listPending(lake.ports, consumers.unreached(GOLD_TABLE.name), 10)).toEqual([])
    expect(await snapshotRows(lake, GOLD_TABLE)).toEqual(rows)
  })

  test('is looked for every six hours, and only until the deadline', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    const lists: string[] = []
    const list = lake.ports.store.list
    lake.ports.store.list = prefix => {
      lists.push(prefix)
      return list(prefix)
    }
    const run = (deadline: number) => maintain(lake.ports, EXCHANGES, deadline)
    await run(lake.clock.now())
    expect(lists).toEqual([])
    await run(Number.POSITIVE_INFINITY)
    const all = lists.length
    expect(all).toBeGreaterThan(allTables(EXCHANGES).length - 5)
    lake.clock.advance(5 * HOUR_MS)
    await run(Number.POSITIVE_INFINITY)
    expect(lists.filter(prefix => prefix.startsWith('market_data/')).length).toBe(
      new Set(lists.filter(prefix => prefix.startsWith('market_data/'))).size,
    )
  })

  test('stays where a stage has yet to read it, however old it is', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    await feed(lake, [tradeOf(2)])
    // Pending for Gold and for its table, named by no snapshot.
    for (let i = 0; i < 4; i++) {
      lake.clock.advance(2 * DAY_MS)
      await upkeep(lake)
    }
    await unifyAll(lake)
    expect(await snapshotRows(lake, GOLD_TABLE)).toHaveLength(2)
  })

  test('stays where it is older than its table: the state store may have been lost', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    const before = await objectKeys(lake, `market_data/${SILVER.name}/data/`)
    lake.clock.advance(5 * DAY_MS)
    for (const table of [SILVER, BRONZE]) {
      const attributes = await lake.ports.state.get(pointerKey(table.name))
      const remove = { kind: 'remove', key: pointerKey(table.name) } as const
      await lake.ports.state.transact([remove], `${attributes?.created_at} ${table.name}`.slice(0, 36))
    }
    await runMinutes(lake, [[tradeOf(2, { timestamp: START_MICROS + 5n * 86_400_000_000n })]])
    for (let i = 0; i < 3; i++) {
      lake.clock.advance(2 * DAY_MS)
      await upkeep(lake)
    }
    expect(await objectKeys(lake, `market_data/${SILVER.name}/data/`)).toEqual(expect.arrayContaining(before))
  })

  test('stays where the table itself is not known', async () => {
    const lake = newLake()
    await lake.ports.store.put(ORPHAN, bytes)
    for (let i = 0; i < 3; i++) {
      lake.clock.advance(2 * DAY_MS)
      await upkeep(lake)
    }
    expect(await has(lake, ORPHAN)).toBe(true)
  })

  test('among the payloads of finished work goes at once, that of waiting work stays', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    // So scattered that compression does not make it small.
    const large = { minutes: Array.from({ length: 150_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0) }
    await lake.ports.state.transact([await producePending(lake.ports, consumers.candles(), large)], 'large')
    const finished = pendingObjectKey(consumers.gold('binance'), 'finished')
    await lake.ports.store.put(finished, bytes)
    const [waiting] = await objectKeys(lake, `pending/${consumers.candles()}/`)
    lake.clock.advance(2 * DAY_MS)
    expect(await upkeep(lake)).toMatchObject({ deletedPayloads: 1 })
    expect(await has(lake, finished)).toBe(false)
    expect(await has(lake, waiting)).toBe(true)
  })

  test('is forgotten by a crash after it was deleted, and all else goes on', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    await lake.ports.store.put(ORPHAN, bytes)
    lake.clock.advance(2 * DAY_MS)
    await upkeep(lake)
    lake.clock.advance(2 * HOUR_MS)
    crashOnce(lake, 'before', step =>
      step.writes.some(write => write.kind === 'remove' && write.key.partition.includes('unreached')),
    )
    await expect(upkeep(lake)).rejects.toThrow(Crash)
    expect(await has(lake, ORPHAN)).toBe(false)
    await upkeep(lake)
    expect(await listPending(lake.ports, consumers.unreached(GOLD_TABLE.name), 10)).toEqual([])
  })

  test('includes old metadata files, but not those of the log', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)]])
    let table = await loadTable(lake.ports, GOLD_TABLE.name)
    for (let i = 0; i < 130; i++) {
      const staged = await stageSnapshot(lake.ports, { table, add: [], operation: 'append' })
      await lake.ports.state.transact([staged.write], `commit ${i}`)
      table = staged.table
    }
    lake.clock.advance(2 * DAY_MS)
    await upkeep(lake)
    lake.clock.advance(2 * HOUR_MS)
    await upkeep(lake)
    const keys = await objectKeys(lake, `market_data/${GOLD_TABLE.name}/metadata/`)
    // The expiry wrote one more.
    expect(keys.filter(key => key.endsWith('.metadata.json'))).toHaveLength(101)
    for (const key of await reached(lake)) expect(await has(lake, key), key).toBe(true)
  })

  test('is all that goes: a month of minutes, joins and expiry leaves exactly what is reached', async () => {
    const lake = newLake()
    for (let day = 0; day < 12; day++) {
      const at = START_MICROS + BigInt(day) * 86_400_000_000n
      const trades = [0, 1, 2].map(i => [tradeOf(10 * day + i, { timestamp: at - 3_600_000_000n + BigInt(i) })])
      await runMinutes(lake, trades)
      lake.clock.advance(2 * HOUR_MS)
      await upkeep(lake)
      lake.clock.advance(DAY_MS - 2 * HOUR_MS - 3 * MINUTE_MS)
    }
    lake.clock.advance(DAY_MS)
    for (let rounds = 0; (await upkeep(lake)).tables.length > 0; rounds++) {
      expect(rounds).toBeLessThan(20)
      lake.clock.advance(2 * HOUR_MS)
    }
    const young: string[] = []
    for await (const { key, modified } of lake.ports.store.list('market_data/'))
      if (lake.clock.now() - modified <= DAY_MS) young.push(key)
    const left = new Set(await unreached(lake))
    for (const key of young) left.delete(key)
    expect([...left]).toEqual([])
    for (const key of await reached(lake)) expect(await has(lake, key), key).toBe(true)
  })
})

describe('a reader', () => {
  test('of a snapshot that expired by age finds its files for another hour, then they are gone', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)], [tradeOf(2)]])
    lake.clock.advance(2 * HOUR_MS)
    const opened = await loadTable(lake.ports, GOLD_TABLE.name)
    const rows = await snapshotRows(lake, GOLD_TABLE, undefined, opened)
    const files = await planFiles(lake.ports, opened)
    await upkeep(lake)
    expect(await committedFiles(lake, GOLD_TABLE)).toHaveLength(1)
    // A week later nobody has committed: the snapshots leave, the files are noted.
    lake.clock.advance(8 * DAY_MS)
    const { tables } = await upkeep(lake)
    expect(tables.find(({ table }) => table === GOLD_TABLE.name)).toMatchObject({ expiredSnapshots: 2 })
    expect((await loadTable(lake.ports, GOLD_TABLE.name)).metadata.snapshots).toHaveLength(1)
    lake.clock.advance(HOUR_MS)
    await upkeep(lake)
    expect(await snapshotRows(lake, GOLD_TABLE, undefined, opened)).toEqual(rows)
    lake.clock.advance(HOUR_MS)
    await upkeep(lake)
    for (const { key } of files) expect(await has(lake, key)).toBe(false)
    expect(await snapshotRows(lake, GOLD_TABLE)).toEqual(rows)
  })

  test('of a snapshot that left by count finds its files for an hour', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)], [tradeOf(2)]])
    lake.clock.advance(2 * DAY_MS)
    await runMinutes(lake, [[tradeOf(3)]])
    const opened = await loadTable(lake.ports, GOLD_TABLE.name)
    const rows = await snapshotRows(lake, GOLD_TABLE, undefined, opened)
    const [{ key }] = (await planFiles(lake.ports, opened)).sort((a, b) => (a.key < b.key ? -1 : 1))
    await upkeep(lake)
    // A burst of commits within the hour: the opened snapshot is neither among the newest nor the last of its hour.
    let table = await loadTable(lake.ports, GOLD_TABLE.name)
    const policy = { 'tradelake.snapshots.keep-all-count': '1', 'history.expire.max-snapshot-age-ms': `${DAY_MS}` }
    table = { ...table, metadata: { ...table.metadata, properties: { ...table.metadata.properties, ...policy } } }
    for (let i = 0; i < 3; i++) {
      const staged = await stageSnapshot(lake.ports, { table, add: [], operation: 'append' })
      await lake.ports.state.transact([staged.write], `burst ${i}`)
      table = staged.table
    }
    expect(table.metadata.snapshots).toHaveLength(1)
    await upkeep(lake)
    lake.clock.advance(HOUR_MS)
    await upkeep(lake)
    expect(await snapshotRows(lake, GOLD_TABLE, undefined, opened)).toEqual(rows)
    lake.clock.advance(HOUR_MS)
    await upkeep(lake)
    expect(await has(lake, key)).toBe(false)
  })

  test('of a snapshot that a tag names finds it for ever', async () => {
    const lake = newLake()
    await runMinutes(lake, [[tradeOf(1)], [tradeOf(2)]])
    const table = await loadTable(lake.ports, GOLD_TABLE.name)
    const id = table.metadata['current-snapshot-id']
    const refs = { ...table.metadata.refs, audited: { 'snapshot-id': id, type: 'tag' as const } }
    const staged = await stageSnapshot(lake.ports, {
      table: { ...table, metadata: { ...table.metadata, refs } },
      add: [],
      operation: 'append',
    })
    await lake.ports.state.transact([staged.write], 'tag')
    const rows = await snapshotRows(lake, GOLD_TABLE, id)
    for (let i = 0; i < 4; i++) {
      lake.clock.advance(10 * DAY_MS)
      await upkeep(lake)
    }
    expect(await committedFiles(lake, GOLD_TABLE)).toHaveLength(1)
    expect(await snapshotRows(lake, GOLD_TABLE, id)).toEqual(rows)
  })
})
