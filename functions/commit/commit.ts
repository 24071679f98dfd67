/**
 * Commit: files that Bronze and Silver made become snapshots of their tables. One transaction takes the pending items and
 * moves the table's pointer, so a file is in the table exactly once. A file that the table has already (a list that was restored
 * from a backup names such files) is taken off the list and not added again.
 */
import { sumOf } from '../../domain/counts.ts'
import { Corrupt } from '../../domain/errors.ts'
import { consumePending, type PendingItem } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { commit, type Plan, repeatUntil } from '../../domain/protocol.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { type AddedFiles, listAdded } from '../../iceberg/added-files.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { liveAmong } from '../../iceberg/live-files.ts'
import type { DataFile } from '../../iceberg/types.ts'

/** One write is the pointer; DynamoDB takes 100. */
const ITEMS_PER_COMMIT = 95

export interface CommitResult {
  readonly table: string
  readonly commits: number
  readonly files: number
  readonly records: number
  /** Files that the table had already. */
  readonly repeats: number
}

type Step = Omit<CommitResult, 'table' | 'commits'>

/**
 * Commits what is pending for the table, oldest first, until nothing is pending or the deadline (by the steady
 * clock) has passed.
 */
export async function commitTable(ports: Ports, table: TableDefinition, deadline: number): Promise<CommitResult> {
  const steps = await repeatUntil(ports, deadline, () => commit(ports, () => plan(ports, table)))
  return {
    table: table.name,
    commits: steps.length,
    files: sumOf(steps, step => step.files),
    records: sumOf(steps, step => step.records),
    repeats: sumOf(steps, step => step.repeats),
  }
}

async function plan(ports: Ports, table: TableDefinition): Promise<Plan<Step | undefined>> {
  const items = await listAdded(ports, table.name, ITEMS_PER_COMMIT)
  if (items.length === 0) return { writes: [], result: undefined }
  const listed = items.flatMap(item => item.payload.files)
  const loaded = await createTable(ports, table)
  const live = await liveAmong(ports, loaded, listed)
  const add = [...new Map(listed.map(file => [file.key, file])).values()].filter(({ key }) => !live.has(key))
  await requireThere(ports, table, oldAmong(ports, items, add))
  const writes = items.map(consumePending)
  if (add.length > 0) writes.push((await stageSnapshot(ports, { table: loaded, add, operation: 'append' })).write)
  return {
    writes,
    result: {
      files: add.length,
      records: sumOf(add, file => file.records),
      repeats: listed.length - add.length,
    },
  }
}

/**
 * The files whose items are old enough for the files to be gone: maintenance deletes none that a snapshot reached within the last hour
 * (functions/maintain/reclaim.ts). Every look costs a request, and nearly all items are young.
 */
function oldAmong({ clock }: Ports, items: readonly PendingItem<AddedFiles>[], add: readonly DataFile[]): DataFile[] {
  const old = new Set(
    items
      .filter(({ createdAt }) => clock.now() - createdAt >= HOUR_MS)
      .flatMap(({ payload }) => payload.files.map(({ key }) => key)),
  )
  return add.filter(({ key }) => old.has(key))
}

/**
 * A file that a snapshot names and nobody has fails every query of the table. Only a list that was restored from a backup names one:
 * the file was joined with others and deleted since.
 * @throws Corrupt
 */
async function requireThere({ store }: Ports, { name }: TableDefinition, files: readonly DataFile[]): Promise<void> {
  const found = await Promise.all(files.map(({ key }) => store.head(key)))
  const missing = files.find((_, i) => found[i] === undefined)
  if (missing)
    throw new Corrupt(`${missing.key} waits to be added to ${name} and is missing: run tradelake audit --repair.`)
}
