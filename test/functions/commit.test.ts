import { expect, test } from 'vitest'
import { tradeStream } from '../../domain/streams.ts'
import { bronzeTable, committedTables, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { commitTable } from '../../functions/commit/commit.ts'
import { listAdded, produceAdded } from '../../iceberg/added-files.ts'
import { findTable, loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import {
  BINANCE,
  Crash,
  crashOnce,
  isCommit,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  pauseOnce,
  refineAll,
  tradeOf,
} from './support.ts'

const table = bronzeTable(BINANCE)

/** Puts this many objects of two records each into Bronze. */
async function putObjects(lake: MemoryLake, objects: number, from = 0): Promise<void> {
  for (let i = from; i < from + objects; i++) {
    const records = [
      { partition: 0, offset: 2 * i, value: encodeTrade(tradeOf(i)) },
      { partition: 0, offset: 2 * i + 1, value: null },
    ]
    await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
  }
}

const commitAll = (lake: MemoryLake, deadline = Number.POSITIVE_INFINITY) => commitTable(lake.ports, table, deadline)

async function snapshots(lake: MemoryLake, name = table.name) {
  const { metadata } = await loadTable(lake.ports, name)
  return metadata.snapshots.map(snapshot => snapshot.summary)
}

async function liveFiles(lake: MemoryLake): Promise<{ files: number; records: number }> {
  const files = await planFiles(lake.ports, await loadTable(lake.ports, table.name))
  expect(new Set(files.map(file => file.key)).size).toBe(files.length)
  for (const file of files) expect((await lake.ports.store.head(file.key))?.bytes).toBe(file.bytes)
  return { files: files.length, records: files.reduce((sum, file) => sum + file.records, 0) }
}

test('pending files become exactly one snapshot', async () => {
  const lake = memoryLake()
  await putObjects(lake, 5)
  expect(await commitAll(lake)).toEqual({ table: table.name, commits: 1, files: 5, records: 10, repeats: 0 })
  expect(await snapshots(lake)).toMatchObject([{ operation: 'append', 'added-data-files': '5', 'total-records': '10' }])
  expect(await liveFiles(lake)).toEqual({ files: 5, records: 10 })
})

test('nothing pending makes no snapshot, and no table', async () => {
  const lake = memoryLake()
  expect(await commitAll(lake)).toMatchObject({ commits: 0, files: 0 })
  expect(await findTable(lake.ports, table.name)).toBeUndefined()
  await putObjects(lake, 1)
  await commitAll(lake)
  expect(await commitAll(lake)).toMatchObject({ commits: 0 })
  expect(await snapshots(lake)).toHaveLength(1)
})

test('Silver’s files and dead letters go to their own tables', async () => {
  const lake = memoryLake()
  await putObjects(lake, 3)
  await refineAll(lake, BINANCE)
  for (const { name } of [silverTable(BINANCE), DLQ_TABLE]) {
    const definition = committedTables([BINANCE]).find(candidate => candidate.name === name)!
    expect(await commitTable(lake.ports, definition, 0)).toMatchObject({ commits: 1, files: 1, records: 3 })
    expect(await snapshots(lake, name)).toMatchObject([{ 'total-records': '3' }])
  }
})

test('more than 95 items make several commits, oldest first, each within a transaction’s bounds', async () => {
  const lake = memoryLake()
  await putObjects(lake, 200)
  const sizes: number[] = []
  lake.before = step => void (isCommit(step) && sizes.push(step.writes.length))
  expect(await commitAll(lake)).toMatchObject({ commits: 3, files: 200, records: 400 })
  expect(sizes).toEqual([96, 96, 11])
  expect((await snapshots(lake)).map(summary => summary['total-data-files'])).toEqual(['95', '190', '200'])
  expect(await liveFiles(lake)).toEqual({ files: 200, records: 400 })
})

test('a deadline that has passed leaves the rest for the next time, but never all', async () => {
  const lake = memoryLake()
  await putObjects(lake, 100)
  expect(await commitAll(lake, lake.clock.now())).toMatchObject({ commits: 1, files: 95 })
  expect(await commitAll(lake, lake.clock.now())).toMatchObject({ commits: 1, files: 5 })
})

test('two commits at once leave each file in the table once', async () => {
  const lake = memoryLake()
  await putObjects(lake, 4)
  const paused = pauseOnce(lake, isCommit)
  const slow = commitAll(lake)
  await paused.reached
  expect(await commitAll(lake)).toMatchObject({ commits: 1, files: 4 })
  await putObjects(lake, 2, 4)
  paused.go()
  expect(await slow).toMatchObject({ commits: 1, files: 2 })
  expect(await liveFiles(lake)).toEqual({ files: 6, records: 12 })
  expect(await snapshots(lake)).toHaveLength(2)
})

test('files that the table has already, and files that are listed twice, are taken off the list and not added again', async () => {
  const lake = memoryLake()
  await putObjects(lake, 40)
  await commitAll(lake)
  const files = await planFiles(lake.ports, await loadTable(lake.ports, table.name))
  await putObjects(lake, 1, 40)
  const [fresh] = await listAdded(lake.ports, table.name)
  const again = [...files.slice(3, 7), ...fresh.payload.files]
  await lake.ports.state.transact([await produceAdded(lake.ports, table.name, again)], 'restored')
  expect(await commitAll(lake)).toEqual({ table: table.name, commits: 1, files: 1, records: 2, repeats: 5 })
  expect(await liveFiles(lake)).toEqual({ files: 41, records: 82 })
  await lake.ports.state.transact([await produceAdded(lake.ports, table.name, files)], 'restored again')
  expect(await commitAll(lake)).toMatchObject({ commits: 1, files: 0, repeats: 40 })
  expect(await liveFiles(lake)).toEqual({ files: 41, records: 82 })
  expect(await snapshots(lake)).toHaveLength(2)
  expect(await listAdded(lake.ports, table.name)).toEqual([])
})

test('a file that is missing is not added: the table stays readable, and the error names the command', async () => {
  const lake = memoryLake()
  await putObjects(lake, 2)
  await commitAll(lake)
  await putObjects(lake, 1, 2)
  const [item] = await listAdded(lake.ports, table.name)
  await lake.ports.store.delete([item.payload.files[0].key])
  // A younger item's files cannot be gone.
  lake.clock.advance(HOUR_MS)
  await expect(commitAll(lake)).rejects.toThrow(
    / waits to be added to bronze_binance_trades and is missing: run tradelake audit --repair\.$/,
  )
  expect(await liveFiles(lake)).toEqual({ files: 2, records: 4 })
})

for (const when of ['before', 'after'] as const)
  test(`a crash ${when} the transaction leaves each file in the table once`, async () => {
    const lake = memoryLake()
    await putObjects(lake, 3)
    crashOnce(lake, when, isCommit)
    await expect(commitAll(lake)).rejects.toThrow(Crash)
    await putObjects(lake, 1, 3)
    await commitAll(lake)
    expect(await liveFiles(lake)).toEqual({ files: 4, records: 8 })
  })

test('a crash while metadata is written leaves the table as it was', async () => {
  const lake = memoryLake()
  await putObjects(lake, 1)
  await commitAll(lake)
  await putObjects(lake, 1, 1)
  crashOnce(lake, 'before', step => step.key.endsWith('.metadata.json'))
  await expect(commitAll(lake)).rejects.toThrow(Crash)
  expect(await liveFiles(lake)).toEqual({ files: 1, records: 2 })
  await commitAll(lake)
  expect(await liveFiles(lake)).toEqual({ files: 2, records: 4 })
})
