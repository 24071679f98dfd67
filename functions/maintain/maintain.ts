/**
 * Maintenance: what keeps tables fast and small without changing a row. Retention first, then expiry and the sweep of a table that
 * is due, then compaction for the rest of the time, the most fragmented partitions first. A table or partition that cannot be
 * worked on is reported and skipped: the others go on.
 */
import { messageOf, Paused, Throttled, TradelakeError } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { consumers, stageConsumers } from '../../domain/names.ts'
import type { Ports } from '../../domain/ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import { commit } from '../../domain/protocol.ts'
import { type RetentionSettings, withRetention } from '../../domain/retention.ts'
import { allTables, type TableDefinition } from '../../domain/tables.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { sweptAt } from '../../domain/upkeep.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { stageExpiry } from '../../iceberg/expire.ts'
import { findJoins, type JoinResult, join } from './compact.ts'
import type { Join } from './plan.ts'
import { reclaim, reclaimPayloads, requireNotSetBack } from './reclaim.ts'
import { dropOld } from './retention.ts'

export interface MaintainOptions {
  /** How often a table's folder is swept, milliseconds: each time every manifest list is read. */
  readonly sweepEveryMs?: number
  /** How long after its end a partition counts as closed; by default the table's own time. */
  readonly closedAfterMs?: number
  /** By default all of the lake's. */
  readonly tables?: readonly TableDefinition[]
  /** Where the lake was told to keep rows for another time than the tables' own. */
  readonly retention?: RetentionSettings
  readonly progress?: Progress
}

export interface TableResult {
  readonly table: string
  readonly joins: JoinResult[]
  readonly droppedPartitions: string[]
  readonly droppedRows: number
  readonly expiredSnapshots: number
  readonly deletedObjects: number
  readonly deletedBytes: number
  /** Objects that no snapshot reaches, noted to be deleted later. */
  readonly notedObjects: number
}

export interface MaintainResult {
  /** Tables that something was done to. */
  readonly tables: TableResult[]
  readonly deletedPayloads: number
  /** Nothing was deleted, as a table's pointer was set back. */
  readonly sweepRefused: boolean
  /** What could not be worked on, and why. */
  readonly failures: { readonly what: string; readonly reason: string }[]
}

/** What fails where nothing may be swept. */
const SWEEP = 'sweep'
const SWEEP_EVERY_MS = 6 * HOUR_MS
/** A table with a commit this recent was trimmed by that commit. */
const QUIET_MS = HOUR_MS
/** Share of the time until the deadline that is kept for compaction. */
const FOR_COMPACTION = 0.5

/** Maintains all tables of a lake until nothing is left to do or the deadline (by the steady clock) has passed. */
export async function maintain(
  ports: Ports,
  exchanges: readonly Exchange[],
  deadline: number,
  options: MaintainOptions = {},
): Promise<MaintainResult> {
  const {
    sweepEveryMs = SWEEP_EVERY_MS,
    closedAfterMs,
    tables = allTables(exchanges),
    retention = {},
    progress = UNTOLD,
  } = options
  const results = new Map(tables.map(({ name }) => [name, emptyResult(name)]))
  const failures: MaintainResult['failures'] = []
  /** Runs a piece of work; what fails is noted, and not tried again in this run. */
  const attempt = async (what: string, work: () => Promise<void>) => {
    if (failures.some(failure => failure.what === what)) return
    try {
      await work()
    } catch (error) {
      // A fault that no data causes ends the run; the next run starts afresh.
      if (!(error instanceof TradelakeError) || error instanceof Throttled || error instanceof Paused) throw error
      failures.push({ what, reason: messageOf(error) })
    }
  }
  const add = (table: TableDefinition, more: Partial<TableResult>) => {
    results.set(table.name, { ...(results.get(table.name) ?? emptyResult(table.name)), ...more })
  }

  progress.begin('Retention and snapshots', 'table', tables.length)
  for (const table of tables) {
    await attempt(table.name, async () => {
      const dropped = await dropOld(ports, withRetention(table, retention), exchanges)
      const expiredSnapshots = await expire(ports, table)
      add(table, { droppedPartitions: dropped.partitions, droppedRows: dropped.records, expiredSnapshots })
    })
    progress.add(1)
  }

  const began = ports.clock.steady()
  const sweepUntil = began + (1 - FOR_COMPACTION) * (deadline - began)
  const due = await dueForSweep(ports, tables, sweepEveryMs)
  if (due.length > 0 && ports.clock.steady() < sweepUntil) await attempt(SWEEP, () => requireNotSetBack(ports, tables))
  progress.begin('Looking for what no snapshot names', 'table', due.length)
  const sweepRefused = failures.some(({ what }) => what === SWEEP)
  for (const table of due) {
    if (sweepRefused || ports.clock.steady() >= sweepUntil) break
    await attempt(table.name, async () => {
      const { deleted, bytes, noted } = await reclaim(ports, table, exchanges)
      add(table, { deletedObjects: deleted, deletedBytes: bytes, notedObjects: noted })
    })
    progress.add(1)
  }
  let deletedPayloads = 0
  for (const consumer of [...stageConsumers(exchanges), ...tables.map(({ name }) => consumers.unreached(name))])
    if (!sweepRefused && ports.clock.steady() < deadline)
      await attempt(`payloads of ${consumer}`, async () => {
        deletedPayloads += (await reclaimPayloads(ports, consumer, tables)).deleted
      })

  await compact({
    ports,
    tables,
    exchanges,
    deadline,
    closedAfterMs,
    attempt,
    progress,
    joined: (table, result) => results.get(table.name)?.joins.push(result),
  })
  return { tables: [...results.values()].filter(didSomething), deletedPayloads, sweepRefused, failures }
}

