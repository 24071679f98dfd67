/** The snapshots that answers are of. */
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { snapshotById } from '../../iceberg/metadata.ts'
import { problem } from './problems.ts'

/** @throws Problem 410 where the table does not have it any longer */
export function requireSnapshot({ name, metadata }: LoadedTable, id: number): void {
  if (!snapshotById(metadata, id))
    throw problem(410, `Snapshot ${id} of ${name} has expired: begin again without the cursor.`, 'cursor')
}
