/**
 * Rows that a repair has taken out of a table with a file that cannot be read, and not made again yet: until it has, nothing is answered
 * as if they had never been.
 */
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import type { Loss } from '../../domain/losses.ts'
import type { Ports } from '../../domain/ports.ts'
import { DATA_LOSSES_TABLE } from '../../domain/tables.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, snapshotById } from '../../iceberg/metadata.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import { readLosses } from '../../tables/losses.ts'
import { timeText } from './formats.ts'
import { type Problem, problem } from './problems.ts'

const known = new WeakMap<Snapshot, readonly Loss[]>()

/**
 * `range`: of the table's times, microseconds since 1970, with both ends. What is lost for good does not count: the repair has said so.
 * Snapshots from before the loss still name the file.
 * @throws Problem 503; Corrupt
 */
export async function requireRepaired(
  ports: Pick<Ports, 'store' | 'state'>,
  { name, metadata }: LoadedTable,
  snapshotId: number | undefined,
  range: { readonly from: bigint; readonly to: bigint },
): Promise<void> {
  const losses = await unsettledLosses(ports)
  if (losses.length === 0) return
  const current = currentSnapshot(metadata)
  const snapshot = snapshotId === undefined ? current : snapshotById(metadata, snapshotId)
  const lost = losses.find(
    loss =>
      loss.table === name &&
      (snapshot === current || BigInt(snapshot?.['timestamp-ms'] ?? 0) * 1000n >= loss.foundAt) &&
      (loss.range === undefined || (loss.range.from <= range.to && loss.range.to >= range.from)),
  )
  if (lost)
    throw problem(
      503,
      `A file of ${name} with ${lost.rows} rows was lost, and they are being made again: ask again in a while. If a repair was stopped, tradelake audit --repair goes on with it.`,
    )
}

/**
 * What a request is told that failed for a file that a repair has found lost: an earlier state still names it. undefined where the file
 * is not one of those, or the request is of now.
 * @throws Corrupt
 */
export async function lostSince(
  ports: Pick<Ports, 'store' | 'state'>,
  query: (name: string) => string | undefined,
  error: unknown,
): Promise<Problem | undefined> {
  const isMissing = error instanceof NotFound || error instanceof Corrupt
  const parameter = ['as_of', 'cursor'].find(name => query(name) !== undefined)
  if (!isMissing || parameter === undefined) return undefined
  const losses = await readLosses(ports, await openTable(ports, DATA_LOSSES_TABLE))
  const loss = losses.find(({ file }) => messageOf(error).includes(file))
  return (
    loss &&
    problem(
      410,
      `This earlier state has a file of ${loss.table} that was found lost on ${timeText(loss.foundAt).slice(0, 10)}: what could be made again is in later states, so give a later as_of, or none.`,
      parameter,
    )
  )
}

async function unsettledLosses(ports: Pick<Ports, 'store' | 'state'>): Promise<readonly Loss[]> {
  const table = await openTable(ports, DATA_LOSSES_TABLE)
  const snapshot = table && currentSnapshot(table.metadata)
  if (!snapshot) return []
  const found = known.get(snapshot)
  if (found) return found
  const losses = (await readLosses(ports, table)).filter(({ rows, rowsBefore }) => rows > 0 && rowsBefore !== undefined)
  known.set(snapshot, losses)
  return losses
}
