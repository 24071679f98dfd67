/** Metadata of a new table, as a client asks for it (REST catalog specification, CreateTableRequest). Pure, no I/O. */
import { FIRST_PARTITION_ID } from '../schema.ts'
import { type AnyMetadata, type AnySchema, type AnySortOrder, type AnySpec, NO_SNAPSHOT } from './any-metadata.ts'
import { Invalid } from './refusals.ts'
import { highestId, requireSchema, requireSortOrder, requireSpec, withFreshIds } from './schemas.ts'

export interface NewTable {
  readonly schema: AnySchema
  readonly 'partition-spec'?: AnySpec | null
  readonly 'write-order'?: AnySortOrder | null
  readonly properties?: Readonly<Record<string, string>> | null
}

/** Where and when a table is made. */
export interface TablePlace {
  readonly location: string
  readonly uuid: string
  readonly nowMs: number
}

const DEFAULT_FORMAT = 2
/** Properties that ask for something and are not kept (Java, TableProperties.RESERVED_PROPERTIES). */
export const RESERVED = new Set([
  ...['format-version', 'uuid', 'snapshot-count', 'current-snapshot-summary', 'current-snapshot-id'],
  ...['current-snapshot-timestamp-ms', 'current-schema', 'default-partition-spec', 'default-sort-order'],
])

/** @throws Invalid */
export function createMetadata(
  { schema: wanted, 'partition-spec': spec, 'write-order': order, properties }: NewTable,
  { location, uuid, nowMs }: TablePlace,
): AnyMetadata {
  const format = formatOf(properties?.['format-version'])
  requireSchema(wanted)
  requireSpec(spec ?? { fields: [] }, wanted)
  requireSortOrder(order ?? { fields: [] }, wanted)
  const { schema, ids } = withFreshIds(wanted)
  const rebound = <Field extends { readonly 'source-id': number }>(field: Field): Field => ({
    ...field,
    'source-id': ids.get(field['source-id']) ?? field['source-id'],
  })
  const specFields = (spec?.fields ?? []).map((field, at) => ({
    ...rebound(field),
    'field-id': FIRST_PARTITION_ID + at,
  }))
  const sortFields = (order?.fields ?? []).map(rebound)
  const orderId = sortFields.length === 0 ? 0 : 1
  return {
    'format-version': format,
    'table-uuid': uuid,
    location,
    'last-sequence-number': 0,
    'last-updated-ms': nowMs,
    'last-column-id': highestId(schema),
    'current-schema-id': 0,
    schemas: [{ ...schema, 'schema-id': 0 }],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: specFields }],
    'last-partition-id': FIRST_PARTITION_ID - 1 + specFields.length,
    'default-sort-order-id': orderId,
    'sort-orders': [{ 'order-id': orderId, fields: sortFields }],
    properties: Object.fromEntries(Object.entries(properties ?? {}).filter(([name]) => !RESERVED.has(name))),
    'current-snapshot-id': NO_SNAPSHOT,
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  }
}

/** A table that has nothing yet: what a staged create's updates are made on. */
export function emptyMetadata({ format, ...place }: TablePlace & { readonly format: number }): AnyMetadata {
  const made = createMetadata({ schema: { type: 'struct', fields: [] } }, place)
  return { ...made, 'format-version': format, schemas: [], 'partition-specs': [], 'sort-orders': [] }
}

/** The format version that a text asks for. @throws Invalid */
export function formatOf(text: string | undefined): number {
  const version = text === undefined ? DEFAULT_FORMAT : Number(text)
  if (version === 1 || version === 2) return version
  if (Number.isInteger(version) && version > 2)
    throw new Invalid(
      `Format version ${version} is not supported: this catalog keeps tables of version 2, which every engine reads.`,
    )
  throw new Invalid(`The property format-version is ${text}: give 2.`)
}
