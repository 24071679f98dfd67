/**
 * Where users' tables are. A table's folder belongs to it alone: no other may be in it or around it, as dropping a table with its
 * files, and keys for its files, take the whole folder.
 */
import type { Write } from '../../domain/ports.ts'
import { uriOf } from '../../iceberg/location.ts'
import { badRequest } from '../errors.ts'
import type { CatalogPorts } from './entries.ts'
import { freshFolder, type Identifier, nameOf } from './names.ts'

/** The partition in which all folders are. */
const FOLDERS = 'FOLDERS'

type FilePorts = Pick<CatalogPorts, 'files'>

/** The folder that a client asks for, or a new one; without a slash at its end. @throws Invalid */
export function folderFor(ports: CatalogPorts, identifier: Identifier, wanted: string | undefined): string {
  if (wanted === undefined) return uriOf(ports.store, freshFolder(identifier, ports.ids.uuid()))
  const location = wanted.replace(/\/+$/, '')
  requireFolder(ports, location)
  return location
}

/** The location as one that is the same for the same folder. @throws Invalid where it is not one of users' tables */
export function requireFolder({ files }: FilePorts, location: string): string {
  return files.resolve(location.replace(/\/+$/, ''), 'The location')
}

/** The write that keeps a folder, as `requireFolder` gives it, for its table. @throws ApiError where it overlaps another's */
async function claimWrite(ports: CatalogPorts, folder: string, identifier: Identifier): Promise<Write> {
  const parts = folder.split('/')
  const taken = (other: string, by: unknown) =>
    badRequest(`The location ${folder} overlaps ${other}, where ${String(by)} is: give each table a folder of its own.`)
  for (let depth = 4; depth <= parts.length; depth++) {
    const around = parts.slice(0, depth).join('/')
    const found = await ports.state.get({ table: 'catalog', partition: FOLDERS, sort: around })
    if (found) throw taken(around, found.of)
  }
  const [inside] = await ports.state.query('catalog', FOLDERS, { prefix: `${folder}/`, limit: 1 })
  if (inside) throw taken(inside.key.sort, inside.attributes.of)
  const key = { table: 'catalog' as const, partition: FOLDERS, sort: folder }
  return { kind: 'put', item: { key, attributes: { of: nameOf(identifier) } }, when: { is: 'absent' } }
}

/** The writes that take an entry's folder from one place to another, or give it up. @throws ApiError where it overlaps another's */
export async function folderWrites(
  ports: CatalogPorts,
  identifier: Identifier,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<Write[]> {
  if (from === to) return []
  const released: Write[] =
    from === undefined ? [] : [{ kind: 'remove', key: { table: 'catalog', partition: FOLDERS, sort: from } }]
  return to === undefined ? released : [...released, await claimWrite(ports, to, identifier)]
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

/** Deletes all that is in a table's folder. */
export async function deleteFolder({ files }: FilePorts, location: string): Promise<void> {
  const uris: string[] = []
  for await (const uri of files.list(`${requireFolder({ files }, location)}/`)) uris.push(uri)
  await files.delete(uris)
}
