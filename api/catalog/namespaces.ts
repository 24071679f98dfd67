/** Namespaces: made, listed, described and dropped. */
import type { Attributes, Ports } from '../../domain/ports.ts'
import { allTables, NAMESPACE } from '../../domain/tables.ts'
import { pointerKey } from '../../iceberg/catalog.ts'
import { ApiError, alreadyExists, badRequest } from '../errors.ts'
import { type CatalogPorts, listEntries, namespaceWrite, type Page, pageOf, requireNamespaceItem } from './entries.ts'
import { mutate, type Repeatable } from './mutate.ts'
import { childPrefix, NAMESPACES, type Namespace, namespaceKey, namespaceOf, textOf } from './names.ts'

export type Properties = Readonly<Record<string, string>>

/** A namespace's properties are attributes with this before their names, as DynamoDbCatalog has them. */
const PROPERTY = 'p.'
const MAX_PROPERTIES_BYTES = 300_000

export async function createNamespace(
  ports: CatalogPorts,
  namespace: Namespace,
  properties: Properties,
  request: Repeatable,
): Promise<void> {
  const parent = namespace.slice(0, -1)
  await mutate(ports, request, async () => {
    const key = namespaceKey(namespace)
    if (await ports.state.get(key)) throw alreadyExists(`Namespace already exists: ${textOf(namespace)}`)
    const now = ports.clock.now()
    const attributes = { v: ports.ids.uuid(), created_at: now, updated_at: now, ...toAttributes(properties) }
    const held = parent.length === 0 ? [] : [namespaceWrite(ports, parent, await requireNamespaceItem(ports, parent))]
    return {
      writes: [...held, { kind: 'put', item: { key, attributes }, when: { is: 'absent' } }],
      locations: [],
    }
  })
}

/** @throws ApiError 404 */
export async function describeNamespace(ports: Pick<Ports, 'state'>, namespace: Namespace): Promise<Properties> {
  // The pipeline's own is there before its first table is.
  if (textOf(namespace) === NAMESPACE) return {}
  return toProperties(await requireNamespaceItem(ports, namespace))
}

/** @throws ApiError where it is not there, or not empty */
export async function dropNamespace(ports: CatalogPorts, namespace: Namespace, request: Repeatable): Promise<void> {
  await mutate(ports, request, async () => {
    const found = await requireNamespaceItem(ports, namespace)
    const [inside] = [
      ...(await listEntries(ports, namespace, 'table', undefined, 1)).names,
      ...(await listEntries(ports, namespace, 'view', undefined, 1)).names,
      ...(await listNamespaces(ports, namespace, undefined, 1)).names,
    ]
    if (inside !== undefined)
      throw new ApiError(
        409,
        'NamespaceNotEmptyException',
        `Namespace ${textOf(namespace)} is not empty: it holds ${inside}, for one. Drop what is in it first.`,
      )
    return {
      writes: [{ kind: 'remove', key: namespaceKey(namespace), when: { is: 'matching', attributes: { v: found.v } } }],
      locations: [],
    }
  })
}

/** The namespaces directly within this one (all outermost ones for none), each as its last level. */
export async function listNamespaces(
  ports: Pick<Ports, 'state'>,
  parent: Namespace,
  after: string | undefined,
  limit: number | undefined,
): Promise<Page> {
  if (parent.length > 0) await describeNamespace(ports, parent)
  const found = await ports.state.query('catalog', NAMESPACES, { prefix: childPrefix(parent) })
  const names = found
    .map(({ key }) => namespaceOf(key.sort))
    .filter(namespace => namespace.length === parent.length + 1)
    .map(namespace => namespace[parent.length])
  // The pipeline's own is there before its first table is.
  if (parent.length === 0 && !names.includes(NAMESPACE)) names.push(NAMESPACE)
  names.sort()
  return pageOf(after === undefined ? names : names.filter(name => name > after), limit)
}

/** Sets and removes properties; gives what became of each. @throws ApiError */
export async function updateProperties(
  ports: CatalogPorts,
  namespace: Namespace,
  { updates, removals }: { readonly updates: Properties; readonly removals: readonly string[] },
  request: Repeatable,
): Promise<{ readonly updated: string[]; readonly removed: string[]; readonly missing: string[] }> {
  const both = removals.find(name => Object.hasOwn(updates, name))
  if (both !== undefined)
    throw new ApiError(422, 'UnprocessableEntityException', `The property ${both} cannot be both set and removed.`)
  const [answer] = await mutate(ports, request, async () => {
    const found = await requireNamespaceItem(ports, namespace)
    const before = toProperties(found)
    const removed = removals.filter(name => Object.hasOwn(before, name))
    const left = Object.fromEntries(
      Object.entries(found).filter(
        ([name]) => !removed.includes(name.slice(PROPERTY.length)) || !name.startsWith(PROPERTY),
      ),
    )
    const result = {
      updated: Object.keys(updates),
      removed,
      missing: removals.filter(name => !Object.hasOwn(before, name)),
    }
    const write = namespaceWrite(ports, namespace, found, { ...left, ...toAttributes(updates) })
    return { writes: [write], locations: [JSON.stringify(result)] }
  })
  return JSON.parse(answer)
}

/** The pipeline's tables that are there already, by name. */
export async function marketTables(ports: Pick<Ports, 'state'>): Promise<string[]> {
  const names = allTables().map(({ name }) => name)
  const found = await Promise.all(names.map(name => ports.state.get(pointerKey(name))))
  return names.filter((_, at) => found[at]).sort()
}

function toAttributes(properties: Properties): Attributes {
  const bytes = Buffer.byteLength(JSON.stringify(properties))
  if (bytes > MAX_PROPERTIES_BYTES) throw badRequest(`The properties have ${bytes} bytes, which is too much.`)
  if (Object.entries(properties).some(pair => !pair.join('').isWellFormed()))
    throw badRequest('The properties hold half of a character.')
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [`${PROPERTY}${name}`, value]))
}

function toProperties(attributes: Attributes): Properties {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      name.startsWith(PROPERTY) && typeof value === 'string' ? [[name.slice(PROPERTY.length), value]] : [],
    ),
  )
}
