/**
 * Rows that a repair has taken out of a table with a file that cannot be read, and not made again yet: until it has, nothing is answered
 * as if they had never been.
 */
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import type { Loss } from '../../domain/losses.ts'
import type { Ports } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import { DATA_LOSSES_TABLE } from '../../domain/tables.ts'
import { type LoadedTable, loadTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, snapshotById } from '../../iceberg/metadata.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import { readLosses } from '../../tables/losses.ts'
import { timeText } from './formats.ts'
import { type Problem, problem } from './problems.ts'

/**
 * `range`: of the table's times, microseconds since 1970, with both ends. What is lost for good does not count: the repair has said so.
 * A snapshot that a repair has left behind lacks those rows for ever, also when later ones have them again.
 * @throws Problem 503, or 410 where later snapshots have them or may; Corrupt
 */
export async function requireRepaired(
  ports: Pick<Ports, 'store' | 'state'>,
  table: LoadedTable,
  snapshotId: number | undefined,
  range: TimeRange,
): Promise<void> {
  const snapshot = snapshotId === undefined ? currentSnapshot(table.metadata) : snapshotById(table.metadata, snapshotId)
  const recorded = await openTable(ports, DATA_LOSSES_TABLE)
  const last = recorded && currentSnapshot(recorded.metadata)
  if (!last || !snapshot) return
  const { losses, isNow } =
    last['timestamp-ms'] < snapshot['timestamp-ms']
      ? { losses: await unsettledIn(ports, recorded, last), isNow: true }
      : await unsettledAtTheEnd(ports, table.name, snapshot, recorded)
  const lost = losses.find(
    loss =>
      loss.table === table.name &&
      (loss.range === undefined || (loss.range.from <= range.to && loss.range.to >= range.from)),
  )
  if (!lost) return
  const what = `A file of ${table.name} with ${lost.rows} rows was lost`
  if (isNow)
    throw problem(
      503,
      `${what}, and they are being made again: ask again in a while. If a repair was stopped, tradelake audit --repair goes on with it.`,
    )
  throw problem(
    410,
    `${what}, and this earlier state lacks them: give a later as_of, or none, and begin without a cursor.`,
  )
}

/** Repairs record what is lost with the snapshot that lacks it, whose time may be some milliseconds earlier. */
const TOGETHER_MS = 1_000

/**
 * What was lost and not made again yet in the moment before the snapshot was followed by another, or now where none has followed it:
 * the last snapshot before the record is settled is the one that has all rows again.
 */
async function unsettledAtTheEnd(
  ports: Pick<Ports, 'store' | 'state'>,
  name: string,
  snapshot: Snapshot,
  recorded: LoadedTable,
): Promise<{ readonly losses: readonly Loss[]; readonly isNow: boolean }> {
  const { metadata } = await loadTable(ports, name)
  if (currentSnapshot(metadata)?.['snapshot-id'] === snapshot['snapshot-id'])
    return { losses: await unsettledIn(ports, recorded, currentSnapshot(recorded.metadata)), isNow: true }
  const begin = snapshot['timestamp-ms']
  const next = metadata.snapshots.find(each => each['parent-snapshot-id'] === snapshot['snapshot-id'])?.['timestamp-ms']
  // The one that followed may have expired.
  const [from, to] = next === undefined ? [begin, begin + TOGETHER_MS] : [Math.max(begin, next - 1), next]
  const { snapshots } = recorded.metadata
  const before = snapshots.findLast(each => each['timestamp-ms'] <= from)
  const during = snapshots.filter(each => each['timestamp-ms'] > from && each['timestamp-ms'] <= to)
  const losses = (await Promise.all([before, ...during].map(each => unsettledIn(ports, recorded, each)))).flat()
  // What was found with the one that followed, this one still has.
  return { losses: losses.filter(({ foundAt }) => next === undefined || foundAt < BigInt(next) * 1000n), isNow: false }
}

const known = new WeakMap<Snapshot, readonly Loss[]>()

/** What had not been made again when a snapshot of the record was taken. */
async function unsettledIn(
  ports: Pick<Ports, 'store'>,
  recorded: LoadedTable,
  snapshot: Snapshot | undefined,
): Promise<readonly Loss[]> {
  if (!snapshot) return []
  const found = known.get(snapshot)
  if (found) return found
  const all = await readLosses(ports, recorded, snapshot['snapshot-id'])
  const losses = all.filter(({ rows, rowsBefore }) => rows > 0 && rowsBefore !== undefined)
  known.set(snapshot, losses)
  return losses
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
