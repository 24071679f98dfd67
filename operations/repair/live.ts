/**
 * A table's files as a repair sees them: those of its snapshot, and those that wait for its next one. A repair includes
 * the waiting ones, so that its one transaction decides about every file.
 */
import { BadInput, TradelakeError } from '../../domain/errors.ts'
import { consumePending, type PendingItem } from '../../domain/pending.ts'
import type { Ports, QuerySession, Write } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { type AddedFiles, listAdded } from '../../iceberg/added-files.ts'
import { decodeValue } from '../../iceberg/bounds.ts'
import { createTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'

/** More waiting items than this leave no room in a transaction of 100 for the rest of a repair. */
const MAX_WAITING = 20

export interface LiveTable {
  readonly definition: TableDefinition
  readonly loaded: LoadedTable
  readonly waiting: readonly PendingItem<AddedFiles>[]
  /** Files of the current snapshot, by key. */
  readonly committed: ReadonlyMap<string, DataFile>
  /** Those and the waiting ones. */
  readonly files: ReadonlyMap<string, DataFile>
}

/** The waiting files are read first: a file moves from there into the table, so none is missed. @throws TradelakeError where too many wait */
export async function readLive(ports: Ports, definition: TableDefinition): Promise<LiveTable> {
  const waiting = await listAdded(ports, definition.name, MAX_WAITING + 1)
  if (waiting.length > MAX_WAITING)
    throw new TradelakeError(
      `More than ${MAX_WAITING} batches of files wait for ${definition.name}: run tradelake drain, then this again.`,
    )
  const loaded = await createTable(ports, definition)
  const committed = new Map((await planFiles(ports, loaded)).map(file => [file.key, file]))
  const added = waiting.flatMap(item => item.payload.files).map(file => [file.key, file] as const)
  return { definition, loaded, waiting, committed, files: new Map([...added, ...committed]) }
}

/** The writes that put `add` in the place of `remove` and commit what waits; no writes where nothing changes. */
export async function replaceFiles(
  ports: Ports,
  live: LiveTable,
  remove: ReadonlySet<string>,
  add: readonly DataFile[],
): Promise<Write[]> {
  if (remove.size === 0 && add.length === 0) return []
  const waiting = [...live.files.values()].filter(({ key }) => !live.committed.has(key) && !remove.has(key))
  const gone = new Set([...remove].filter(key => live.committed.has(key)))
  const staged = await stageSnapshot(ports, {
    table: live.loaded,
    add: [...waiting, ...add],
    remove: gone,
    operation: gone.size > 0 ? 'overwrite' : 'append',
  })
  return [...live.waiting.map(consumePending), staged.write]
}

/** Whether a timestamptz column of the file may have values in a range; a file without bounds may. */
export function mayHold(definition: TableDefinition, column: string, file: DataFile, range: TimeRange): boolean {
  const id = definition.columns.find(candidate => candidate.name === column)?.id ?? -1
  const value = (bound: Uint8Array | undefined) =>
    bound === undefined ? undefined : (decodeValue('timestamptz', bound) as bigint)
  const lower = value(file.lowerBounds[id])
  const upper = value(file.upperBounds[id])
  return (lower === undefined || lower <= range.to) && (upper === undefined || upper >= range.from)
}

/** The age from which the table has all rows that it ever had, microseconds since 1970; 0: none were dropped. */
export function keptFrom({ loaded }: LiveTable): bigint {
  return droppedBefore(loaded.metadata)
}

/** Runs work in a session of the engine that is closed when it ends. */
export async function inSession<T>(ports: Ports, work: (session: QuerySession) => Promise<T>): Promise<T> {
  const session = await ports.engine.session()
  try {
    return await work(session)
  } finally {
    session.close()
  }
}

/** The range day by day: the days that the tables have partitions of. */
export function daysOf({ from, to }: TimeRange, tables: readonly LiveTable[]): TimeRange[] {
  const days = new Set<number>()
  for (const { definition, files } of tables)
    for (const { partition } of files.values()) days.add(Number(partition[definition.partition[0].name]))
  return [...days]
    .sort((a, b) => a - b)
    .map(day => ({ from: BigInt(day) * DAY_MICROS, to: (BigInt(day) + 1n) * DAY_MICROS - 1n }))
    .filter(day => day.from <= to && day.to >= from)
    .map(day => ({ from: day.from > from ? day.from : from, to: day.to < to ? day.to : to }))
}

/** @throws BadInput where the source may have dropped some of the range already */
export function requireKept(source: LiveTable, range: TimeRange): void {
  const since = keptFrom(source)
  if (range.from >= since) return
  const day = new Date(Number(since / 1000n)).toISOString()
  throw new BadInput(
    `${source.definition.name} has dropped rows from before ${day}: a rebuild from it must begin then or later.`,
  )
}
