/** Namespaces and pointers in the state store, and the writes that change them. */
import { TradelakeError } from '../../domain/errors.ts'
import type { Attributes, Item, Ports, Write } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import type { Files } from '../../iceberg/updates/files.ts'
import { alreadyExists, badRequest, noSuchNamespace, noSuchTable, noSuchView } from '../errors.ts'
import {
  directory,
  type EntryKind,
  entryKey,
  type Identifier,
  type Namespace,
  nameOf,
  namespaceKey,
  textOf,
} from './names.ts'

/** `store` is the lake's own, `files` where users' tables may be. */
export type CatalogPorts = Pick<Ports, 'store' | 'state' | 'clock' | 'ids'> & { readonly files: Files }

/** A table's or view's pointer as it was read. */
export interface Entry {
  readonly identifier: Identifier
  readonly kind: EntryKind
  /** Names this state in the condition of a change. */
  readonly version: string
  /** Absolute URI of the current metadata file. */
  readonly location: string
  /**
   * The folder that was claimed for it; undefined for the pipeline's. What the metadata file says counts for nothing here: who may write
   * the table's files may write that one.
   */
  readonly folder: string | undefined
  /** Folders that it had before its location was changed: its older files are there, so they are its own until it is dropped. */
  readonly former: readonly string[]
  readonly attributes: Attributes
}

const TYPES: Readonly<Record<EntryKind, string>> = { table: 'ICEBERG', view: 'ICEBERG_VIEW' }

/** The entry of this name and kind; undefined where there is none. */
export async function findEntry(
  ports: Pick<Ports, 'state'>,
  identifier: Identifier,
  kind: EntryKind,
): Promise<Entry | undefined> {
  const attributes = await ports.state.get(entryKey(identifier))
  if (!attributes || (attributes['p.table_type'] === TYPES.view) !== (kind === 'view')) return undefined
  const { v: version, 'p.metadata_location': location } = attributes
  if (typeof version !== 'string' || typeof location !== 'string')
    throw new TradelakeError(`The catalog item of ${nameOf(identifier)} has no version or no metadata location.`)
  const folder = attributes.folder === undefined ? undefined : String(attributes.folder)
  const former = attributes.former === undefined ? [] : (JSON.parse(String(attributes.former)) as string[])
  return { identifier, kind, version, location, folder, former, attributes }
}

/** @throws ApiError 404 */
export async function requireEntry(
  ports: Pick<Ports, 'state'>,
  identifier: Identifier,
  kind: EntryKind,
): Promise<Entry> {
  const found = await findEntry(ports, identifier, kind)
  if (found) return found
  throw (kind === 'table' ? noSuchTable : noSuchView)(nameOf(identifier))
}

/** The namespace's item. @throws ApiError 404 */
export async function requireNamespaceItem(ports: Pick<Ports, 'state'>, namespace: Namespace): Promise<Attributes> {
  const found = await ports.state.get(namespaceKey(namespace))
  if (!found) throw noSuchNamespace(textOf(namespace))
  return found
}

/** A namespace's item as changed now. Changing it keeps the namespace from being dropped at the same moment. */
export function namespaceWrite(
  ports: CatalogPorts,
  namespace: Namespace,
  found: Attributes,
  properties: Attributes = found,
): Write {
  const attributes = { ...properties, v: ports.ids.uuid(), updated_at: ports.clock.now() }
  return {
    kind: 'put',
    item: { key: namespaceKey(namespace), attributes },
    when: { is: 'matching', attributes: { v: found.v } },
  }
}

/** The writes that make an entry in a namespace that is there; its folder is claimed beside them. @throws ApiError where the name is taken */
export async function createWrites(
  ports: CatalogPorts,
  identifier: Identifier,
  kind: EntryKind,
  { location, folder, former = [] }: Pick<Entry, 'location' | 'folder'> & Partial<Pick<Entry, 'former'>>,
): Promise<Write[]> {
  const { namespace } = identifier
  const found = await requireNamespaceItem(ports, namespace)
  await requireFree(ports, identifier, kind)
  const now = ports.clock.now()
  const attributes = {
    ...{ v: ports.ids.uuid(), created_at: now, updated_at: now },
    ...{ 'p.table_type': TYPES[kind], 'p.metadata_location': location },
    ...(folder !== undefined && { folder }),
    ...(former.length > 0 && { former: JSON.stringify(former) }),
  }
  return [
    namespaceWrite(ports, namespace, found),
    { kind: 'put', item: { key: entryKey(identifier), attributes }, when: { is: 'absent' } },
    { kind: 'put', item: listing(identifier, kind) },
  ]
}

