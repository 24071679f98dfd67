import { expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers } from '../../domain/names.ts'
import { producePending } from '../../domain/pending.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { dropOld } from '../../functions/maintain/retention.ts'
import { loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import { feed } from './gold-support.ts'
import {
  BRONZE,
  committedFiles,
  DAY_MS,
  HOUR_MS,
  HOURS,
  MINUTES,
  runMinutes,
  SILVER,
  snapshotRows,
  upkeep,
} from './maintain-support.ts'
import { commitAll, memoryLake, pauseOnce, START, START_MICROS, testEngine, tradeOf, unifyAll } from './support.ts'

const engine = await testEngine()
const newLake = () => memoryLake({ engine })

test('days leave each table when its own time has come, in a snapshot of their own; Gold stays', async () => {
  const lake = newLake()
  await runMinutes(lake, [[tradeOf(1)], [tradeOf(2)]])
  const rows = await snapshotRows(lake, GOLD_TABLE)
  const at = async (days: number) => {
    lake.clock.advance(START + days * DAY_MS + HOUR_MS - lake.clock.now())
    await upkeep(lake, { retention: { [MINUTES.name]: 90, [HOURS.name]: 'forever' } })
    const tables = [BRONZE, SILVER, MINUTES, HOURS]
    return Promise.all(tables.map(async table => (await committedFiles(lake, table)).length > 0))
  }
  expect(await at(6.9)).toEqual([true, true, true, true])
  expect(await at(7.1)).toEqual([false, true, true, true])
  expect((await loadTable(lake.ports, BRONZE.name)).metadata.snapshots.at(-1)?.summary).toMatchObject({
    operation: 'delete',
    'deleted-records': '2',
    'total-records': '0',
  })
  expect(await at(29.9)).toEqual([false, true, true, true])
  expect(await at(30.1)).toEqual([false, false, true, true])
  expect(await at(90.1)).toEqual([false, false, false, true])
  expect(await snapshotRows(lake, GOLD_TABLE)).toEqual(rows)
})

test('a day stays until its youngest row is old enough, also where one file has rows of many ages', async () => {
  const lake = newLake()
  await runMinutes(lake, [[tradeOf(1)]])
  lake.clock.advance(5 * DAY_MS)
  await feed(lake, [tradeOf(2)], { kafkaMillis: START })
  await commitAll(lake)
  await unifyAll(lake)
  // Both trades are of one day: maintenance makes one file of them.
  await upkeep(lake, { closedAfterMs: 0 })
  const at = async (days: number) => {
    lake.clock.advance(START + days * DAY_MS - lake.clock.now())
    await upkeep(lake, {})
    return (await committedFiles(lake, SILVER)).map(({ records }) => records)
  }
  expect(await at(6)).toEqual([2])
  expect(await at(34)).toEqual([2])
  expect(droppedBefore((await loadTable(lake.ports, SILVER.name)).metadata)).toBe(0n)
  expect(await at(36)).toEqual([])
  const dropped = droppedBefore((await loadTable(lake.ports, SILVER.name)).metadata)
  expect(dropped).toBe(BigInt(START + 6 * DAY_MS) * 1000n)
})

test('a table that is kept for ever by the lake’s settings drops nothing', async () => {
  const lake = newLake()
  await runMinutes(lake, [[tradeOf(1)]])
  lake.clock.advance(400 * DAY_MS)
  await upkeep(lake, { retention: { [SILVER.name]: 'forever', [BRONZE.name]: 500 } })
  expect(await committedFiles(lake, SILVER)).toHaveLength(1)
  expect(await committedFiles(lake, BRONZE)).toHaveLength(1)
  expect(await committedFiles(lake, MINUTES)).toHaveLength(1)
})

test('a day of old trades that came late counts from when they came', async () => {
  const lake = newLake()
  const old = tradeOf(1, { timestamp: START_MICROS - 40n * 86_400_000_000n })
  await feed(lake, [old, tradeOf(2)], { kafkaMillis: START })
  await commitAll(lake)
  await unifyAll(lake)
  await upkeep(lake, {})
  expect(await committedFiles(lake, SILVER)).toHaveLength(2)
  lake.clock.advance(31 * DAY_MS)
  await upkeep(lake, {})
  expect(await committedFiles(lake, SILVER)).toHaveLength(0)
})

test('a day with a file that a stage has yet to read stays whole', async () => {
  const lake = newLake()
  await feed(lake, [tradeOf(1)])
  await commitAll(lake)
  await unifyAll(lake)
  await feed(lake, [tradeOf(2)])
  await commitAll(lake)
  lake.clock.advance(31 * DAY_MS)
  await upkeep(lake, {})
  expect(await committedFiles(lake, SILVER)).toHaveLength(2)
  expect(await committedFiles(lake, BRONZE)).toHaveLength(0)
  await unifyAll(lake)
  await upkeep(lake, {})
  expect(await committedFiles(lake, SILVER)).toHaveLength(0)
})

test('a file that is put back on a list while a day is being dropped, with the pointer moved, is not dropped', async () => {
  const lake = newLake()
  await runMinutes(lake, [[tradeOf(1)]])
  lake.clock.advance(31 * DAY_MS)
  const paused = pauseOnce(
    lake,
    step => step.kind === 'put' && step.key.startsWith(`market_data/${SILVER.name}/metadata/`),
  )
  const slow = dropOld(lake.ports, SILVER, EXCHANGES)
  await paused.reached
  const [file] = await committedFiles(lake, SILVER)
  const { attributes } = await loadTable(lake.ports, SILVER.name)
  await lake.ports.state.transact(
    [
      await producePending(lake.ports, consumers.gold('binance'), { files: [{ key: file.key, bytes: 1, records: 1 }] }),
      { kind: 'put', item: { key: pointerKey(SILVER.name), attributes: { ...attributes, v: 'moved' } } },
    ],
    'rebuild',
  )
  paused.go()
  expect(await slow).toMatchObject({ partitions: [], files: 0 })
  expect(await committedFiles(lake, SILVER)).toHaveLength(1)
})
