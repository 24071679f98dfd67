/** Answers as Parquet files. */
import type { Batch } from '../../domain/columns.ts'
import { GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { encodeParquet } from '../../iceberg/parquet/encode.ts'
import type { ColumnShape, Numbers } from './formats.ts'
import { tableColumns } from './row-batch.ts'

export function parquetBytes(columns: readonly ColumnShape[], batch: Batch, numbers: Numbers): Uint8Array {
  // What a table has besides its columns counts for nothing in a file.
  const table: TableDefinition = { ...GOLD_TABLE, name: 'answer', columns: tableColumns(columns, numbers) }
  return encodeParquet(table, batch)
}
