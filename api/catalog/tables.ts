/** Tables of users: created, committed to, registered, renamed and dropped. Those of the pipeline can be tagged. */
import { NotFound } from '../../domain/errors.ts'
import type { Write } from '../../domain/ports.ts'
import { findTable, pointerWrite } from '../../iceberg/catalog.ts'
import { uriOf } from '../../iceberg/location.ts'
import { nextMetadataKey, readMetadata, writeMetadata } from '../../iceberg/metadata-file.ts'
import type { TableMetadata } from '../../iceberg/table-metadata.ts'
import { readAnyMetadata, readJson } from '../../iceberg/updates/any-file.ts'
import type { AnyMetadata, AnySnapshot } from '../../iceberg/updates/any-metadata.ts'
import { applyUpdates, type TableUpdate } from '../../iceberg/updates/apply.ts'
import { createMetadata, emptyMetadata, formatOf, type NewTable } from '../../iceberg/updates/create.ts'
import { withCommit } from '../../iceberg/updates/history.ts'
import { type Requirement, requireAll } from '../../iceberg/updates/requirements.ts'
import { requireFiles } from '../../iceberg/updates/verify.ts'
import { badRequest, noSuchTable } from '../errors.ts'
import {
  type CatalogPorts,
  createWrites,
  dropWrites,
  type Entry,
  findEntry,
  moveWrite,
  requireEntry,
  requireFree,
  requireNamespaceItem,
} from './entries.ts'
import {
  claimWrites,
  foldersOf,
  joinWrites,
  locationFor,
  makeFolders,
  requireFolder,
  requireOwnFolder,
} from './locations.ts'
import { type Change, mutate, type Repeatable } from './mutate.ts'
import { entryKey, type Identifier, isMarket, nameOf, requireForUsers } from './names.ts'
import { leaveWrites, purgeFolders } from './purges.ts'
import { parseShape, storedTable } from './requests.ts'
import { mutateWithFiles, type Written } from './written.ts'

export interface TableChange {
  readonly identifier: Identifier
  readonly requirements: readonly Requirement[]
  readonly updates: readonly TableUpdate[]
}

/** A table's pointer. @throws ApiError 404 */
export function requireTable(ports: Pick<CatalogPorts, 'state'>, identifier: Identifier): Promise<Entry> {
  return requireEntry(ports, identifier, 'table')
}

/** The folder that a table has to itself: what clients are let at. The pipeline's are named by files that it alone writes. */
export async function folderOf(ports: CatalogPorts, { folder, location }: Made): Promise<string> {
  return folder ?? (await readMetadata(ports.store, location)).location
}

/** A table as it was just made: where its metadata is, and the folder that it has to itself. */
export type Made = Pick<Entry, 'identifier' | 'location' | 'folder'>

/** Makes a table. */
export async function createTable(
  ports: CatalogPorts,
  identifier: Identifier,
  wanted: NewTable & { readonly location?: string | null },
  request: Repeatable,
): Promise<Made> {
  const [location, folder] = await mutateWithFiles(ports, request, async files => {
    const { metadata, folder, claims } = await newMetadata(ports, identifier, wanted)
    const at = await files.write(metadata, undefined)
    await makeFolders(ports, metadata.location)
    const writes = await createWrites(ports, identifier, 'table', { location: at, folder })
    return { writes: [...writes, ...claims], locations: [at, folder] }
  })
  return { identifier, location, folder }
}

/** The metadata of a table that is made by a later commit. @throws ApiError where it, or another in its folder, is there already */
export async function stageTable(
  ports: CatalogPorts,
  identifier: Identifier,
  wanted: NewTable & { readonly location?: string | null },
): Promise<AnyMetadata> {
  const { metadata } = await newMetadata(ports, identifier, wanted)
  await makeFolders(ports, metadata.location)
  return metadata
}

async function newMetadata(
  ports: CatalogPorts,
  identifier: Identifier,
  wanted: NewTable & { readonly location?: string | null },
): Promise<{ readonly metadata: AnyMetadata; readonly folder: string; readonly claims: readonly Write[] }> {
  requireForUsers(identifier.namespace)
  await requireNamespaceItem(ports, identifier.namespace)
  await requireFree(ports, identifier, 'table')
  const location = locationFor(ports, identifier, wanted.location ?? undefined)
  const folder = requireFolder(ports, location)
  const metadata = createMetadata(wanted, { location, uuid: ports.ids.uuid(), nowMs: ports.clock.now() })
  return { metadata, folder, claims: await claimWrites(ports, identifier, folder) }
}

/** Commits to one table, or to several at once: all or none. Gives the locations of their new metadata. */
export async function commitTables(
  ports: CatalogPorts,
  changes: readonly TableChange[],
  request: Repeatable,
): Promise<readonly string[]> {
  const keys = changes.map(({ identifier }) => entryKey(identifier).partition)
  const twice = changes.find((_, at) => keys.indexOf(keys[at]) !== at)
  if (twice)
    throw badRequest(`The table ${nameOf(twice.identifier)} is changed twice in one transaction: join the changes.`)
  const old: string[] = []
  const checked = new Set<AnySnapshot>()
  const locations = await mutateWithFiles(ports, request, async files => {
    old.length = 0
    const staged: Change[] = []
    for (const change of changes) staged.push(await stage(ports, change, files, old, checked))
    return {
      writes: joinWrites(staged.flatMap(({ writes }) => writes)),
      locations: staged.flatMap(({ locations: each }) => each),
    }
  })
  // They are in the way of nobody: a commit that took place is not said to have failed over them.
  await ports.files.delete(old).catch(() => {})
  return locations
}

