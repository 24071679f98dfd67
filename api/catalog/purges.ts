/**
 * Purges: files of a dropped table or view are deleted once it is gone. The drop's own transaction leaves an item for each folder, which
 * goes when the folder is empty: what a killed process has not deleted, a later request does. Nobody needs to be alone at it, as only
 * files are deleted that were seen while the folder was still kept for the purge, and no other table will ever have files of their names.
 */
import { Conflict, messageOf } from '../../domain/errors.ts'
import { leaseHeld } from '../../domain/lease.ts'
import { catalogPartition } from '../../domain/names.ts'
import type { Key, Log, Write } from '../../domain/ports.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import type { CatalogPorts } from './entries.ts'
import { folderKey } from './locations.ts'

/** Whose a folder is while what is in it is deleted. */
const DELETED = 'a table that is being deleted'
/** Files that are deleted at once: S3 takes no more in one request. */
const BATCH_FILES = 1_000
/** A purge this old is not waited for any longer, and how often a process looks for one, milliseconds. */
const LATE_MS = MINUTE_MS
/** How long a request that finds late purges works at them, milliseconds: the next one goes on. */
const WORK_MS = 2_000
const MOST_AT_ONCE = 100

const purgeKey = (folder: string): Key => ({ table: 'catalog', partition: catalogPartition.purges, sort: folder })

/** The writes that give folders up, or keep them from others until what is in them is deleted. */
export function leaveWrites(ports: CatalogPorts, folders: readonly string[], purge: boolean): Write[] {
  return folders.flatMap((folder): Write[] => {
    if (!purge) return [{ kind: 'remove', key: folderKey(folder) }]
    const v = ports.ids.uuid()
    return [
      { kind: 'put', item: { key: folderKey(folder), attributes: { of: DELETED, v } } },
      { kind: 'put', item: { key: purgeKey(folder), attributes: { v, at: ports.clock.now() } } },
    ]
  })
}

/** Deletes what is in the folders of a dropped entry, then gives them up; nothing happens where that was done. */
export async function purgeFolders(ports: CatalogPorts, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const pending = await ports.state.get(purgeKey(folder))
    if (pending) await purge(ports, folder, String(pending.v))
  }
}

/** Goes on with purges that were begun long ago: to be called after each request; it looks once a minute. */
export function latePurges(ports: CatalogPorts, log: Log): () => Promise<void> {
  let next = Number.NEGATIVE_INFINITY
  return async () => {
    const now = ports.clock.steady()
    if (now < next) return
    next = now + LATE_MS
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work()
      } catch (error) {
        // The request itself was answered, and the purge is still to be done.
        log.warn('a purge could not go on', { reason: messageOf(error) })
        return undefined
      }
    }
    const late = await attempt(() => findLate(ports))
    for (const { folder, v } of late ?? [])
      if (ports.clock.steady() < now + WORK_MS) await attempt(() => purge(ports, folder, v, now + WORK_MS))
  }
}

async function findLate({ state, clock }: CatalogPorts): Promise<{ readonly folder: string; readonly v: string }[]> {
  // Whoever restores or repairs a deployed lake has its catalog to himself.
  if (await leaseHeld({ state, clock }, 'lake')) return []
  const found = await state.query('catalog', catalogPartition.purges, { limit: MOST_AT_ONCE })
  return found.flatMap(({ key, attributes: { v, at } }) =>
    Number(at) + LATE_MS <= clock.now() ? [{ folder: key.sort, v: String(v) }] : [],
  )
}

/** Deletes the files of one purge, and ends it; after the deadline, by the steady clock, it begins with no more of them. */
async function purge(
  ports: CatalogPorts,
  folder: string,
  v: string,
  deadline = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { state, files, clock, ids } = ports
  const isDue = async () => (await state.get(folderKey(folder)))?.v === v
  let batch: string[] = []
  const deleteBatch = async () => {
    // Asked after the files were seen: the folder may have become another's since, and its files are not ours.
    if (!(await isDue())) return false
    await files.delete(batch)
    batch = []
    return true
  }
  for await (const uri of files.list(`${folder}/`)) {
    batch.push(uri)
    if (batch.length < BATCH_FILES) continue
    if (!(await deleteBatch()) || clock.steady() >= deadline) return
  }
  if (!(await deleteBatch())) return
  try {
    const ended: Write = { kind: 'remove', key: folderKey(folder), when: { is: 'matching', attributes: { v } } }
    await state.transact([ended, { kind: 'remove', key: purgeKey(folder) }], ids.uuid())
  } catch (error) {
    // Another has ended it.
    if (!(error instanceof Conflict)) throw error
  }
}