/** @throws ApiError 409 where there is a table or a view of this name */
export async function requireFree(
  ports: Pick<Ports, 'state'>,
  identifier: Identifier,
  wanted: EntryKind,
): Promise<void> {
  const kind = await kindOf(ports, identifier)
  if (kind === wanted) throw alreadyExists(`${TITLES[kind]} already exists: ${nameOf(identifier)}`)
  if (kind) throw alreadyExists(`${TITLES[kind]} with same name already exists: ${nameOf(identifier)}`)
}

const TITLES: Readonly<Record<EntryKind, string>> = { table: 'Table', view: 'View' }

async function kindOf(ports: Pick<Ports, 'state'>, identifier: Identifier): Promise<EntryKind | undefined> {
  for (const kind of ['table', 'view'] as const) if (await findEntry(ports, identifier, kind)) return kind
  return undefined
}

/** The writes that take an entry away. */
export function dropWrites({ identifier, kind, version }: Entry): Write[] {
  return [
    { kind: 'remove', key: entryKey(identifier), when: { is: 'matching', attributes: { v: version } } },
    { kind: 'remove', key: listing(identifier, kind).key },
  ]
}

/** The write that moves an entry to other metadata; it conflicts where the entry has changed since it was read. */
export function moveWrite(
  ports: Pick<Ports, 'clock' | 'ids'>,
  entry: Entry,
  location: string,
  folder = entry.folder,
): Write {
  const attributes = {
    ...entry.attributes,
    ...(folder !== undefined && { folder }),
    ...(folder !== entry.folder && entry.folder && { former: JSON.stringify(formerOf(entry, folder)) }),
    v: ports.ids.uuid(),
    updated_at: ports.clock.now(),
    'p.metadata_location': location,
    'p.previous_metadata_location': entry.location,
  }
  return {
    kind: 'put',
    item: { key: entryKey(entry.identifier), attributes },
    when: { is: 'matching', attributes: { v: entry.version } },
  }
}

/** A drop gives all folders up in one transaction. */
const MOST_FORMER = 20

/** Where an entry's files have been, when it moves to a folder. @throws ApiError where there are too many such places */
function formerOf({ identifier, folder, former }: Entry, to: string | undefined): string[] {
  const all = [...new Set([...former, ...(folder === undefined ? [] : [folder])])].filter(each => each !== to)
  if (all.length > MOST_FORMER)
    throw badRequest(`${nameOf(identifier)} has been in ${MOST_FORMER} other folders, which are kept for it: no more.`)
  return all
}

function listing({ namespace, name }: Identifier, kind: EntryKind): Item {
  return {
    key: { table: 'catalog', partition: directory(namespace, kind), sort: name },
    attributes: { kind },
  }
}

/** Gives another name to an entry. @throws ApiError where one is not there, or the other is */
export async function renameEntry(ports: CatalogPorts, from: Identifier, to: Identifier, kind: EntryKind) {
  return commit(ports, async () => {
    const entry = await requireEntry(ports, from, kind)
    if (nameOf(from) === nameOf(to)) return { writes: [], result: undefined }
    await requireNamespaceItem(ports, to.namespace)
    const other = await kindOf(ports, to)
    if (other) throw alreadyExists(`Cannot rename ${nameOf(from)} to ${nameOf(to)}. ${TITLES[other]} already exists`)
    const writes = [...dropWrites(entry), ...(await createWrites(ports, to, kind, entry))]
    return { writes, result: undefined }
  })
}

export interface Page {
  readonly names: readonly string[]
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined
}

/** The names of a namespace's entries, in the order of their bytes. */
export async function listEntries(
  ports: Pick<Ports, 'state'>,
  namespace: Namespace,
  kind: EntryKind,
  after: string | undefined,
  limit: number | undefined,
): Promise<Page> {
  const found = await ports.state.query('catalog', directory(namespace, kind), {
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit: limit + 1 }),
  })
  const names = found.map(({ key }) => key.sort)
  return pageOf(names, limit)
}

/** The first names of a list, and where the rest begins. */
export function pageOf(names: readonly string[], limit: number | undefined): Page {
  if (limit === undefined || names.length <= limit) return { names, next: undefined }
  const page = names.slice(0, limit)
  return { names: page, next: page.at(-1) }
}

/** @throws ApiError where the size is not a number of entries */
export function pageSize(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw badRequest(`pageSize is ${text}: give a number of entries.`)
  return Number(text)
}
