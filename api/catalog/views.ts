/** Views of users: created, replaced, renamed and dropped. */
import { METADATA_PATH, readJson, writeJson } from '../../iceberg/updates/any-file.ts'
import type { Requirement } from '../../iceberg/updates/requirements.ts'
import {
  applyViewUpdates,
  createView,
  requireView,
  type ViewMetadata,
  type ViewUpdate,
} from '../../iceberg/updates/views.ts'
import {
  type CatalogPorts,
  createWrites,
  dropWrites,
  moveWrite,
  requireEntry,
  requireFree,
  requireNamespaceItem,
} from './entries.ts'
import { claimWrites, foldersOf, locationFor, requireFolder } from './locations.ts'
import { mutate, type Repeatable } from './mutate.ts'
import { type Identifier, requireForUsers } from './names.ts'
import { leaveWrites, purgeFolders } from './purges.ts'
import { requireWithin } from './written.ts'

/** Makes a view and gives the location of its metadata. */
export async function makeView(
  ports: CatalogPorts,
  identifier: Identifier,
  wanted: Parameters<typeof createView>[0] & { readonly location?: string | null },
  request: Repeatable,
): Promise<string> {
  requireForUsers(identifier.namespace)
  const [location] = await mutate(ports, request, async () => {
    await requireNamespaceItem(ports, identifier.namespace)
    await requireFree(ports, identifier, 'view')
    const location = locationFor(ports, identifier, wanted.location ?? undefined)
    const folder = requireFolder(ports, location)
    const claims = await claimWrites(ports, identifier, folder)
    const at = await write(ports, createView(wanted, { location, uuid: ports.ids.uuid() }), undefined)
    const writes = await createWrites(ports, identifier, 'view', { location: at, folder })
    return { writes: [...writes, ...claims], locations: [at] }
  })
  return location
}

/** Replaces a view and gives the location of its new metadata. */
export async function replaceView(
  ports: CatalogPorts,
  identifier: Identifier,
  { requirements, updates }: { readonly requirements: readonly Requirement[]; readonly updates: readonly ViewUpdate[] },
  request: Repeatable,
): Promise<string> {
  requireForUsers(identifier.namespace)
  const [location] = await mutate(ports, request, async () => {
    const entry = await requireEntry(ports, identifier, 'view')
    const before = (await readJson(ports.files, entry.location)) as ViewMetadata
    requireView(requirements, before)
    const changed = applyViewUpdates(before, updates)
    const folder = requireFolder(ports, changed.location)
    const claims = await claimWrites(ports, identifier, folder, entry)
    const at = await write(ports, changed, entry.location)
    return { writes: [moveWrite(ports, entry, at, folder), ...claims], locations: [at] }
  })
  return location
}

/** Drops a view and its files: nothing but the view is in them. @throws ApiError 404 */
export async function dropView(ports: CatalogPorts, identifier: Identifier, request: Repeatable): Promise<void> {
  requireForUsers(identifier.namespace)
  const folders = await mutate(ports, request, async () => {
    const entry = await requireEntry(ports, identifier, 'view')
    const all = foldersOf(entry)
    return { writes: [...dropWrites(entry), ...leaveWrites(ports, all, true)], locations: all }
  })
  await purgeFolders(ports, folders)
}

/** Takes a view that was made elsewhere, by its metadata file. */
export async function registerView(
  ports: CatalogPorts,
  identifier: Identifier,
  location: string,
  request: Repeatable,
): Promise<string> {
  requireForUsers(identifier.namespace)
  const uri = ports.files.resolve(location, 'The metadata file')
  const [at] = await mutate(ports, request, async () => {
    const view = (await readJson(ports.files, uri)) as ViewMetadata
    const folder = requireFolder(ports, view.location)
    const writes = await createWrites(ports, identifier, 'view', { location: uri, folder })
    writes.push(...(await claimWrites(ports, identifier, folder)))
    return { writes, locations: [uri] }
  })
  return at
}

function write(ports: CatalogPorts, metadata: ViewMetadata, previous: string | undefined): Promise<string> {
  const folder = metadata.properties[METADATA_PATH] ?? `${metadata.location}/metadata`
  requireWithin(ports.files, folder, metadata.location)
  return writeJson(ports.files, { folder, previous, uuid: ports.ids.uuid(), gzip: false, metadata })
}
