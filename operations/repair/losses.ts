/**
 * The record of what is lost for good. A loss is noted in the same transaction that takes a file out of a table, as if nothing
 * brought its rows back; when all that can be made again has been, the record is corrected.
 */
import { sumOf } from '../../domain/counts.ts'
import { MAX_WORK_WRITES } from '../../domain/lease.ts'
import { type Loss, noteLostTime } from '../../domain/losses.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import { DATA_LOSSES_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { createTable, openTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { partitionPath } from '../../iceberg/partitions.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { timesIn } from '../../tables/file-times.ts'
import { readLosses, writeLosses } from '../../tables/losses.ts'

/** What a table no longer has: a file, or (`file` undefined) files that nobody can name any more. */
export interface Gone {
  readonly definition: TableDefinition
  readonly file: DataFile | undefined
  /** Key of the file, or of the manifest. */
  readonly key: string
  readonly rows: number
  readonly rowsBefore: number
  readonly reason: string
}

/** The writes that record these as lost, all found now. */
export async function recordGone(ports: Ports, gone: readonly Gone[]): Promise<Write[]> {
  if (gone.length === 0) return []
  const foundAt = BigInt(ports.clock.now()) * 1000n
  const losses = gone.map(({ definition, file, key, rows, rowsBefore, reason }): Loss => {
    return {
      id: ports.ids.uuid(),
      table: definition.name,
      partition: file ? partitionPath(definition, file.partition) : '',
      file: key,
      rows,
      range: file && timesIn(definition, file, definition.upkeep.timeColumn),
      reason,
      foundAt,
      acceptedAt: undefined,
      rowsBefore,
    }
  })
  const table = await createTable(ports, DATA_LOSSES_TABLE)
  const staged = await stageSnapshot(ports, { table, add: [await writeLosses(ports, losses)], operation: 'append' })
  return [staged.write, ...losses.flatMap(loss => noteLostTime(loss) ?? [])]
}

/** Rows of a table's snapshot by partition path; under the empty path those of all. */
export function rowsByPartition(definition: TableDefinition, files: readonly DataFile[]): Map<string, number> {
  const rows = new Map([['', sumOf(files, file => file.records)]])
  for (const { partition, records } of files) {
    const path = partitionPath(definition, partition)
    rows.set(path, (rows.get(path) ?? 0) + records)
  }
  return rows
}

/**
 * Corrects what this repair, or one that was stopped, has recorded: rows that are there again are not lost. Later repairs leave the
 * record as it is, as rows that came since would pass for those. Gives what is lost for good and not acknowledged, a sentence each.
 */
export async function settleLosses(ports: Ports, tables: readonly TableDefinition[]): Promise<string[]> {
  const rowsNow = new Map<string, Map<string, number>>()
  // Later than every state that lacked rows, also by the clocks of others: who asks for an earlier state goes by the record's times.
  let atLeastMs = 0
  for (const definition of tables) {
    const table = await openTable(ports, definition)
    if (table) atLeastMs = Math.max(atLeastMs, table.metadata['last-updated-ms'] + 1)
    rowsNow.set(definition.name, rowsByPartition(definition, table ? await planFiles(ports, table) : []))
  }
  const settled = await rewriteLosses(
    ports,
    losses => {
      const missing = new Map<string, number>()
      return losses.map(loss => {
        if (loss.rowsBefore === undefined) return loss
        const place = `${loss.table}|${loss.partition}`
        const left = missing.get(place) ?? loss.rowsBefore - (rowsNow.get(loss.table)?.get(loss.partition) ?? 0)
        const rows = Math.max(0, Math.min(loss.rows, left))
        missing.set(place, left - rows)
        return { ...loss, rows, rowsBefore: undefined }
      })
    },
    atLeastMs,
  )
  return settled
    .filter(({ rows, acceptedAt }) => rows > 0 && acceptedAt === undefined)
    .map(({ rows, table, file, reason }) => `${rows} rows of ${table} are lost for good, with ${file}: ${reason}`)
}

/** The state store knows again of which times Gold lost trades: it may have been restored, or be gone. */
export async function noteLosses(ports: Ports): Promise<void> {
  const losses = await readLosses(ports, await openTable(ports, DATA_LOSSES_TABLE))
  const notes = losses.flatMap(loss => noteLostTime(loss) ?? [])
  await writeNotes(ports, notes)
}

async function writeNotes(ports: Ports, notes: readonly Write[]): Promise<void> {
  for (const some of piecesOf(notes, MAX_WORK_WRITES)) await ports.state.transact(some, ports.ids.uuid())
}

/** Notes that a person has acknowledged all losses, and gives how many were not before. */
export async function acceptLosses(ports: Ports): Promise<number> {
  let accepted = 0
  const now = BigInt(ports.clock.now()) * 1000n
  await rewriteLosses(ports, losses => {
    accepted = losses.filter(({ acceptedAt }) => acceptedAt === undefined).length
    return losses.map(loss => ({ ...loss, acceptedAt: loss.acceptedAt ?? now }))
  })
  return accepted
}

/** Puts changed losses in the place of all that are recorded; one without rows goes. `atLeastMs`: the record's time, since 1970. */
async function rewriteLosses(ports: Ports, change: (losses: Loss[]) => Loss[], atLeastMs = 0): Promise<Loss[]> {
  return commit(ports, async () => {
    const table = await openTable(ports, DATA_LOSSES_TABLE)
    if (!table) return { writes: [], result: [] }
    const before = await readLosses(ports, table)
    const after = change(before)
    const isSame = after.every((loss, i) => {
      const { rows, acceptedAt, rowsBefore } = before[i]
      return loss.rows === rows && loss.acceptedAt === acceptedAt && loss.rowsBefore === rowsBefore
    })
    if (isSame) return { writes: [], result: after }
    // They may be more than a transaction takes. What is recorded is noted again at the begin of a repair, should this one be stopped here.
    await writeNotes(
      ports,
      after.flatMap(loss => (loss.rows === 0 ? (noteLostTime(loss) ?? []) : [])),
    )
    const kept = after.filter(({ rows }) => rows > 0)
    const add: DataFile[] = []
    for (const ofDay of Map.groupBy(kept, ({ foundAt }) => foundAt / DAY_MICROS).values())
      add.push(await writeLosses(ports, ofDay))
    const remove = new Set((await planFiles(ports, table)).map(({ key }) => key))
    const nowMs = Math.max(ports.clock.now(), atLeastMs)
    const staged = await stageSnapshot(ports, { table, add, remove, operation: 'overwrite', nowMs })
    return { writes: [staged.write], result: after }
  })
}
