/**
 * Tables that we wrote, read by PyIceberg: types, rows, pruning and time travel. check_lake.py may as well be pointed at
 * the tables of a running lake.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckDbEngine, duckDbEngine } from '../../adapters/duckdb-engine.ts'
import { folderStore } from '../../adapters/folder-store.ts'
import { systemClock, systemIds, systemScratch } from '../../adapters/system.ts'
import { dataFileKey } from '../../domain/names.ts'
import { allTables, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { createTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { type StagedSnapshot, stageSnapshot } from '../../iceberg/commit.ts'
import { readManifests } from '../../iceberg/manifest-store.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { describeParquetFile } from '../../iceberg/parquet/footer.ts'
import { partitionOf, partitionPath } from '../../iceberg/partitions.ts'
import { type ColumnRanges, planFiles } from '../../iceberg/scan.ts'
import type { Operation } from '../../iceberg/table-metadata.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { hasPython } from '../../localstack/python.ts'
import { sampleRows, writeParquet } from '../iceberg/parquet/files.ts'
import { memoryState } from '../memory/state.ts'
import { digestFiles } from './digest.ts'
import { checkLake, icebergType, type LakeRequest, readersPython } from './python.ts'

const python3 = hasPython()
if (!python3) console.warn('Skipped: reading our tables with PyIceberg needs python3 with venv.')

const ROWS = 210
const DAYS = ['2026-10-20', '2026-11-20', '2026-11-21'] as const
const clock = systemClock()
const ids = systemIds()
const scratch = systemScratch()
const ports = { store: folderStore(`${scratch.path('lake')} of trades`), state: memoryState(clock), clock, ids }

let engine: DuckDbEngine
let python: string

beforeAll(async () => {
  engine = await duckDbEngine({ threads: 2, memoryLimit: '600MB', tempDirectory: scratch.path('duckdb') })
  if (python3) python = await readersPython()
})
afterAll(() => engine.close())

const dayNumber = (date: string) => Date.parse(date) / 86_400_000

/** A data file of made-up rows from number `first` on, all of one day. */
async function writeFile(table: TableDefinition, date: string, first: number, rows = ROWS): Promise<DataFile> {
  const source = table.partition[0].source
  const byHour = table.partition.some(field => field.source === 'exchange_hour')
  const fixed = { [source]: `DATE '${date}'`, ...(byHour && { exchange_hour: '7::INTEGER' }) }
  const partition = partitionOf(table, { [source]: dayNumber(date), ...(byHour && { exchange_hour: 7 }) })
  return store(table, partition, sampleRows(table, { rows, first, fixed }))
}

/** One file of the rows of several files of one partition, as compaction makes it. */
async function mergeFiles(table: TableDefinition, files: readonly DataFile[]): Promise<DataFile> {
  const paths = await pathsOf(files)
  const list = paths.map(path => `'${path}'`).join(', ')
  // Without that, DuckDB takes the folders' names for columns.
  return store(table, files[0].partition, `SELECT * FROM read_parquet([${list}], hive_partitioning = false)`)
}

async function store(table: TableDefinition, partition: DataFile['partition'], select: string): Promise<DataFile> {
  const path = scratch.path('data.parquet')
  await writeParquet(engine, table, path, select)
  const description = await describeParquetFile(table, path)
  const key = dataFileKey(table.name, partitionPath(table, partition), ids.uuid())
  await ports.store.putFile(key, path)
  return { key, partition, ...description }
}

const pathsOf = (files: readonly DataFile[]) => Promise.all(files.map(file => ports.store.localFile(file.key)))

async function commit(
  table: LoadedTable,
  operation: Operation,
  add: readonly DataFile[],
  remove: readonly DataFile[] = [],
): Promise<StagedSnapshot> {
  const staged = await stageSnapshot(ports, { table, operation, add, remove: new Set(remove.map(file => file.key)) })
  await ports.state.transact([staged.write], ids.uuid())
  return staged
}

interface Version {
  readonly snapshotId: number
  readonly files: readonly DataFile[]
}

/** A table with four snapshots: two appends, an overwrite, and a replace. */
async function fill(definition: TableDefinition): Promise<{ table: LoadedTable; versions: Version[] }> {
  const [a, b, c, d] = await Promise.all([
    writeFile(definition, DAYS[0], 0),
    writeFile(definition, DAYS[1], 10_000),
    writeFile(definition, DAYS[2], 20_000),
    writeFile(definition, DAYS[2], 30_000),
  ])
  const merged = await mergeFiles(definition, [c, d])
  const versions: Version[] = []
  let table = await createTable(ports, definition)
  const step = async (operation: Operation, files: readonly DataFile[]) => {
    const before = versions.at(-1)?.files ?? []
    const staged = await commit(
      table,
      operation,
      files.filter(file => !before.includes(file)),
      before.filter(file => !files.includes(file)),
    )
    table = staged.table
    versions.push({ snapshotId: staged.snapshotId, files })
  }
  await step('append', [a, b])
  await step('append', [a, b, c])
  await step('overwrite', [b, c, d])
  await step('replace', [b, merged])
  return { table, versions }
}

