/**
 * Puts the items of a backup into a lake's state and catalog tables: DynamoDB restores into new tables, never in place (DynamoDB
 * Developer Guide, "Restoring a DynamoDB table to a point in time"). What comes of it is behind the tables' files: a repair follows.
 */
import { BadInput } from '../domain/errors.ts'
import { catalogPartition, statePartition } from '../domain/names.ts'
import type { Item, Key, StateTable, Write } from '../domain/ports.ts'
import { type Progress, UNTOLD } from '../domain/progress.ts'
import { NAMESPACE } from '../domain/tables.ts'
import type { WritableLake } from '../embedded/lake.ts'

/** All items of a table as they are now. */
export type Items = () => AsyncIterable<Item>

export interface Restored {
  readonly table: StateTable
  readonly put: number
  readonly removed: number
  /** What became of users' tables and views, a sentence for each that is not as it was: nothing brings those up to date again. */
  readonly users: readonly string[]
}

/** A transaction has at most 4 MB (DynamoDB API reference, TransactWriteItems); a full checkpoint has some 100 KB. */
const AT_ONCE = 25

/**
 * Makes a table's items those of its backup. First everything is put, then what the backup lacks is taken away: at each moment a table's
 * pointer is the old one or the new one. Stopped anywhere, it can be run again. Leases stay as they are, and no deletion of a dropped
 * table's files is taken up again: another table may be in its folder since.
 * @throws BadInput where the backup has no items
 */
export async function restoreTable(
  { ports }: Pick<WritableLake, 'ports'>,
  table: StateTable,
  { backup, now }: { readonly backup: Items; readonly now: Items },
  progress: Progress = UNTOLD,
): Promise<Restored> {
  progress.begin(`Reading the ${table} table`, 'item')
  const stood = new Map<string, string>()
  for await (const item of now()) {
    progress.add(1)
    if (isUsers(item)) stood.set(nameOf(item.key), locationOf(item))
  }
  const users: string[] = []
  const kept = new Set<string>()
  const apply = (writes: readonly Write[]) => ports.state.transact(writes, ports.ids.uuid())
  progress.begin(`Putting the backup of the ${table} table`, 'item')
  const puts: Write[] = []
  for await (const item of backup()) {
    if (isLease(item.key) || isPurge(item.key)) continue
    kept.add(nameOf(item.key))
    if (isUsers(item)) users.push(...changeOf(item, stood.get(nameOf(item.key))))
    puts.push({ kind: 'put', item })
    progress.add(1)
    if (puts.length === AT_ONCE) await apply(puts.splice(0))
  }
  if (kept.size === 0) throw new BadInput(`The backup of the ${table} table has no items: nothing was changed.`)
  if (puts.length > 0) await apply(puts)
  const extra: Write[] = []
  for await (const item of now()) {
    const { key } = item
    if (isLease(key) || kept.has(nameOf(key))) continue
    extra.push({ kind: 'remove', key })
    if (isUsers(item))
      users.push(`${titleOf(item)} is gone, as the backup lacks it: register ${locationOf(item)}, where it stood`)
  }
  progress.begin(`Removing what the backup of the ${table} table lacks`, 'item', extra.length)
  for (let at = 0; at < extra.length; at += AT_ONCE) {
    const some = extra.slice(at, at + AT_ONCE)
    await apply(some)
    progress.add(some.length)
  }
  return { table, put: kept.size, removed: extra.length, users }
}

function isLease({ table, partition }: Key): boolean {
  return table === 'state' && partition.startsWith(statePartition.lease(''))
}

function isPurge({ table, partition }: Key): boolean {
  return table === 'catalog' && partition === catalogPartition.purges
}

/** Whether it is the pointer of a table or view that is not the pipeline's: those are brought up to date from their files. */
function isUsers({ key, attributes }: Item): boolean {
  return key.table === 'catalog' && key.sort !== NAMESPACE && attributes['p.metadata_location'] !== undefined
}

function changeOf(item: Item, before: string | undefined): string[] {
  const now = locationOf(item)
  if (before === now) return []
  return before === undefined
    ? [`${titleOf(item)} is at ${now} again: drop it, if it was dropped since the backup`]
    : [
        `${titleOf(item)} was set back to ${now}: register ${before}, where it stood, in its place if that is the newer one`,
      ]
}

const titleOf = ({ key }: Item) => decodeURIComponent(key.partition)
const locationOf = ({ attributes }: Item) => String(attributes['p.metadata_location'])
const nameOf = ({ partition, sort }: Key) => JSON.stringify([partition, sort])
