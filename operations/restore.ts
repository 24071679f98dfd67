/**
 * Puts the items of a backup into a lake's state and catalog tables: DynamoDB restores into new tables, never in place (DynamoDB
 * Developer Guide, "Restoring a DynamoDB table to a point in time"). What comes of it is behind the tables' files: a repair follows.
 */
import { BadInput } from '../domain/errors.ts'
import { statePartition } from '../domain/names.ts'
import type { Item, Key, StateTable, Write } from '../domain/ports.ts'
import type { WritableLake } from '../embedded/lake.ts'

/** All items of a table as they are now. */
export type Items = () => AsyncIterable<Item>

export interface Restored {
  readonly table: StateTable
  readonly put: number
  readonly removed: number
}

/** A transaction has at most 4 MB (DynamoDB API reference, TransactWriteItems); a full checkpoint has some 100 KB. */
const AT_ONCE = 25

/**
 * Makes a table's items those of its backup. First everything is put, then what the backup lacks is taken away: at each moment a table's
 * pointer is the old one or the new one. Stopped anywhere, it can be run again. Leases stay as they are.
 * @throws BadInput where the backup has no items
 */
export async function restoreTable(
  { ports }: Pick<WritableLake, 'ports'>,
  table: StateTable,
  { backup, now }: { readonly backup: Items; readonly now: Items },
): Promise<Restored> {
  const kept = new Set<string>()
  const apply = (writes: readonly Write[]) => ports.state.transact(writes, ports.ids.uuid())
  const puts: Write[] = []
  for await (const item of backup()) {
    if (isLease(item.key)) continue
    kept.add(nameOf(item.key))
    puts.push({ kind: 'put', item })
    if (puts.length === AT_ONCE) await apply(puts.splice(0))
  }
  if (kept.size === 0) throw new BadInput(`The backup of the ${table} table has no items: nothing was changed.`)
  if (puts.length > 0) await apply(puts)
  const extra: Write[] = []
  for await (const { key } of now()) if (!isLease(key) && !kept.has(nameOf(key))) extra.push({ kind: 'remove', key })
  for (let at = 0; at < extra.length; at += AT_ONCE) await apply(extra.slice(at, at + AT_ONCE))
  return { table, put: kept.size, removed: extra.length }
}

function isLease({ table, partition }: Key): boolean {
  return table === 'state' && partition.startsWith(statePartition.lease(''))
}

const nameOf = ({ partition, sort }: Key) => JSON.stringify([partition, sort])
