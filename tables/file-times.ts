/** Times of files' rows by what manifests say of them: no file is read. */
import type { TableDefinition } from '../domain/tables.ts'
import { decodeValue } from '../iceberg/bounds.ts'
import { boundsOf } from '../iceberg/listed-file.ts'
import type { DataFile } from '../iceberg/types.ts'

/** Bounds of a timestamptz column in a file, microseconds since 1970; undefined where the manifest has none. */
export function timesIn(
  { columns }: Pick<TableDefinition, 'columns'>,
  file: DataFile,
  column: string,
): { readonly from: bigint; readonly to: bigint } | undefined {
  const id = columns.find(({ name }) => name === column)?.id ?? -1
  const { lower, upper } = boundsOf(file, id)
  const from = lower && (decodeValue('timestamptz', lower) as bigint | undefined)
  const to = upper && (decodeValue('timestamptz', upper) as bigint | undefined)
  return from === undefined || to === undefined ? undefined : { from, to }
}
