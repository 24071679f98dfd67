/**
 * Retention: partitions whose newest row is older than the table keeps leave in a snapshot of their own. The files'
 * upper bounds say which row is newest (a Silver day ages from when its trades were validated, as trades may come
 * late). The same commit notes up to which age rows may be gone (iceberg/dropped.ts). Snapshots that still name the files keep them readable; the sweep deletes them after those.
 */
import { sumOf } from '../../domain/counts.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { noteDropped } from '../../iceberg/dropped.ts'
import { type Partition, pendingKeys, readPartitions } from './files.ts'

export interface DropResult {
  readonly partitions: string[]
  readonly files: number
  readonly records: number
}

/** Drops what the table no longer keeps. A partition with a file that a stage has yet to read waits. */
export async function dropOld(
  ports: Ports,
  table: TableDefinition,
  exchanges: readonly Exchange[],
): Promise<DropResult> {
  const none: DropResult = { partitions: [], files: 0, records: 0 }
  const { retentionDays } = table
  if (retentionDays === undefined) return none
  return commit(ports, async () => {
    const loaded = await openTable(ports, table)
    if (!loaded) return { writes: [], result: none }
    const partitions = await readPartitions(ports, table, loaded)
    const before = BigInt(ports.clock.now()) * 1000n - BigInt(retentionDays) * DAY_MICROS
    const old = partitions.filter(partition => isOlder(partition, before))
    if (old.length === 0) return { writes: [], result: none }
    const pending = await pendingKeys(ports, exchanges)
    const drop = old.filter(({ files }) => !files.some(({ key }) => pending.has(key)))
    if (drop.length === 0) return { writes: [], result: none }
    const files = drop.flatMap(partition => partition.files)
    const remove = new Set(files.map(({ key }) => key))
    const staged = await stageSnapshot(ports, {
      table: loaded,
      remove,
      operation: 'delete',
      properties: noteDropped(loaded.metadata, before),
    })
    const records = sumOf(files, file => file.records)
    return {
      writes: [staged.write],
      result: { partitions: drop.map(({ path }) => path), files: files.length, records },
    }
  })
}

/** A file whose bounds do not say how old it is keeps its partition. */
function isOlder({ files }: Partition, before: bigint): boolean {
  return files.every(({ newest }) => newest !== undefined && newest < before)
}
