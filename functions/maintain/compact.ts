/**
 * Compaction: small files of a partition become one, in a snapshot that changes no row (`replace`). The file is made once, outside the
 * commit; the commit itself only stages metadata, so it is short and a minute's commit has at most one of them in its way.
 */
import { sumOf } from '../../domain/counts.ts'
import { Conflict } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { type StagedSnapshot, stageSnapshot } from '../../iceberg/commit.ts'
import { pendingKeys, readPartitions } from './files.ts'
import { type Join, planJoins } from './plan.ts'
import { rewrite } from './rewrite.ts'

export interface JoinResult {
  readonly partition: string
  readonly files: number
  /** Bytes of the files that were joined, and of the file that came of them. */
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly conflicts: number
}

/** The joins that pay in a table now. */
export async function findJoins(
  ports: Ports,
  table: TableDefinition,
  exchanges: readonly Exchange[],
  closedAfterMs?: number,
): Promise<Join[]> {
  const loaded = await openTable(ports, table)
  if (!loaded) return []
  const partitions = await readPartitions(ports, table, loaded)
  const pending = await pendingKeys(ports, exchanges)
  return planJoins(table, partitions, pending, ports.clock.now(), closedAfterMs)
}

/**
 * Carries a join out; undefined where someone else has taken one of its files away, or put one back on a stage's list, in
 * the meantime: the partition is left as it is. @throws what the ports throw, Corrupt where a file cannot be read
 */
export async function join(
  ports: Ports,
  table: TableDefinition,
  work: Join,
  exchanges: readonly Exchange[],
): Promise<JoinResult | undefined> {
  const oldestFile = ports.clock.now()
  const { file, conflicts } = await rewrite(ports, table, work, exchanges)
  const remove = new Set(work.files.map(({ key }) => key))
  let previous: StagedSnapshot | undefined
  return commit(ports, async () => {
    const loaded = await openTable(ports, table)
    if (!loaded) return { writes: [], result: undefined }
    const pending = await pendingKeys(ports, exchanges)
    if (work.files.some(({ key }) => pending.has(key))) return { writes: [], result: undefined }
    try {
      previous = await stageSnapshot(ports, { table: loaded, add: [file], remove, operation: 'replace', previous })
    } catch (error) {
      // A file to remove is not live any more.
      if (error instanceof Conflict) return { writes: [], result: undefined }
      throw error
    }
    const bytesRead = sumOf(work.files, ({ bytes }) => bytes)
    const result = {
      partition: work.partition.path,
      files: remove.size,
      bytesRead,
      bytesWritten: file.bytes,
      conflicts,
    }
    return { writes: [previous.write], result, oldestFile }
  })
}
