/**
 * A table's metadata files against its pointer. Each commit writes the file of the next version and then moves the pointer,
 * so at most one version stands above the pointer: that of an attempt that has not committed, or never will. More say that the
 * pointer was set back (the catalog was restored from a backup). Once commits have overtaken them, two lines of committed
 * files show it: a file is proven to be committed by a later one that follows it.
 */
import { Corrupt, NotFound } from '../domain/errors.ts'
import { statePartition } from '../domain/names.ts'
import type { Key, Ports } from '../domain/ports.ts'
import { findTable, type LoadedTable } from './catalog.ts'
import { keyOf, uriOf } from './location.ts'
import { metadataPrefix, readMetadata, versionOf } from './metadata-file.ts'
import type { TableMetadata } from './table-metadata.ts'

export interface MetadataFile {
  readonly key: string
  readonly version: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** A table's metadata files, newest first: of one version, of which only one was committed, the one written last. */
export async function metadataFiles(ports: Pick<Ports, 'store'>, table: string): Promise<MetadataFile[]> {
  const found: MetadataFile[] = []
  for await (const { key, modified } of ports.store.list(metadataPrefix(table)))
    if (key.endsWith('.metadata.json')) found.push({ key, modified, version: versionOf(key) })
  return found.sort((a, b) => b.version - a.version || b.modified - a.modified)
}

/** Files of higher versions than the pointer's, newest first. */
export function filesAbove({ metadataLocation }: LoadedTable, files: readonly MetadataFile[]): MetadataFile[] {
  return files.filter(({ version }) => version > versionOf(metadataLocation))
}

/**
 * Why the table's pointer is known to have been set back, in words that follow the table's name; undefined where it was not, or
 * where a repair has settled it. A pointer that was set back by a single commit cannot be told from an attempt that failed.
 */
export async function setBack(ports: Pick<Ports, 'store' | 'state'>, name: string): Promise<string | undefined> {
  // The pointer is read after the files: all that was committed by then is at or below it.
  const all = await metadataFiles(ports, name)
  const table = await findTable(ports, name)
  if (!table) return undefined
  // Older ones are of a table whose catalog was lost: nothing of it is swept.
  const files = all.filter(({ modified }) => modified >= Number(table.attributes.created_at ?? 0))
  const at = versionOf(table.metadataLocation)
  const [newest] = files
  if (newest && newest.version > at + 1)
    return `stands at version ${at}, although version ${newest.version} was written`
  const settled = await settledAt(ports, name)
  const forked = await forkedAt(
    ports,
    files.filter(({ modified }) => modified > settled),
  )
  return forked === undefined ? undefined : `was set back to version ${forked - 1} and has gone on from there`
}

/** The lowest version of which two files were committed; undefined where there is none. */
async function forkedAt(ports: Pick<Ports, 'store'>, files: readonly MetadataFile[]): Promise<number | undefined> {
  const versions = Map.groupBy(files, ({ version }) => version)
  for (const version of [...versions.keys()].sort((a, b) => a - b)) {
    const [here, next] = [versions.get(version) ?? [], versions.get(version + 1) ?? []]
    if (here.length < 2 || next.length < 2) continue
    const followed = new Set<string>()
    for (const { key } of next) {
      const previous = await previousOf(ports, key)
      if (here.some(file => file.key === previous)) followed.add(String(previous))
    }
    if (followed.size > 1) return version
  }
  return undefined
}

/** The key of the metadata file that this one follows; undefined where it cannot be read. */
async function previousOf(ports: Pick<Ports, 'store'>, key: string): Promise<string | undefined> {
  const last = (await metadataAt(ports, key))?.['metadata-log'].at(-1)
  return last && keyOf(ports.store, last['metadata-file'])
}

/** The metadata in a file; undefined where it is gone or cannot be read. */
export async function metadataAt(ports: Pick<Ports, 'store'>, key: string): Promise<TableMetadata | undefined> {
  try {
    return await readMetadata(ports.store, uriOf(ports.store, key))
  } catch (error) {
    if (error instanceof Corrupt || error instanceof NotFound) return undefined
    throw error
  }
}

function settledKey(table: string): Key {
  return { table: 'state', partition: statePartition.upkeep, sort: `${table}#settled` }
}

/** Notes that a repair has put back what the files written until now (milliseconds since 1970) hold. */
export async function settle(ports: Pick<Ports, 'state' | 'ids' | 'clock'>, table: string): Promise<void> {
  const item = { key: settledKey(table), attributes: { settled_at: ports.clock.now() } }
  await ports.state.transact([{ kind: 'put', item }], ports.ids.uuid())
}

async function settledAt({ state }: Pick<Ports, 'state'>, table: string): Promise<number> {
  return Number((await state.get(settledKey(table)))?.settled_at ?? 0)
}
