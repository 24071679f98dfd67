/**
 * What a writer says the table must still be for its commit to count (Iceberg REST catalog specification, TableRequirement and
 * ViewRequirement). The texts are those of Java's UpdateRequirement, which clients' users know.
 */
import type { Long } from '../../domain/exact-json.ts'
import type { AnyMetadata } from './any-metadata.ts'
import { Invalid, RequirementFailed } from './refusals.ts'

export type Requirement =
  | { readonly type: 'assert-create' }
  | { readonly type: 'assert-table-uuid'; readonly uuid: string }
  | { readonly type: 'assert-view-uuid'; readonly uuid: string }
  | { readonly type: 'assert-ref-snapshot-id'; readonly ref: string; readonly 'snapshot-id'?: Long | null }
  | { readonly type: 'assert-last-assigned-field-id'; readonly 'last-assigned-field-id': number }
  | { readonly type: 'assert-current-schema-id'; readonly 'current-schema-id': number }
  | { readonly type: 'assert-last-assigned-partition-id'; readonly 'last-assigned-partition-id': number }
  | { readonly type: 'assert-default-spec-id'; readonly 'default-spec-id': number }
  | { readonly type: 'assert-default-sort-order-id'; readonly 'default-sort-order-id': number }

/** `metadata`: undefined where there is no such table. @throws RequirementFailed, Invalid */
export function requireAll(requirements: readonly Requirement[], metadata: AnyMetadata | undefined): void {
  for (const requirement of requirements) {
    if (requirement.type === 'assert-create') {
      if (metadata) throw failed('table already exists')
    } else if (!metadata) throw failed('the table does not exist')
    else requireOne(requirement, metadata)
  }
}

const ASSIGNED = {
  'assert-last-assigned-field-id': ['last-assigned-field-id', 'last-column-id', 'last assigned field id'],
  'assert-current-schema-id': ['current-schema-id', 'current-schema-id', 'current schema'],
  'assert-last-assigned-partition-id': [
    'last-assigned-partition-id',
    'last-partition-id',
    'last assigned partition id',
  ],
  'assert-default-spec-id': ['default-spec-id', 'default-spec-id', 'default partition spec'],
  'assert-default-sort-order-id': ['default-sort-order-id', 'default-sort-order-id', 'default sort order'],
} as const

function requireOne(requirement: Exclude<Requirement, { type: 'assert-create' }>, metadata: AnyMetadata): void {
  switch (requirement.type) {
    case 'assert-table-uuid':
      if (requirement.uuid.toLowerCase() !== metadata['table-uuid'].toLowerCase())
        throw failed(`UUID does not match: expected ${metadata['table-uuid']} != ${requirement.uuid}`)
      return
    case 'assert-ref-snapshot-id':
      requireRef(requirement, metadata)
      return
    case 'assert-view-uuid':
      throw new Invalid('A table has no view UUID: assert-table-uuid is what it can be asked for.')
    default: {
      const [name, field, words] = ASSIGNED[requirement.type]
      const expected = (requirement as unknown as Record<string, number>)[name]
      if (metadata[field] !== expected) throw failed(`${words} changed: expected id ${expected} != ${metadata[field]}`)
    }
  }
}

function requireRef(
  { ref: name, 'snapshot-id': id = null }: Extract<Requirement, { type: 'assert-ref-snapshot-id' }>,
  { refs }: AnyMetadata,
): void {
  const ref = Object.hasOwn(refs, name) ? refs[name] : undefined
  if (!ref && id !== null) throw failed(`branch or tag ${name} is missing, expected ${id}`)
  if (ref && id === null) throw failed(`${ref.type} ${name} was created concurrently`)
  if (ref && ref['snapshot-id'] !== id)
    throw failed(`${ref.type} ${name} has changed: expected id ${id} != ${ref['snapshot-id']}`)
}

/** A failed requirement by its words. */
export function failed(what: string): RequirementFailed {
  return new RequirementFailed(`Requirement failed: ${what}`)
}