/** The writes of one table's commit. Files that it drops from its history are added to `old`; snapshots whose files were found, to `checked`. */
async function stage(
  ports: CatalogPorts,
  change: TableChange,
  files: Written,
  old: string[],
  checked: Set<AnySnapshot>,
): Promise<Change> {
  const { identifier, requirements, updates } = change
  if (isMarket(identifier.namespace)) return stageTags(ports, change)
  const entry = await findEntry(ports, identifier, 'table')
  if (!entry && !requirements.some(({ type }) => type === 'assert-create')) throw noSuchTable(nameOf(identifier))
  const before = entry && (await readAnyMetadata(ports.files, entry.location))
  requireAll(requirements, before)
  const base = before ?? emptyMetadata(newTableOptions(ports, change))
  const changed = applyUpdates(base, updates)
  for (const update of updates)
    if (update.action === 'add-snapshot' && !checked.has(update.snapshot)) {
      // Version 1 may list manifests in the metadata itself.
      if (changed['format-version'] > 1 || update.snapshot['manifest-list'] !== undefined)
        await requireFiles(ports.files, update.snapshot)
      checked.add(update.snapshot)
    }
  const stays = before?.location === changed.location
  const folder = stays ? requireFolder(ports, changed.location) : requireOwnFolder(ports, identifier, changed.location)
  const claims = await claimWrites(ports, identifier, folder, entry)
  if (!entry || !before) {
    await makeFolders(ports, changed.location)
    const at = await files.write(changed, undefined)
    const writes = await createWrites(ports, identifier, 'table', { location: at, folder })
    return { writes: [...writes, ...claims], locations: [at] }
  }
  const { metadata, dropped } = withCommit(changed, ports.clock.now(), before, entry.location)
  const at = await files.write(metadata, entry.location)
  // A history that a client wrote may name files of others.
  old.push(...dropped.filter(uri => uri.startsWith(`${entry.folder}/`) && !uri.includes('/../')))
  return { writes: [moveWrite(ports, entry, at, folder), ...claims], locations: [at] }
}

/** What a table is that a commit makes, but for what its updates say. */
function newTableOptions(ports: CatalogPorts, { identifier, updates }: TableChange) {
  const upgrade = updates.find(update => update.action === 'upgrade-format-version')
  return {
    location: locationFor(ports, identifier, undefined),
    uuid: ports.ids.uuid(),
    nowMs: ports.clock.now(),
    format: formatOf(upgrade && String(upgrade['format-version'])),
  }
}

/** Tags keep snapshots of the pipeline's tables from expiring; nothing else of those is anybody's to change. */
async function stageTags(ports: CatalogPorts, { identifier, requirements, updates }: TableChange): Promise<Change> {
  const table = await findTable(ports, identifier.name)
  if (!table) throw noSuchTable(nameOf(identifier))
  const isTag = (update: TableUpdate) =>
    update.action === 'set-snapshot-ref'
      ? update.type === 'tag'
      : update.action === 'remove-snapshot-ref' && table.metadata.refs[update['ref-name']]?.type !== 'branch'
  if (updates.length === 0 || !updates.every(isTag)) requireForUsers(identifier.namespace)
  const before = table.metadata as unknown as AnyMetadata
  requireAll(requirements, before)
  const { metadata } = withCommit(applyUpdates(before, updates), ports.clock.now(), before, table.metadataLocation)
  const key = nextMetadataKey(identifier.name, table.metadataLocation, ports.ids.uuid())
  await writeMetadata(ports.store, key, metadata as unknown as TableMetadata)
  const metadataLocation = uriOf(ports.store, key)
  const write = pointerWrite({ table, metadataLocation, version: ports.ids.uuid(), nowMs: ports.clock.now() })
  return { writes: [write], locations: [metadataLocation] }
}

/** Takes a table that was made elsewhere, by its metadata file. */
export async function registerTable(
  ports: CatalogPorts,
  identifier: Identifier,
  { location, overwrite }: { readonly location: string; readonly overwrite: boolean },
  request: Repeatable,
): Promise<Made> {
  requireForUsers(identifier.namespace)
  const uri = ports.files.resolve(location, 'The metadata file')
  const [at, own] = await mutate(ports, request, async () => {
    const json = await readJson(ports.files, uri).catch(error => {
      if (error instanceof NotFound) throw badRequest(`There is no metadata file ${location}.`)
      throw error
    })
    parseShape(storedTable, json, `The metadata file ${location}`)
    const metadata = await readAnyMetadata(ports.files, uri)
    // It refuses a schema that is not there, and a spec or an order that does not fit it.
    applyUpdates(metadata, [{ action: 'set-current-schema', 'schema-id': metadata['current-schema-id'] }])
    const entry = overwrite ? await findEntry(ports, identifier, 'table') : undefined
    const folder = requireFolder(ports, metadata.location)
    const writes = entry
      ? [moveWrite(ports, entry, uri, folder)]
      : await createWrites(ports, identifier, 'table', { location: uri, folder })
    writes.push(...(await claimWrites(ports, identifier, folder, entry)))
    return { writes, locations: [uri, folder] }
  })
  return { identifier, location: at, folder: own }
}

/** Drops a table; with `purge` its files too. @throws ApiError 404 */
export async function dropTable(
  ports: CatalogPorts,
  identifier: Identifier,
  purge: boolean,
  request: Repeatable,
): Promise<void> {
  requireForUsers(identifier.namespace)
  const folders = await mutate(ports, request, async () => {
    const entry = await requireTable(ports, identifier)
    const all = foldersOf(entry)
    return { writes: [...dropWrites(entry), ...leaveWrites(ports, all, purge)], locations: purge ? all : [] }
  })
  // A request that comes again finds what the first one left of the work.
  await purgeFolders(ports, folders)
}
