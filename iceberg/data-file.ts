/** Makes a data file of a batch: encoded, stored under a fresh name, described as a manifest will describe it. */
import { crc32 } from 'node:zlib'
import type { Batch } from '../domain/columns.ts'
import { dataFileKey } from '../domain/names.ts'
import type { Ports } from '../domain/ports.ts'
import type { TableDefinition } from '../domain/tables.ts'
import { encodeParquet } from './parquet-encode.ts'
import { describeParquet } from './parquet-footer.ts'
import { partitionPath } from './partitions.ts'
import type { DataFile, PartitionValue } from './types.ts'

/** Writes the batch as one file of the partition; all its rows must belong there. It counts for nothing until a commit names it. */
export async function writeDataFile(
  ports: Pick<Ports, 'store' | 'ids'>,
  table: TableDefinition,
  partition: Readonly<Record<string, PartitionValue>>,
  batch: Batch,
): Promise<DataFile> {
  const bytes = encodeParquet(table, batch)
  const key = dataFileKey(table.name, partitionPath(table, partition), ports.ids.uuid())
  await ports.store.put(key, bytes)
  return { key, partition, ...describeParquet(table, bytes), crc32: crc32(bytes) }
}
