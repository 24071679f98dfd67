/** Which state of the tables an answer is of: the current one, or an earlier one that a snapshot, a pin or a time names. */
import type { Ports } from '../../domain/ports.ts'
import { allTables } from '../../domain/tables.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { noneText } from '../../figures/nearest.ts'
import { findTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, snapshotById } from '../../iceberg/metadata.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import type { Parameters } from './parameters.ts'
import { problem } from './problems.ts'

export interface AsOf {
  /** The table's snapshot in that state; undefined where it had none. @throws Problem 410 where it is not kept */
  snapshotOf(table: LoadedTable): Snapshot | undefined
  /** Milliseconds since 1970 of that state, where nothing else says it; undefined for the current one. */
  readonly timeMs: number | undefined
  /** The pin that names it. */
  readonly pin: string | undefined
  /** The same words will be answered the same for ever. */
  readonly isFixed: boolean
}

export const CURRENT: AsOf = {
  snapshotOf: ({ metadata }) => currentSnapshot(metadata),
  timeMs: undefined,
  pin: undefined,
  isFixed: false,
}

/** The snapshots, by their tables' names, that an answer is of. */
export type Snapshots = Readonly<Record<string, number>>

const SNAPSHOT = /^\d{1,19}$/
/** A time has its year first, and a pin a letter. */
export const PIN_NAME = /^[a-z][\w.-]{0,99}$/i

/**
 * The state that `as_of` names. `tables`: those that the answer is made of, among which a snapshot's number is looked for; the others
 * are then as of its time.
 * @throws Problem 400; 404 where there is no such pin or snapshot
 */
export async function asOfIn(
  ports: Pick<Ports, 'store' | 'state' | 'clock'>,
  read: Parameters,
  tables: readonly LoadedTable[],
): Promise<AsOf> {
  const text = read.text('as_of')
  if (text === undefined) return CURRENT
  if (SNAPSHOT.test(text)) return ofSnapshot(text, tables, ports.clock.now())
  if (PIN_NAME.test(text)) return ofPin(ports, text, tables)
  const micros = read.time('as_of')
  const timeMs = Number((micros ?? 0n) / 1000n)
  if (timeMs > ports.clock.now())
    throw problem(400, `as_of is ${text}, which is yet to come: give an earlier time.`, 'as_of')
  requireBegun(tables, timeMs, text)
  return { snapshotOf: table => snapshotBefore(table, timeMs), timeMs, pin: undefined, isFixed: false }
}

/** Reports of gaps come some seconds after what they are about. */
const REPORTED_WITHIN_MS = HOUR_MS

function ofSnapshot(text: string, tables: readonly LoadedTable[], nowMs: number): AsOf {
  const id = Number(text)
  // A number beyond 2^53 is none of ours, and would be read as its neighbour.
  const named = Number.isSafeInteger(id) && tables.flatMap(({ metadata }) => snapshotById(metadata, id) ?? [])[0]
  if (!named)
    throw problem(
      404,
      `There is no snapshot ${text} in ${tables.map(({ name }) => name).join(', ')}: it has expired, or is another table's. GET /v1/snapshots lists all.`,
      'as_of',
    )
  const timeMs = named['timestamp-ms']
  const snapshotOf = (table: LoadedTable) => snapshotById(table.metadata, id) ?? snapshotBefore(table, timeMs)
  return { snapshotOf, timeMs, pin: undefined, isFixed: nowMs - timeMs > REPORTED_WITHIN_MS }
}

/** A table's newest snapshot that is not later: of the last day 1,500 are kept, and then the last of each hour, and of each day. */
function snapshotBefore({ name, metadata }: LoadedTable, timeMs: number): Snapshot | undefined {
  const found = metadata.snapshots.findLast(snapshot => snapshot['timestamp-ms'] <= timeMs)
  if (found) return found
  const [oldest] = metadata.snapshots
  if (oldest?.['parent-snapshot-id'] === undefined) return undefined
  const since = new Date(oldest['timestamp-ms']).toISOString()
  throw problem(410, `The oldest snapshot of ${name} that is kept is of ${since}: give a later as_of.`, 'as_of')
}

/** A time when no table had anything yet would be answered as though nothing had ever been traded. @throws Problem 404 */
function requireBegun(tables: readonly LoadedTable[], timeMs: number, text: string): void {
  const all = tables.flatMap(({ metadata }) => metadata.snapshots.slice(0, 1))
  if (all.length === 0 || tables.some(table => snapshotBefore(table, timeMs))) return
  const first = new Date(Math.min(...all.map(snapshot => snapshot['timestamp-ms']))).toISOString()
  throw problem(404, `as_of is ${text}, and the first snapshot is of ${first}: give a later time.`, 'as_of')
}

async function ofPin(
  ports: Pick<Ports, 'store' | 'state'>,
  pin: string,
  tables: readonly LoadedTable[],
): Promise<AsOf> {
  const pinned = (table: LoadedTable) => pinnedIn(table, pin)
  const found = tables.flatMap(table => pinned(table) ?? [])
  if (found.length === 0) {
    const all = await Promise.all(allTables().map(({ name }) => findTable(ports, name)))
    const names = new Set(all.flatMap(table => (table ? tagsOf(table) : [])))
    const text = names.has(pin) ? `The pin ${pin} holds no table that this answer is made of.` : noPinText(pin, names)
    throw problem(404, text, 'as_of')
  }
  const timeMs = Math.max(...found.map(snapshot => snapshot['timestamp-ms']))
  return { snapshotOf: pinned, timeMs, pin, isFixed: true }
}

export const noPinText = (pin: string, names: Iterable<string>): string =>
  noneText('pin', pin, names, 'none has been made')

/** The snapshot that a pin holds of a table. */
export function pinnedIn({ metadata }: LoadedTable, pin: string): Snapshot | undefined {
  const ref = metadata.refs[pin]
  return ref?.type === 'tag' ? snapshotById(metadata, ref['snapshot-id']) : undefined
}

/** Names of a table's tags. */
export function tagsOf({ metadata }: LoadedTable): string[] {
  return Object.entries(metadata.refs).flatMap(([name, { type }]) => (type === 'tag' ? [name] : []))
}

/** The snapshots of tables in a state; a table that had none is left out. */
export function snapshotsIn(asOf: AsOf, tables: Iterable<LoadedTable>): Snapshots {
  return Object.fromEntries(
    [...tables].flatMap(table => {
      const snapshot = asOf.snapshotOf(table)
      return snapshot ? [[table.name, snapshot['snapshot-id']]] : []
    }),
  )
}

/** Time that an answer is of, microseconds since 1970: the clock by which windows have ended (domain/closed-windows.ts). */
export function nowOf(asOf: AsOf, { clock }: Pick<Ports, 'clock'>): bigint {
  return BigInt(asOf.timeMs ?? clock.now()) * 1000n
}

/** @throws Problem 410 where the table does not have it any longer */
export function requireSnapshot({ name, metadata }: LoadedTable, id: number): Snapshot {
  const found = snapshotById(metadata, id)
  if (!found) throw problem(410, `Snapshot ${id} of ${name} has expired: begin again without the cursor.`, 'cursor')
  return found
}
