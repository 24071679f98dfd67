/** Makes a data file from a batch: encoded, stored under a fresh name, described as a manifest will describe it. */
import { type Column, decimalType, narrowed } from '../domain/column-types.ts'
import type { Batch } from '../domain/columns.ts'
import { LONG_DIGITS } from '../domain/decimal.ts'
import { dataFileKey } from '../domain/names.ts'
import type { Ports, QuerySession } from '../domain/ports.ts'
import { copyToParquet, sqlName, sqlType } from '../domain/sql.ts'
import type { TableDefinition } from '../domain/tables.ts'
import { type DescribedFile, describedFile } from './encoded-file.ts'
import { CHECKSUM_KEY, NO_CHECKSUM } from './parquet/checksum.ts'
import { describeParquetFile } from './parquet/footer.ts'
import { sealParquetFile } from './parquet/seal.ts'
import { partitionPath } from './partitions.ts'
import type { DataFile, PartitionValue } from './types.ts'

/**
 * Writes the batch as one file of the partition; all its rows must belong there. No reader sees it until a commit names
 * it.
 */
export async function writeDataFile(
  ports: Pick<Ports, 'store' | 'ids'>,
  table: TableDefinition,
  partition: Readonly<Record<string, PartitionValue>>,
  batch: Batch,
): Promise<DataFile> {
  return storeDataFile(ports, table, partition, describedFile(table, batch))
}

/** The same of a file that is encoded already. */
export async function storeDataFile(
  ports: Pick<Ports, 'store' | 'ids'>,
  table: TableDefinition,
  partition: Readonly<Record<string, PartitionValue>>,
  { bytes, description }: DescribedFile,
): Promise<DataFile> {
  const key = dataFileKey(table.name, partitionPath(table, partition), ports.ids.uuid())
  await ports.store.put(key, bytes)
  return { key, partition, ...description }
}

/**
 * Like `writeDataFile`, for the rows of a query in the session, which need not fit in memory; `key` may name another
 * place for it.
 */
export async function copyDataFile(
  ports: Pick<Ports, 'store' | 'ids' | 'scratch'>,
  session: QuerySession,
  table: TableDefinition,
  partition: Readonly<Record<string, PartitionValue>>,
  select: string,
  keyFor = dataFileKey,
): Promise<DataFile> {
  const uuid = ports.ids.uuid()
  const path = ports.scratch.path(`${uuid}.parquet`)
  try {
    const rows = await withNarrow(session, table, select)
    await session.run(copyToParquet(table, rows, path, { [CHECKSUM_KEY]: NO_CHECKSUM }))
    sealParquetFile(path)
    const description = await describeParquetFile(table, path)
    const key = keyFor(table.name, partitionPath(table, partition), uuid)
    await ports.store.putFile(key, path)
    return { key, partition, ...description }
  } finally {
    ports.scratch.remove(path)
  }
}

/** The query with its narrow columns in 18 digits where all of its rows fit them, as `encodeParquet` has them. */
async function withNarrow(session: QuerySession, table: TableDefinition, select: string): Promise<string> {
  const columns = table.columns.filter(column => column.narrow)
  if (columns.length === 0) return select
  const fits = columns.map(column => `${fitsNarrow(column)} AS ${sqlName(column.name)}`)
  const [found] = await session.run(`SELECT ${fits.join(', ')} FROM (${select})`)
  const narrow = columns.filter(({ name }) => found[name] === true)
  if (narrow.length === 0) return select
  return `SELECT * REPLACE (${narrow.map(castNarrow).join(', ')}) FROM (${select})`
}

/** Whether all values of a decimal column fit 18 digits; true of none. */
function fitsNarrow({ name, type }: Column): string {
  const limit = `1${'0'.repeat(LONG_DIGITS - (decimalType(type)?.scale ?? 0))}`
  return `coalesce(max(abs(${sqlName(name)})) < ${limit}, true)`
}

function castNarrow({ name, type }: Column): string {
  return `${sqlName(name)}::${sqlType(narrowed(type))} AS ${sqlName(name)}`
}
