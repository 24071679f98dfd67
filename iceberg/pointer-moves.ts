/** Which tables a transaction changes, by the writes of their pointers (iceberg/catalog.ts, api/catalog/entries.ts). Pure, no I/O. */
import type { Attributes, Condition, Key, Write } from '../domain/ports.ts'
import { NAMESPACE } from '../domain/tables.ts'

export interface PointerMove {
  /** With its namespace, as SQL has it. */
  readonly table: string
  readonly namespace: string
  readonly kind: 'create' | 'move' | 'drop'
  /** Absolute URI of the metadata that the pointer has now; of the last it had, where it is gone. */
  readonly location: string
  /** That of the metadata before it, where the pointer says so. */
  readonly previousLocation: string | undefined
  /** The metadata that the other tables of the transaction have now, by table. */
  readonly together: ReadonlyMap<string, string>
}

/** Pointers as they were last read, by partition key: a write that removes one says no more than its version. */
export type SeenPointers = Map<string, Attributes>

/** More are not remembered: a drop is read just before. */
const MOST_SEEN = 256

/** Remembers a pointer that was read. */
export function seePointer(seen: SeenPointers, key: Key, attributes: Attributes | undefined): void {
  if (!isPointer(key) || !attributes) return
  seen.delete(key.partition)
  seen.set(key.partition, attributes)
  const [oldest] = seen.keys()
  if (seen.size > MOST_SEEN && oldest !== undefined) seen.delete(oldest)
}

/** The tables whose metadata a transaction changed. One that only got another name is none of them. */
export function pointerMoves(writes: readonly Write[], seen: SeenPointers): PointerMove[] {
  const found = writes.flatMap(write => moveOf(write, seen) ?? [])
  const dropped = new Set(found.flatMap(({ kind, location }) => (kind === 'drop' ? [location] : [])))
  const renamed = new Set(
    found.flatMap(({ kind, location }) => (kind === 'create' && dropped.has(location) ? [location] : [])),
  )
  const moves = found.filter(({ location }) => !renamed.has(location))
  const together = new Map(moves.flatMap(({ kind, table, location }) => (kind === 'drop' ? [] : [[table, location]])))
  return moves.map(move => ({ ...move, together }))
}

function moveOf(write: Write, seen: SeenPointers): Omit<PointerMove, 'together'> | undefined {
  // What is put or removed whatever stands there comes from a backup: no commit.
  if (write.kind === 'check' || write.when === undefined) return undefined
  const key = write.kind === 'put' ? write.item.key : write.key
  if (!isPointer(key)) return undefined
  // Nobody drops a table of the pipeline: a repair takes its pointer away to put it back.
  if (write.kind === 'remove' && key.sort === NAMESPACE) return undefined
  const attributes = write.kind === 'put' ? write.item.attributes : removed(write.when, seen.get(key.partition))
  const location = attributes?.['p.metadata_location']
  if (attributes?.['p.table_type'] !== 'ICEBERG' || typeof location !== 'string') return undefined
  const isNew = write.when.is === 'absent'
  const previous = attributes['p.previous_metadata_location']
  return {
    // Names are escaped where they have a dot of their own.
    table: decodeURIComponent(key.partition),
    namespace: decodeURIComponent(key.sort),
    kind: write.kind === 'remove' ? 'drop' : isNew ? 'create' : 'move',
    location,
    previousLocation: write.kind === 'put' && !isNew && typeof previous === 'string' ? previous : undefined,
  }
}

/** The pointer that was removed, if it is the one that was read. */
function removed(when: Condition, known: Attributes | undefined): Attributes | undefined {
  return when.is === 'matching' && known && when.attributes.v === known.v ? known : undefined
}

function isPointer({ table, partition, sort }: Key): boolean {
  return table === 'catalog' && partition.startsWith(`${sort}.`)
}
