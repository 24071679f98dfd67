/**
 * The sweep of a table's folder: deletes what nothing reaches. That is what crashed and failed attempts wrote, what
 * only expired snapshots named, and old metadata files: one way for all of them, also for what a crash in between
 * leaves.
 *
 * An object is deleted when it is over a day old (a writer is Fenced after an hour), younger than its table, and two readings
 * over an hour apart have both found it on no list and in no snapshot: who opened a snapshot before it expired has had an
 * hour for its files. What a reading found is kept as a pending item of maintenance's own.
 *
 * Each reading takes the objects first, then the lists, then the table. A file goes from a list into a snapshot, never back, and
 * an object of the listing is past all commits of its writer: nothing becomes reached behind the reading's back.
 */
import { sumOf } from '../../domain/counts.ts'
import { Conflict, Corrupt } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { requireUnpaused } from '../../domain/lease.ts'
import { consumers, pendingObjectPrefix, tableKey } from '../../domain/names.ts'
import { consumePending, listPending, pendingObjects, producePending } from '../../domain/pending.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { DAY_MS, MINUTE_MS } from '../../domain/time.ts'
import { upkeepKey } from '../../domain/upkeep.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { setBack } from '../../iceberg/lineage.ts'
import { eachReachedKey } from '../../iceberg/live-files.ts'
import { pendingKeys } from './files.ts'

export interface ReclaimResult {
  readonly deleted: number
  readonly bytes: number
  /** Found unreached for the first time: a later reading deletes them. */
  readonly noted: number
}

/** Whoever wrote an object has committed it by this age or never will. */
const MIN_AGE_MS = DAY_MS
/** The readers' hour, and some minutes for skewed clocks. */
const READERS_MS = 65 * MINUTE_MS
/** Objects that are compared at a time: about 10 MB of keys. */
const OBJECTS_AT_ONCE = 50_000
/** The most objects of one run and its note. */
const MAX_NOTED = 50_000
const DELETES_AT_ONCE = 1_000
/** Notes in one transaction, which has two other writes. */
const MAX_NOTES = 90

interface Unreached {
  readonly keys: readonly string[]
}

/**
 * @throws Corrupt where a table's pointer was set back, as by an older backup: what was committed since would look unreached,
 * in every folder, and be deleted
 */
export async function requireNotSetBack(
  ports: Pick<Ports, 'store' | 'state'>,
  tables: readonly TableDefinition[],
): Promise<void> {
  for (const { name } of tables) {
    const why = await setBack(ports, name)
    if (why !== undefined)
      throw new Corrupt(`Nothing is swept: ${name} ${why}. Run tradelake audit --repair, or restore the newer catalog.`)
  }
}

/** Sweeps one table's folder. */
export async function reclaim(
  ports: Ports,
  table: TableDefinition,
  exchanges: readonly Exchange[],
): Promise<ReclaimResult> {
  const now = ports.clock.now()
  const notes = await listPending<Unreached>(ports, consumers.unreached(table.name), MAX_NOTES)
  const ripe = notes.filter(note => now - note.createdAt >= READERS_MS)
  const noted = new Set(notes.flatMap(note => note.payload.keys))
  const mayGo = new Set(ripe.flatMap(note => note.payload.keys))
  const fresh: string[] = []
  let deleted = 0
  let bytes = 0
  for await (const unreached of unreachedObjects(ports, table, exchanges, now)) {
    const gone = [...unreached.keys()].filter(key => mayGo.has(key))
    await deleteObjects(ports, gone)
    deleted += gone.length
    bytes += sumOf(gone, key => unreached.get(key) ?? 0)
    for (const key of unreached.keys()) if (!noted.has(key)) fresh.push(key)
    if (fresh.length >= MAX_NOTED) break
  }
  const writes: Write[] = ripe.map(consumePending)
  writes.push({ kind: 'put', item: { key: upkeepKey(table), attributes: { swept_at: now } } })
  if (fresh.length > 0) {
    const note: Unreached = { keys: fresh }
    writes.push(await producePending(ports, consumers.unreached(table.name), note))
  }
  try {
    await ports.state.transact(writes, ports.ids.uuid())
  } catch (error) {
    // Another maintenance run swept at the same time and noted the same: the next reading goes on from there.
    if (!(error instanceof Conflict)) throw error
  }
  return { deleted, bytes, noted: fresh.length }
}

/** Objects with their sizes, some at a time: each batch is compared with a reading that begins after its listing. */
async function* unreachedObjects(
  ports: Ports,
  definition: TableDefinition,
  exchanges: readonly Exchange[],
  now: number,
): AsyncGenerator<Map<string, number>> {
  const made = await madeAt(ports, definition)
  if (made === undefined) return
  let batch = new Map<string, number>()
  for await (const { key, bytes, modified } of ports.store.list(`${tableKey(definition.name)}/`)) {
    // After a loss of the state store, repair rebuilds the tables from objects older than they are: those stay.
    if (modified >= made && now - modified > MIN_AGE_MS) batch.set(key, bytes)
    if (batch.size < OBJECTS_AT_ONCE) continue
    yield await withoutReached(ports, definition, exchanges, batch)
    batch = new Map()
  }
  if (batch.size > 0) yield await withoutReached(ports, definition, exchanges, batch)
}

async function withoutReached(
  ports: Ports,
  definition: TableDefinition,
  exchanges: readonly Exchange[],
  objects: Map<string, number>,
): Promise<Map<string, number>> {
  for (const key of await pendingKeys(ports, exchanges)) objects.delete(key)
  const table = await findTable(ports, definition.name)
  // Without its table nothing can be said about an object.
  if (!table) return new Map()
  for await (const key of eachReachedKey(ports, table)) {
    objects.delete(key)
    if (objects.size === 0) break
  }
  return objects
}

async function madeAt(ports: Pick<Ports, 'state' | 'store'>, definition: TableDefinition): Promise<number | undefined> {
  const table = await findTable(ports, definition.name)
  const made = Number(table?.attributes.created_at)
  return Number.isFinite(made) ? made : undefined
}

/**
 * Payloads of pending items that are gone: no reader uses them, so one reading is enough. `tables`: those of the lake;
 * nothing older than all of them is touched.
 */
export async function reclaimPayloads(
  ports: Ports,
  consumer: string,
  tables: readonly TableDefinition[],
): Promise<{ deleted: number; bytes: number }> {
  const made = (await Promise.all(tables.map(table => madeAt(ports, table)))).filter(time => time !== undefined)
  const oldest = Math.min(...made)
  const now = ports.clock.now()
  const objects = new Map<string, number>()
  for await (const { key, bytes, modified } of ports.store.list(pendingObjectPrefix(consumer))) {
    if (modified >= oldest && now - modified > MIN_AGE_MS) objects.set(key, bytes)
    if (objects.size >= OBJECTS_AT_ONCE) break
  }
  if (objects.size === 0) return { deleted: 0, bytes: 0 }
  for (const key of await pendingObjects(ports.state, consumer)) objects.delete(key)
  await deleteObjects(ports, [...objects.keys()])
  return { deleted: objects.size, bytes: sumOf([...objects.values()], size => size) }
}

/** Deletes objects for good, unless somebody took the lake meanwhile: what nothing reaches now may be what a repair needs. @throws Paused */
async function deleteObjects(ports: Ports, keys: readonly string[]): Promise<void> {
  for (const some of piecesOf(keys, DELETES_AT_ONCE)) {
    await requireUnpaused(ports)
    await ports.store.delete(some)
  }
}
