/** A table's files as maintenance sees them: by partition, with only the times that it needs. */
import { Corrupt } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { SilverFiles } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { listPending, listPendingOf } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { wholeShare } from '../../domain/shares.ts'
import { committedTables, type TableDefinition } from '../../domain/tables.ts'
import { listAdded } from '../../iceberg/added-files.ts'
import { decodeValue } from '../../iceberg/bounds.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { eachLiveFile } from '../../iceberg/live-files.ts'
import { keyOf } from '../../iceberg/location.ts'
import { partitionPath } from '../../iceberg/partitions.ts'
import type { RawDataFile } from '../../iceberg/raw-data-file.ts'
import type { DataFile } from '../../iceberg/types.ts'

export interface LiveFile {
  readonly key: string
  readonly bytes: number
  readonly records: number
  /** Least value of the table's `timeColumn`, microseconds since 1970; undefined where the manifest does not say. */
  readonly from: bigint | undefined
  /** Greatest value of the table's `ageColumn`. */
  readonly newest: bigint | undefined
}

export interface Partition {
  /** `exchange_date=2026-11-20/exchange_hour=3` */
  readonly path: string
  readonly values: DataFile['partition']
  readonly files: LiveFile[]
}

/** The partitions of the current snapshot. @throws Corrupt where it lists a file twice: joining it would make its rows real repeats */
export async function readPartitions(
  ports: Pick<Ports, 'store'>,
  definition: TableDefinition,
  table: LoadedTable,
): Promise<Partition[]> {
  const partitions = new Map<string, Partition>()
  const idOf = (name: string) => definition.columns.find(column => column.name === name)?.id
  const time = idOf(definition.upkeep.timeColumn)
  const age = idOf(definition.upkeep.ageColumn)
  const seen = new Set<string>()
  for await (const raw of eachLiveFile(ports, table)) {
    if (seen.has(raw.file_path))
      throw new Corrupt(`Table ${table.name} lists ${raw.file_path} twice: run tradelake audit --repair.`)
    seen.add(raw.file_path)
    const path = partitionPath(definition, raw.partition)
    let partition = partitions.get(path)
    if (!partition) partitions.set(path, (partition = { path, values: { ...raw.partition }, files: [] }))
    partition.files.push({
      key: keyOf(ports.store, raw.file_path),
      bytes: raw.file_size_in_bytes,
      records: raw.record_count,
      from: bound(raw.lower_bounds, time),
      newest: bound(raw.upper_bounds, age),
    })
  }
  return [...partitions.values()]
}

function bound(bounds: RawDataFile['lower_bounds'], id: number | undefined): bigint | undefined {
  const bytes = bounds?.find(({ key }) => key === id)?.value
  return bytes && (decodeValue('timestamptz', bytes) as bigint | undefined)
}

/**
 * Keys of all files on any stage's list. Read after a table's snapshot it is safe: a file of the snapshot that is not
 * on a list by then has been worked off, and whoever puts it back on one must move the table's pointer in the same transaction.
 */
export async function pendingKeys(
  ports: Pick<Ports, 'state' | 'store'>,
  exchanges: readonly Exchange[],
): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const { name } of exchanges)
    for (const item of await listPending(ports, consumers.silver(name))) keys.add(item.id)
  for (const item of await listPendingOf<SilverFiles>(ports, wholeShare(exchanges).goldLists))
    for (const file of item.payload.files) keys.add(file.key)
  for (const table of committedTables(exchanges))
    for (const item of await listAdded(ports, table.name)) for (const file of item.payload.files) keys.add(file.key)
  return keys
}
