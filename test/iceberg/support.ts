/** A lake in memory with a clock and ids of its own, and data files without data. */
import type { PrimitiveType } from '../../domain/column-types.ts'
import type { Clock, Ids, ObjectStore, Ports, StateStore } from '../../domain/ports.ts'
import { GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { encodeValue, type ScalarValue } from '../../iceberg/bounds.ts'
import { type LoadedTable, loadTable } from '../../iceberg/catalog.ts'
import { type SnapshotChange, type StagedSnapshot, stageSnapshot } from '../../iceberg/commit.ts'
import type { DataFile, PartitionValue } from '../../iceberg/types.ts'
import { memoryState } from '../memory/state.ts'
import { memoryStore } from '../memory/store.ts'

export interface TestLake {
  readonly ports: Pick<Ports, 'store' | 'state' | 'clock' | 'ids'>
  readonly clock: Clock & { advance(milliseconds: number): void }
  readonly counts: { puts: number; gets: number; bytesRead: number; bytesWritten: number; keys: string[] }
  /** The same objects and state behind new store objects, so that nothing is cached. */
  cold(): Pick<Ports, 'store' | 'state' | 'clock' | 'ids'>
}

export const START = Date.UTC(2026, 10, 20)

export function testLake(): TestLake {
  let now = START
  const clock = { now: () => now, steady: () => now, sleep: async () => {}, advance: (ms: number) => void (now += ms) }
  let next = 0
  const ids: Ids = {
    uuid: () => `018f0000-0000-7000-8000-${(++next * 2654435761).toString(16).padStart(12, '0').slice(-12)}`,
  }
  const scratch = { path: () => '/nowhere', remove: () => {} }
  const inner = memoryStore({ clock, scratch })
  const state: StateStore = memoryState(clock)
  const counts = { puts: 0, gets: 0, bytesRead: 0, bytesWritten: 0, keys: [] as string[] }
  const counted = (): ObjectStore => ({
    ...inner,
    async put(key, bytes) {
      counts.puts++
      counts.bytesWritten += bytes.length
      counts.keys.push(key)
      await inner.put(key, bytes)
    },
    async get(key) {
      const bytes = await inner.get(key)
      counts.gets++
      counts.bytesRead += bytes.length
      return bytes
    },
  })
  const ports = { store: counted(), state, clock, ids }
  return { ports, clock, counts, cold: () => ({ ...ports, store: counted() }) }
}

let files = 0

/** A data file whose bounds are those of the given columns. */
export function dataFile(options: {
  readonly table?: TableDefinition
  readonly partition: Readonly<Record<string, PartitionValue>>
  readonly records?: number
  readonly bounds?: Readonly<Record<string, readonly [lower: ScalarValue, upper: ScalarValue]>>
}): DataFile {
  const { table = GOLD_TABLE, partition, records = 10, bounds = {} } = options
  const encoded = (side: 0 | 1) =>
    Object.fromEntries(
      Object.entries(bounds).map(([name, ends]) => {
        const column = table.columns.find(candidate => candidate.name === name)!
        return [column.id, encodeValue(column.type as PrimitiveType, ends[side])]
      }),
    )
  const each = (value: number) => Object.fromEntries(table.columns.map(column => [column.id, value]))
  return {
    key: `market_data/${table.name}/data/file-${++files}.parquet`,
    partition,
    records,
    bytes: 1000 + records,
    columnSizes: each(50),
    valueCounts: each(records),
    nullCounts: each(0),
    lowerBounds: encoded(0),
    upperBounds: encoded(1),
    splitOffsets: [4],
  }
}

/** Stages and commits; gives the table as it then is. */
export async function commit(
  lake: Pick<TestLake, 'ports'>,
  change: SnapshotChange,
): Promise<StagedSnapshot & { readonly table: LoadedTable }> {
  const staged = await stageSnapshot(lake.ports, change)
  await lake.ports.state.transact([staged.write], lake.ports.ids.uuid())
  return staged
}

export async function reload(lake: TestLake, table: LoadedTable): Promise<LoadedTable> {
  return loadTable(lake.cold(), table.name)
}
