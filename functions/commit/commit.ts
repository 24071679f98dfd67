/**
 * Commit: files that Bronze and Silver made become snapshots of their tables. One transaction takes the pending items and
 * moves the table's pointer, so a file is in the table exactly once.
 */
import { sumOf } from '../../domain/counts.ts'
import { consumePending } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { commit, type Plan, repeatUntil } from '../../domain/protocol.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { listAdded } from '../../iceberg/added-files.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'

/** One write is the pointer; DynamoDB takes 100. */
const ITEMS_PER_COMMIT = 95

export interface CommitResult {
  readonly table: string
  readonly commits: number
  readonly files: number
  readonly records: number
}

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
  }
}

async function plan(
  ports: Ports,
  table: TableDefinition,
): Promise<Plan<{ files: number; records: number } | undefined>> {
  const items = await listAdded(ports, table.name, ITEMS_PER_COMMIT)
  if (items.length === 0) return { writes: [], result: undefined }
  const add = items.flatMap(item => item.payload.files)
  const staged = await stageSnapshot(ports, { table: await createTable(ports, table), add, operation: 'append' })
  return {
    writes: [...items.map(consumePending), staged.write],
    result: { files: add.length, records: sumOf(add, file => file.records) },
  }
}
