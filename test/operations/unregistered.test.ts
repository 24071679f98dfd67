/** Objects of Bronze that the table does not name: a repair registers each of their records once, however often they hold it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import { FEED_GAPS } from '../../domain/streams.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { registerMissing } from '../../operations/repair/bronze.ts'
import { inSession } from '../../operations/repair/live.ts'
import { drainLake, newLake, rewriteFile, rowsOf, type TestLake } from '../embedded/support.ts'

const TABLE = 'feed_gaps'

let lake: TestLake
beforeEach(async () => {
  lake = await newLake()
  const record = { partition: 0, key: null, value: Buffer.from('{}'), timestamp: 0 }
  await lake.topics.append(FEED_GAPS_TOPIC, Array(4).fill(record))
  await drainLake(lake)
})
afterEach(() => lake.remove())

const keysOf = async () => (await planFiles(lake.ports, await loadTable(lake.ports, TABLE))).map(({ key }) => key)

/** The table names no file any more; the objects stay. */
async function forgetFiles(): Promise<void> {
  const table = await loadTable(lake.ports, TABLE)
  const { write } = await stageSnapshot(lake.ports, { table, remove: new Set(await keysOf()), operation: 'delete' })
  await lake.ports.state.transact([write], lake.ports.ids.uuid())
  expect(await rowsOf(lake, TABLE, '"offset"')).toEqual([])
}

async function register(): Promise<unknown[]> {
  await inSession(lake.ports, session => registerMissing(lake.ports, session, FEED_GAPS))
  await drainLake(lake)
  return (await rowsOf(lake, TABLE, '"offset"')).map(row => Number((row as { offset: bigint }).offset))
}

test('records that one object holds twice are there once', async () => {
  const original = await keysOf()
  await rewriteFile(lake, TABLE, { select: rows => `SELECT * FROM ${rows} UNION ALL SELECT * FROM ${rows}` })
  await forgetFiles()
  await lake.ports.store.delete(original)
  expect(await register()).toEqual([0, 1, 2, 3])
})

test('records that two objects hold are there once, and those that one of them has alone too', async () => {
  await rewriteFile(lake, TABLE, { select: rows => `SELECT * FROM ${rows} WHERE "offset" > 1` })
  await forgetFiles()
  expect(await register()).toEqual([0, 1, 2, 3])
})
