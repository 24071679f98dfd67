/** Updates of what a table's rows and files are like: its schemas, partition specs and sort orders. Pure, no I/O. */
import { type Long, stringifyExact } from '../../domain/exact-json.ts'
import { FIRST_PARTITION_ID } from '../schema.ts'
import { type AnyMetadata, type AnySchema, type AnySortOrder, type AnySpec, currentSchema } from './any-metadata.ts'
import { Invalid } from './refusals.ts'
import { highestId, requireSchema, requireSortOrder, requireSpec } from './schemas.ts'

/** Ids that this commit has given, for updates that say "the last one" (-1). */
export interface Added {
  schema?: number
  spec?: number
  order?: number
  /** Snapshots that were made by this commit. */
  readonly snapshots: Set<Long>
}

const LAST_ADDED = -1

export function lastOr(id: number, last: number | undefined, what: string): number {
  if (id !== LAST_ADDED) return id
  if (last === undefined) throw new Invalid(`Cannot set last added ${what}: no ${what} has been added by this commit.`)
  return last
}

export function requireThere(ids: readonly number[], id: number, what: string): void {
  if (!ids.includes(id)) throw new Invalid(`Cannot set the ${what} ${id}: there is none with this id.`)
}

/** Texts of what was compared, by what it is part of: a commit may add many, each of which is compared with all. */
const texts = new WeakMap<object, string>()

/** The same text for equal parts, whatever the order of their keys. */
function textOf(owner: object, parts: unknown): string {
  const known = texts.get(owner)
  if (known !== undefined) return known
  const text = stringifyExact(inOrder(parts))
  texts.set(owner, text)
  return text
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inOrder)
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, each]) => [name, inOrder(each)]))
}

const schemaText = (schema: AnySchema) => textOf(schema, [schema.fields, schema['identifier-field-ids'] ?? []])
const specText = ({ fields }: AnySpec) =>
  textOf(
    fields,
    fields.map(field => [field['source-id'], field.transform, field.name]),
  )
const orderText = ({ fields }: AnySortOrder) => textOf(fields, fields)

export function addSchema(metadata: AnyMetadata, schema: AnySchema, added: Added): AnyMetadata {
  requireSchema(schema)
  const lastId = Math.max(metadata['last-column-id'], highestId(schema))
  const text = schemaText(schema)
  const same = metadata.schemas.find(known => schemaText(known) === text)
  if (same) {
    added.schema = same['schema-id']
    return { ...metadata, 'last-column-id': lastId }
  }
  const id = Math.max(-1, ...metadata.schemas.map(known => known['schema-id'])) + 1
  added.schema = id
  return { ...metadata, 'last-column-id': lastId, schemas: [...metadata.schemas, { ...schema, 'schema-id': id }] }
}

export function setCurrentSchema(metadata: AnyMetadata, id: number): AnyMetadata {
  requireThere(
    metadata.schemas.map(schema => schema['schema-id']),
    id,
    'schema',
  )
  const changed = { ...metadata, 'current-schema-id': id }
  const spec = metadata['partition-specs'].find(each => each['spec-id'] === metadata['default-spec-id'])
  const order = metadata['sort-orders'].find(each => each['order-id'] === metadata['default-sort-order-id'])
  // A field of the spec may have lost its column only if it was voided (spec, "Partition Evolution").
  const used = (spec?.fields ?? []).filter(({ transform }) => transform !== 'void')
  requireSpec({ fields: used }, currentSchema(changed))
  requireSortOrder(order ?? { fields: [] }, currentSchema(changed))
  return changed
}

export function addSpec(metadata: AnyMetadata, spec: AnySpec, added: Added): AnyMetadata {
  requireSpec({ fields: spec.fields.filter(({ transform }) => transform !== 'void') }, currentSchema(metadata))
  const specs = metadata['partition-specs']
  const text = specText(spec)
  const same = specs.find(known => specText(known) === text)
  if (same) {
    added.spec = same['spec-id']
    return metadata
  }
  let last = Math.max(metadata['last-partition-id'], FIRST_PARTITION_ID - 1)
  for (const field of spec.fields) last = Math.max(last, field['field-id'] ?? 0)
  let next = Math.max(metadata['last-partition-id'], FIRST_PARTITION_ID - 1)
  const fields = spec.fields.map(field => ({ ...field, 'field-id': field['field-id'] ?? ++next }))
  const id = Math.max(-1, ...specs.map(known => known['spec-id'])) + 1
  added.spec = id
  return {
    ...metadata,
    'last-partition-id': Math.max(last, next),
    'partition-specs': [...specs, { 'spec-id': id, fields }],
  }
}

export function addSortOrder(metadata: AnyMetadata, order: AnySortOrder, added: Added): AnyMetadata {
  requireSortOrder(order, currentSchema(metadata))
  const orders = metadata['sort-orders']
  const text = orderText(order)
  const same = orders.find(known => orderText(known) === text)
  if (same) {
    added.order = same['order-id']
    return metadata
  }
  const id = order.fields.length === 0 ? 0 : Math.max(0, ...orders.map(known => known['order-id'])) + 1
  added.order = id
  return { ...metadata, 'sort-orders': [...orders, { 'order-id': id, fields: order.fields }] }
}
