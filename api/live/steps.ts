/** A table's way from a snapshot that a reader has seen to its current one, snapshot by snapshot. Pure. */
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, parentOf, snapshotById } from '../../iceberg/metadata.ts'
import type { Operation, Snapshot } from '../../iceberg/table-metadata.ts'
import { problem } from '../market/problems.ts'

export interface Step {
  /** undefined: the table's beginning. */
  readonly from: Snapshot | undefined
  readonly to: Snapshot
  /** What the commit of `to` did; undefined where snapshots between the two have expired, or the table went another way. */
  readonly operation: Operation | undefined
}

/** The id of a table's beginning, before its first snapshot. */
const BEGINNING = 0

/** Snapshots that a table's metadata no longer holds but somebody remembers. */
export type Remembered = (table: string, id: number) => Snapshot | undefined

export function currentId(table: LoadedTable | undefined): number {
  return (table && currentSnapshot(table.metadata)?.['snapshot-id']) ?? BEGINNING
}

/** The steps from a snapshot to the current one. @throws Problem 410 where the snapshot has expired */
export function stepsAfter(table: LoadedTable | undefined, base: number, remembered: Remembered): Step[] {
  const head = table && currentSnapshot(table.metadata)
  if (!table || !head || head['snapshot-id'] === base) return []
  const way: Snapshot[] = []
  for (
    let next: Snapshot | undefined = head;
    next && next['snapshot-id'] !== base;
    next = parentOf(table.metadata, next)
  )
    way.unshift(next)
  const from = snapshotOf(table, base, remembered)
  const isWhole = way[0]['parent-snapshot-id'] === from?.['snapshot-id']
  // Snapshots thin out with age, and a pointer may be set back: then only those that came later count, or else the current one.
  const later = isWhole ? way : way.filter(each => each['sequence-number'] > (from?.['sequence-number'] ?? 0))
  const known = later.length > 0 ? later : [head]
  return known.map((to, i) => stepBetween(i === 0 ? from : known[i - 1], to))
}

/** The step from one snapshot to another. @throws Problem 410 where one has expired */
export function stepTo(table: LoadedTable | undefined, base: number, target: number, remembered: Remembered): Step {
  const to = table && snapshotOf(table, target, remembered)
  if (!table || !to) throw expired(target, table?.name ?? 'the table')
  return stepBetween(snapshotOf(table, base, remembered), to)
}

function stepBetween(from: Snapshot | undefined, to: Snapshot): Step {
  const isNext = to['parent-snapshot-id'] === from?.['snapshot-id']
  return { from, to, operation: isNext ? to.summary.operation : undefined }
}

function snapshotOf(table: LoadedTable, id: number, remembered: Remembered): Snapshot | undefined {
  if (id === BEGINNING) return undefined
  const found = snapshotById(table.metadata, id) ?? remembered(table.name, id)
  if (!found) throw expired(id, table.name)
  return found
}

const expired = (id: number, name: string) =>
  problem(
    410,
    `Snapshot ${id} of ${name} has expired: begin again without the cursor; GET /v1/replay has what came since.`,
    'cursor',
  )
