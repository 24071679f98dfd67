/**
 * Namespaces, tables and views by name, and where the state store has them: in the layout of Iceberg's own DynamoDbCatalog, as our own
 * tables (iceberg/catalog.ts), with a directory beside it, so that a listing asks for one partition.
 */
import { USER_PREFIX } from '../../domain/names.ts'
import type { Key } from '../../domain/ports.ts'
import { NAMESPACE } from '../../domain/tables.ts'
import { badRequest, forbidden } from '../errors.ts'

/** A namespace's levels, outermost first. */
export type Namespace = readonly string[]

export interface Identifier {
  readonly namespace: Namespace
  readonly name: string
}

/** What stands between levels in a path (REST catalog specification, parameter `namespace`). */
const SEPARATOR = '\u001f'
const MAX_LEVELS = 16
const MAX_NAME_BYTES = 255
/** A sort key of DynamoDB has at most 1,024 bytes. */
const MAX_PATH_BYTES = 1_024

/** The namespace of a path's part. @throws ApiError */
export function parseNamespace(text: string): Namespace {
  return requireNamespace(text.split(SEPARATOR))
}

/** A namespace as a path's part. */
export function pathPart(namespace: Namespace): string {
  return encodeURIComponent(namespace.join(SEPARATOR))
}

export function requireNamespace(levels: readonly string[]): Namespace {
  if (levels.length === 0 || levels.length > MAX_LEVELS)
    throw badRequest(`A namespace has 1 to ${MAX_LEVELS} levels, this one has ${levels.length}.`)
  for (const level of levels) requireName(level, 'level of a namespace')
  if (Buffer.byteLength(pathOf(levels)) > MAX_PATH_BYTES) throw badRequest('The namespace is too long.')
  return levels
}

export function requireName(name: string, what = 'name'): string {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > MAX_NAME_BYTES)
    throw badRequest(`A ${what} has 1 to ${MAX_NAME_BYTES} bytes, this one has ${bytes}.`)
  // No URL can have one of these as a part of its path.
  if (name === '.' || name === '..') throw badRequest(`A ${what} is not ${name}.`)
  if (!name.isWellFormed() || hasControl(name))
    throw badRequest(`A ${what} has no control characters: ${JSON.stringify(name)}.`)
  return name
}

function hasControl(text: string): boolean {
  for (const character of text) if (character < ' ' || character === '\u007f') return true
  return false
}

/** The pipeline's own namespace, whose tables nobody else writes, and all that would be within it. */
export function isMarket(namespace: Namespace): boolean {
  return namespace[0] === NAMESPACE
}

/** The pipeline's own folder. */
export const MARKET_PREFIX = `${NAMESPACE}/`

/** @throws ApiError where the pipeline's tables would be written by somebody else */
export function requireForUsers(namespace: Namespace): void {
  if (isMarket(namespace))
    throw forbidden(
      `${NAMESPACE} is written by the pipeline alone: another snapshot there would stop it. Write to a namespace of your own, as research; tags on its tables are allowed.`,
    )
}

export function textOf(namespace: Namespace): string {
  return namespace.join('.')
}

export function nameOf({ namespace, name }: Identifier): string {
  return `${textOf(namespace)}.${name}`
}

/** Names as parts of keys and paths: a dot, a space or a slash within a name is not one between names. */
function escaped(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E')
}

function pathOf(namespace: Namespace): string {
  return namespace.map(escaped).join('.')
}

export function namespaceKey(namespace: Namespace): Key {
  return { table: 'catalog', partition: NAMESPACES, sort: pathOf(namespace) }
}

/** The partition of all namespaces. */
export const NAMESPACES = 'NAMESPACE'

/** What the sort keys of namespaces within this one begin with. */
export function childPrefix(parent: Namespace): string {
  return parent.length === 0 ? '' : `${pathOf(parent)}.`
}

/** The namespace of a sort key. */
export function namespaceOf(sort: string): Namespace {
  return sort.split('.').map(decodeURIComponent)
}

/** A table's or a view's pointer: both are of one kind, so that they cannot share a name. */
export function entryKey({ namespace, name }: Identifier): Key {
  return { table: 'catalog', partition: `${pathOf(namespace)}.${escaped(name)}`, sort: pathOf(namespace) }
}

export type EntryKind = 'table' | 'view'

/** The partition in which a namespace's tables or views are listed; a pointer's has no space. */
export function directory(namespace: Namespace, kind: EntryKind): string {
  return `${kind === 'table' ? 'TABLES' : 'VIEWS'} ${pathOf(namespace)}`
}

/** The folder of a new table or view, which no other has or had; it has the name only for people who look. */
export function freshFolder({ namespace, name }: Identifier, uuid: string): string {
  return `${namespaceFolder(namespace)}${plain(name)}-${uuid.slice(-12)}`
}

/** Where a namespace's tables are in the lake; those of another are not put there. */
export function namespaceFolder(namespace: Namespace): string {
  return `${USER_PREFIX}${namespace.map(level => `${plain(level)}/`).join('')}`
}

function plain(name: string): string {
  return name.replaceAll(/[^\w-]/g, '_').slice(0, 40)
}