interface Compaction {
  readonly ports: Ports
  readonly tables: readonly TableDefinition[]
  readonly exchanges: readonly Exchange[]
  /** Milliseconds since 1970: no join begins after it. */
  readonly deadline: number
  readonly closedAfterMs: number | undefined
  /** Runs a piece of work and notes its failure. */
  attempt(what: string, work: () => Promise<void>): Promise<void>
  readonly progress: Progress
  joined(table: TableDefinition, result: JoinResult): void
}

/** Pass after pass, as joined files may be joined again; ends with a pass that joined nothing. */
async function compact(compaction: Compaction): Promise<void> {
  const { ports, tables, exchanges, deadline, closedAfterMs, attempt, progress, joined } = compaction
  for (let made = 1; made > 0 && ports.clock.steady() < deadline; ) {
    made = 0
    const work: { table: TableDefinition; join: Join }[] = []
    for (const table of tables)
      await attempt(table.name, async () => {
        for (const found of await findJoins(ports, table, exchanges, closedAfterMs)) work.push({ table, join: found })
      })
    work.sort((a, b) => b.join.files.length - a.join.files.length)
    if (work.length > 0) progress.begin('Joining files', 'join', work.length)
    for (const { table, join: next } of work) {
      if (ports.clock.steady() >= deadline) break
      await attempt(`${table.name} ${next.partition.path}`, async () => {
        const result = await join(ports, table, next, exchanges)
        if (!result) return
        made++
        joined(table, result)
      })
      progress.add(1)
    }
  }
}

/** Commits trim a table's snapshots themselves; this is for tables without a commit for an hour. */
async function expire(ports: Ports, table: TableDefinition): Promise<number> {
  return commit(ports, async () => {
    const loaded = await openTable(ports, table)
    const isQuiet = loaded && ports.clock.now() - loaded.metadata['last-updated-ms'] >= QUIET_MS
    const staged = isQuiet ? await stageExpiry(ports, loaded) : undefined
    return staged ? { writes: [staged.write], result: staged.expired } : { writes: [], result: 0 }
  })
}

/** The tables due for a sweep, those that waited longest first. */
async function dueForSweep(
  ports: Ports,
  tables: readonly TableDefinition[],
  everyMs: number,
): Promise<TableDefinition[]> {
  const due: { table: TableDefinition; last: number }[] = []
  for (const table of tables) {
    const last = await sweptAt(ports, table)
    if (ports.clock.now() - last >= everyMs) due.push({ table, last })
  }
  return due.sort((a, b) => a.last - b.last).map(({ table }) => table)
}

function emptyResult(table: string): TableResult {
  return {
    table,
    joins: [],
    droppedPartitions: [],
    droppedRows: 0,
    expiredSnapshots: 0,
    deletedObjects: 0,
    deletedBytes: 0,
    notedObjects: 0,
  }
}

function didSomething(result: TableResult): boolean {
  const { joins, droppedPartitions, expiredSnapshots, deletedObjects, notedObjects } = result
  return joins.length + droppedPartitions.length + expiredSnapshots + deletedObjects + notedObjects > 0
}
