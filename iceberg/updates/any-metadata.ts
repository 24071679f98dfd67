/**
 * Metadata of tables that anybody made, as the REST catalog keeps it: types as in the spec ("Appendix C: JSON serialization"), ids of 64
 * bits, and whatever else a writer put there. Our own tables' metadata (table-metadata.ts) is a narrower kind of it.
 */
import type { Long } from '../../domain/exact-json.ts'

export interface AnyField {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: AnyType
  readonly doc?: string
}

export type AnyType = string | AnyStruct | AnyList | AnyMap

export interface AnyStruct {
  readonly type: 'struct'
  readonly fields: readonly AnyField[]
}

interface AnyList {
  readonly type: 'list'
  readonly 'element-id': number
  readonly element: AnyType
  readonly 'element-required': boolean
}

interface AnyMap {
  readonly type: 'map'
  readonly 'key-id': number
  readonly key: AnyType
  readonly 'value-id': number
  readonly value: AnyType
  readonly 'value-required': boolean
}

export interface AnySchema extends AnyStruct {
  readonly 'schema-id'?: number
  readonly 'identifier-field-ids'?: readonly number[]
}

export interface AnySpecField {
  readonly 'source-id': number
  readonly 'field-id'?: number
  readonly name: string
  readonly transform: string
}

export interface AnySpec {
  readonly 'spec-id'?: number
  readonly fields: readonly AnySpecField[]
}

export interface AnySortField {
  readonly 'source-id': number
  readonly transform: string
  readonly direction: string
  readonly 'null-order': string
}

export interface AnySortOrder {
  readonly 'order-id'?: number
  readonly fields: readonly AnySortField[]
}

export interface AnySnapshot {
  readonly 'snapshot-id': Long
  readonly 'parent-snapshot-id'?: Long
  readonly 'sequence-number'?: Long
  /** Milliseconds since 1970. */
  readonly 'timestamp-ms': number
  readonly 'manifest-list'?: string
  readonly summary?: Readonly<Record<string, string>>
  readonly 'schema-id'?: number
}

export interface AnyRef {
  readonly 'snapshot-id': Long
  readonly type: 'branch' | 'tag'
  readonly 'max-ref-age-ms'?: Long
  readonly 'max-snapshot-age-ms'?: Long
  readonly 'min-snapshots-to-keep'?: number
}

export interface Statistics {
  readonly 'snapshot-id': Long
}

export interface AnyMetadata {
  readonly 'format-version': number
  readonly 'table-uuid': string
  readonly location: string
  readonly 'last-sequence-number': Long
  readonly 'last-updated-ms': number
  readonly 'last-column-id': number
  readonly 'current-schema-id': number
  readonly schemas: readonly (AnySchema & { readonly 'schema-id': number })[]
  readonly 'default-spec-id': number
  readonly 'partition-specs': readonly (AnySpec & { readonly 'spec-id': number })[]
  readonly 'last-partition-id': number
  readonly 'default-sort-order-id': number
  readonly 'sort-orders': readonly (AnySortOrder & { readonly 'order-id': number })[]
  readonly properties: Readonly<Record<string, string>>
  /** -1 where the table has no snapshot. */
  readonly 'current-snapshot-id': Long
  readonly refs: Readonly<Record<string, AnyRef>>
  readonly snapshots: readonly AnySnapshot[]
  readonly 'snapshot-log': readonly { readonly 'snapshot-id': Long; readonly 'timestamp-ms': number }[]
  readonly 'metadata-log': readonly { readonly 'metadata-file': string; readonly 'timestamp-ms': number }[]
  readonly statistics?: readonly Statistics[]
  readonly 'partition-statistics'?: readonly Statistics[]
}

/** No snapshot, as `current-snapshot-id`. */
export const NO_SNAPSHOT = -1
export const MAIN = 'main'

export function currentSchema(metadata: AnyMetadata): AnySchema {
  const found = metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id'])
  return found ?? { type: 'struct', fields: [] }
}

/** Every field of a schema with the names that lead to it, nested ones too; elements, keys and values of collections have those names. */
export function* fieldsOf(
  struct: AnyStruct,
  path = '',
): Generator<{ readonly id: number; readonly path: string; readonly type: AnyType }> {
  for (const field of struct.fields) yield* typeFields(field.id, `${path}${field.name}`, field.type)
}

function* typeFields(
  id: number,
  path: string,
  type: AnyType,
): Generator<{ readonly id: number; readonly path: string; readonly type: AnyType }> {
  yield { id, path, type }
  if (typeof type === 'string') return
  if (type.type === 'struct') yield* fieldsOf(type, `${path}.`)
  else if (type.type === 'list') yield* typeFields(type['element-id'], `${path}.element`, type.element)
  else {
    yield* typeFields(type['key-id'], `${path}.key`, type.key)
    yield* typeFields(type['value-id'], `${path}.value`, type.value)
  }
}
