/**
 * Where users' tables are. A table's folder belongs to it alone: no other may be in it or around it, as dropping a table with its
 * files, and keys for its files, take the whole folder.
 */
import { USER_PREFIX } from '../../domain/names.ts'
import type { Key, Write } from '../../domain/ports.ts'
import { uriOf } from '../../iceberg/location.ts'
import { badRequest } from '../errors.ts'
import type { CatalogPorts, Entry } from './entries.ts'
import { freshFolder, type Identifier, NAMESPACES, nameOf, namespaceFolder } from './names.ts'

/** The partition in which all folders are. */
const FOLDERS = 'FOLDERS'
/** The partition of items that each claim of a folder changes. */
const GUARDS = 'FOLDER_GUARDS'
/** What parts of a URI there are before a store's first folder: `s3:`, nothing, the bucket. */
const FIRST_FOLDER = 4

/** The item that says whose a folder is. */
export const folderKey = (folder: string): Key => ({ table: 'catalog', partition: FOLDERS, sort: folder })

type FilePorts = Pick<CatalogPorts, 'files'>

/** The location that a client asks for, or a new one; without a slash at its end. @throws Invalid, ApiError */
export function locationFor(ports: CatalogPorts, identifier: Identifier, wanted: string | undefined): string {
  if (wanted === undefined) return uriOf(ports.store, freshFolder(identifier, ports.ids.uuid()))
  requireOwnFolder(ports, identifier, wanted)
  return wanted.replace(/\/+$/, '')
}

/** The folder of a location, which is not in another namespace's. @throws Invalid, ApiError */
export function requireOwnFolder(ports: CatalogPorts, { namespace }: Identifier, location: string): string {
  const folder = requireFolder(ports, location)
  const own = uriOf(ports.store, namespaceFolder(namespace))
  if (folder.startsWith(uriOf(ports.store, USER_PREFIX)) && !folder.startsWith(own))
    throw badRequest(
      `The location ${location} is in the folder of another namespace: leave it out, or give one below ${own}.`,
    )
  return folder
}

/** The location as one that is the same for the same folder. @throws Invalid where it is not one of users' tables */
export function requireFolder({ files }: FilePorts, location: string): string {
  return files.resolve(location.replace(/\/+$/, ''), 'The location')
}

/** The writes that keep a folder, as `requireFolder` gives it, for its table. @throws ApiError where it overlaps another's */
async function claim(ports: CatalogPorts, folder: string, identifier: Identifier): Promise<Write[]> {
  // Read before the look around: who claims a folder in the meantime makes this claim a conflict.
  const guard = await guardWrite(ports, folder)
  const parts = folder.split('/')
  const taken = (other: string, by: unknown) =>
    badRequest(`The location ${folder} overlaps ${other}, where ${String(by)} is: give each table a folder of its own.`)
  for (let depth = FIRST_FOLDER; depth <= parts.length; depth++) {
    const around = parts.slice(0, depth).join('/')
    const found = await ports.state.get(folderKey(around))
    if (found) throw taken(around, found.of)
  }
  const [inside] = await ports.state.query('catalog', FOLDERS, { prefix: `${folder}/`, limit: 1 })
  if (inside) throw taken(inside.key.sort, inside.attributes.of)
  const attributes = { of: nameOf(identifier) }
  return [guard, { kind: 'put', item: { key: folderKey(folder), attributes }, when: { is: 'absent' } }]
}

/** Lets one claim at a time through among those that may overlap: all below one folder of users' tables, or in one place elsewhere. */
async function guardWrite({ state, store, ids }: CatalogPorts, folder: string): Promise<Write> {
  const users = uriOf(store, USER_PREFIX)
  const depth = folder.startsWith(users) ? users.split('/').length : FIRST_FOLDER
  const key: Key = { table: 'catalog', partition: GUARDS, sort: folder.split('/').slice(0, depth).join('/') }
  const found = await state.get(key)
  return {
    kind: 'put',
    item: { key, attributes: { v: ids.uuid() } },
    when: found ? { is: 'matching', attributes: { v: found.v } } : { is: 'absent' },
  }
}

/** The writes that keep a folder for an entry, if it has not got it yet. @throws ApiError where it overlaps another's */
export async function claimWrites(
  ports: CatalogPorts,
  identifier: Identifier,
  folder: string,
  entry?: Pick<Entry, 'folder' | 'former'>,
): Promise<Write[]> {
  if (entry && [entry.folder, ...entry.former].includes(folder)) return []
  return claim(ports, folder, identifier)
}

/**
 * The writes of several tables as one transaction, in which an item is written once: what they change together, their namespace and the
 * guard of their folders, is changed by the first of them. @throws ApiError where their new folders overlap
 */
export function joinWrites(writes: readonly Write[]): Write[] {
  const shared = new Set<string>()
  const folders: string[] = []
  return writes.filter(write => {
    const { partition, sort } = write.kind === 'put' ? write.item.key : write.key
    if (partition === GUARDS || partition === NAMESPACES) {
      const name = `${partition} ${sort}`
      return !shared.has(name) && shared.add(name)
    }
    if (partition === FOLDERS) {
      const other = folders.find(each => `${each}/`.startsWith(`${sort}/`) || `${sort}/`.startsWith(`${each}/`))
      if (other !== undefined)
        throw badRequest(`The locations ${other} and ${sort} of one transaction overlap: give each table its own.`)
      folders.push(sort)
    }
    return true
  })
}

/** All folders of an entry. */
export function foldersOf({ folder, former }: Pick<Entry, 'folder' | 'former'>): string[] {
  return [...(folder === undefined ? [] : [folder]), ...former]
}

/**
 * Makes the folders that clients write into: DuckDB makes none by itself. Only a folder has folders; in S3 nothing is done.
 * A file in each is all that an object store can make one with.
 */
export async function makeFolders({ files }: FilePorts, location: string): Promise<void> {
  const folder = requireFolder({ files }, location)
  if (!folder.startsWith('file:')) return
  for (const name of ['data', 'metadata']) {
    const marker = `${folder}/${name}/.made-by-the-catalog`
    if (!(await files.exists(marker))) await files.put(marker, new Uint8Array())
  }
}