/** Digits after the point: `decimal(20,10)` has 10. */
function scaleOf(type: string): number {
  return Number(/,(\d+)\)$/.exec(type)?.[1])
}

/** Ranges that our planner gets, and the same as a row filter of PyIceberg. */
function filters(table: TableDefinition): { where: ColumnRanges[]; filter: string }[] {
  const day = dayNumber(DAYS[2])
  const time = table.columns.find(column => column.type === 'timestamptz')!
  const text = table.columns.find(column => column.type === 'string' && column.required)!
  const decimal = table.columns.find(column => column.type.startsWith('decimal'))
  const long = table.columns.find(column => column.type === 'long' && column.required)
  const source = table.partition[0].source
  return [
    { where: [{ column: source, ranges: [{ lower: day, upper: day }] }], filter: `${source} == '${DAYS[2]}'` },
    {
      where: [{ column: time.name, ranges: [{ lower: 1_795_132_800_000_001n + 20_000_000n }] }],
      filter: `${time.name} >= '2026-11-20T00:00:20.000001+00:00'`,
    },
    { where: [{ column: text.name, ranges: [{ upper: '0015000' }] }], filter: `${text.name} <= '0015000'` },
    ...(decimal
      ? [
          {
            where: [{ column: decimal.name, ranges: [{ upper: 123_415_000n * 10n ** BigInt(scaleOf(decimal.type)) }] }],
            // PyIceberg wants as many digits after the point as the column has.
            filter: `${decimal.name} <= 123415000.${'0'.repeat(scaleOf(decimal.type))}`,
          },
        ]
      : []),
    ...(long
      ? [
          {
            where: [{ column: long.name, ranges: [{ lower: 9_007_199_254_740_993n + 15_000n * 1_000_003n }] }],
            filter: `${long.name} >= ${9_007_199_254_740_993n + 15_000n * 1_000_003n}`,
          },
        ]
      : []),
  ]
}

describe.skipIf(!python3)('PyIceberg', () => {
  test('reads every table, at every snapshot, with the types, rows and pruning that we mean', async () => {
    const requests: LakeRequest[] = []
    const checks: ((answer: Awaited<ReturnType<typeof checkLake>>[number]) => void)[] = []
    for (const definition of allTables()) {
      const { table, versions } = await fill(definition)
      const base = { table: definition.name, metadata_location: table.metadataLocation }
      const digests = await Promise.all(
        versions.map(async version => digestFiles(engine, definition, await pathsOf(version.files))),
      )
      requests.push(base)
      checks.push(answer => {
        expect(answer).toMatchObject({
          table: definition.name,
          schema: Object.fromEntries(definition.columns.map(column => [column.name, icebergType(column.type)])),
          required: definition.columns.filter(column => column.required).map(column => column.name),
          partition: definition.partition.map(field => `${field.transform}(${field.source})`),
          sort: definition.sort,
          snapshots: versions.map(version => version.snapshotId),
          planned: 2,
          avro: [],
          ...digests[3],
        })
        if (answer.duckdb !== null) expect(answer.duckdb).toBe(digests[3].rows)
      })
      for (const [index, version] of versions.entries()) {
        requests.push({ ...base, snapshot_id: version.snapshotId })
        checks.push(answer =>
          expect(answer).toMatchObject({ ...digests[index], planned: version.files.length, avro: [] }),
        )
      }
      for (const { where, filter } of filters(definition)) {
        const ours = await planFiles(ports, table, { where })
        expect(ours, `${definition.name}: ${filter}`).toHaveLength(1)
        requests.push({ ...base, filter })
        checks.push(answer => expect(answer, filter).toMatchObject({ planned: 1 }))
      }
    }
    const answers = await checkLake(python, requests, scratch.path('requests.json'))
    expect(answers).toHaveLength(checks.length)
    for (const [index, check] of checks.entries()) check(answers[index])
  })

  test('reads a table whose manifests were merged, and removed from after that', async () => {
    const definition = { ...GOLD_TABLE, name: 'gold_merged' }
    let table = await createTable(ports, definition)
    let files: DataFile[] = []
    for (let i = 0; i < 40; i++) {
      const file = await writeFile(definition, DAYS[i % 3], i * 1000, 5)
      files.push(file)
      table = (await commit(table, 'append', [file])).table
    }
    const manifests = await readManifests(ports.store, currentSnapshot(table.metadata)!)
    expect(manifests.length).toBeLessThan(32)
    const whole = { table: definition.name, metadata_location: table.metadataLocation }
    const before = await digestFiles(engine, definition, await pathsOf(files))
    table = (await commit(table, 'delete', [], files.slice(3, 6))).table
    files = files.filter((_, index) => index < 3 || index >= 6)
    const after = await digestFiles(engine, definition, await pathsOf(files))
    const left = { table: definition.name, metadata_location: table.metadataLocation }
    const answers = await checkLake(python, [whole, left], scratch.path('requests.json'))
    expect(answers[0]).toMatchObject({ ...before, planned: 40, avro: [] })
    expect(answers[1]).toMatchObject({ ...after, planned: 37, avro: [] })
  })
})
