/** The table `data_losses`: rows to losses and back. */
import { type Batch, constantInt32, dictionaryOf, type Int64Column } from '../domain/columns.ts'
import type { Loss } from '../domain/losses.ts'
import type { Ports } from '../domain/ports.ts'
import { DATA_LOSSES_TABLE } from '../domain/tables.ts'
import { DAY_MICROS } from '../domain/time.ts'
import type { LoadedTable } from '../iceberg/catalog.ts'
import { writeDataFile } from '../iceberg/data-file.ts'
import { readColumns } from '../iceberg/parquet/read.ts'
import { partitionOf } from '../iceberg/partitions.ts'
import { planFiles } from '../iceberg/scan.ts'
import type { DataFile } from '../iceberg/types.ts'

const COLUMNS = DATA_LOSSES_TABLE.columns.map(({ name }) => name)

/** All losses of a snapshot, the current one by default; none where the table is undefined. */
export async function readLosses(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable | undefined,
  snapshotId?: number,
): Promise<Loss[]> {
  const files = table ? await planFiles(ports, table, { snapshotId }) : []
  const read = await Promise.all(files.map(async ({ key }) => lossesIn(key, await ports.store.get(key))))
  return read.flat()
}

async function lossesIn(key: string, bytes: Uint8Array): Promise<Loss[]> {
  const { rows, values } = await readColumns(key, bytes, COLUMNS, DATA_LOSSES_TABLE)
  const time = (column: string, row: number) => (values[column][row] ?? undefined) as bigint | undefined
  return Array.from({ length: rows }, (_, row): Loss => {
    const [from, to] = [time('from_time', row), time('to_time', row)]
    return {
      id: String(values.loss_id[row]),
      table: String(values.table_name[row]),
      partition: String(values.partition[row]),
      file: String(values.file[row]),
      rows: Number(values.rows[row]),
      range: from === undefined || to === undefined ? undefined : { from, to },
      reason: String(values.reason[row]),
      foundAt: time('found_at', row) as bigint,
      acceptedAt: time('accepted_at', row),
      rowsBefore: values.rows_before[row] === null ? undefined : Number(values.rows_before[row]),
    }
  })
}

/** Writes losses that were all found on one day as a file. */
export function writeLosses(ports: Pick<Ports, 'store' | 'ids'>, losses: readonly Loss[]): Promise<DataFile> {
  const day = Number(losses[0].foundAt / DAY_MICROS)
  const partition = partitionOf(DATA_LOSSES_TABLE, { found_date: day })
  return writeDataFile(ports, DATA_LOSSES_TABLE, partition, lossColumns(losses))
}

function lossColumns(losses: readonly Loss[]): Batch {
  const text = (of: (loss: Loss) => string) => dictionaryOf(losses.map(of))
  const long = (of: (loss: Loss) => bigint | undefined): Int64Column => ({
    kind: 'int64',
    values: BigInt64Array.from(losses, loss => of(loss) ?? 0n),
    valid: Uint8Array.from(losses, loss => (of(loss) === undefined ? 0 : 1)),
  })
  return {
    rows: losses.length,
    columns: {
      loss_id: text(({ id }) => id),
      table_name: text(({ table }) => table),
      partition: text(({ partition }) => partition),
      file: text(({ file }) => file),
      rows: long(({ rows }) => BigInt(rows)),
      from_time: long(({ range }) => range?.from),
      to_time: long(({ range }) => range?.to),
      reason: text(({ reason }) => reason),
      found_at: long(({ foundAt }) => foundAt),
      found_date: constantInt32(Number(losses[0].foundAt / DAY_MICROS), losses.length),
      accepted_at: long(({ acceptedAt }) => acceptedAt),
      rows_before: long(({ rowsBefore }) => (rowsBefore === undefined ? undefined : BigInt(rowsBefore))),
    },
  }
}
