/**
 * A commit's updates, applied in order to a table's metadata (REST catalog specification, TableUpdate; the rules are those of Java's
 * TableMetadata.Builder, where the specification is silent). Pure, no I/O.
 */
import type { Long } from '../../domain/exact-json.ts'
import {
  type AnyMetadata,
  type AnyRef,
  type AnySchema,
  type AnySnapshot,
  type AnySortOrder,
  type AnySpec,
  MAIN,
  type Statistics,
} from './any-metadata.ts'
import { RESERVED } from './create.ts'
import { type Added, addSchema, addSortOrder, addSpec, lastOr, requireThere, setCurrentSchema } from './layout.ts'
import { Invalid } from './refusals.ts'
import { addSnapshot, findSnapshot, removeRef, removeSnapshots, setRef } from './snapshots.ts'

export type TableUpdate =
  | { readonly action: 'assign-uuid'; readonly uuid: string }
  | { readonly action: 'upgrade-format-version'; readonly 'format-version': number }
  | { readonly action: 'add-schema'; readonly schema: AnySchema }
  | { readonly action: 'set-current-schema'; readonly 'schema-id': number }
  | { readonly action: 'add-spec'; readonly spec: AnySpec }
  | { readonly action: 'set-default-spec'; readonly 'spec-id': number }
  | { readonly action: 'add-sort-order'; readonly 'sort-order': AnySortOrder }
  | { readonly action: 'set-default-sort-order'; readonly 'sort-order-id': number }
  | { readonly action: 'add-snapshot'; readonly snapshot: AnySnapshot }
  | ({ readonly action: 'set-snapshot-ref'; readonly 'ref-name': string } & AnyRef)
  | { readonly action: 'remove-snapshots'; readonly 'snapshot-ids': readonly Long[] }
  | { readonly action: 'remove-snapshot-ref'; readonly 'ref-name': string }
  | { readonly action: 'set-location'; readonly location: string }
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: 'remove-properties'; readonly removals: readonly string[] }
  | { readonly action: 'set-statistics'; readonly statistics: Statistics }
  | { readonly action: 'remove-statistics'; readonly 'snapshot-id': Long }
  | { readonly action: 'set-partition-statistics'; readonly 'partition-statistics': Statistics }
  | { readonly action: 'remove-partition-statistics'; readonly 'snapshot-id': Long }
  | { readonly action: 'remove-partition-specs'; readonly 'spec-ids': readonly number[] }
  | { readonly action: 'remove-schemas'; readonly 'schema-ids': readonly number[] }

/**
 * The metadata after all updates, without its history (see `withCommit`).
 * @throws Invalid naming what no table can become
 */
export function applyUpdates(metadata: AnyMetadata, updates: readonly TableUpdate[]): AnyMetadata {
  const added: Added = { snapshots: new Set() }
  let changed = metadata
  for (const update of updates) changed = apply(changed, update, added)
  if (changed.schemas.length === 0) throw new Invalid('The table would have no schema: add one.')
  // A spec or an order that nobody gave is the empty one.
  if (changed['partition-specs'].length === 0)
    changed = { ...changed, 'partition-specs': [{ 'spec-id': 0, fields: [] }], 'default-spec-id': 0 }
  if (changed['sort-orders'].length === 0)
    changed = { ...changed, 'sort-orders': [{ 'order-id': 0, fields: [] }], 'default-sort-order-id': 0 }
  return withoutPassing(changed, metadata, added.snapshots)
}

function apply(metadata: AnyMetadata, update: TableUpdate, added: Added): AnyMetadata {
  switch (update.action) {
    case 'assign-uuid':
      // A table has its first schema from the commit that makes it.
      if (metadata.schemas.length > 0 && update.uuid !== metadata['table-uuid'])
        throw new Invalid('Cannot reassign the UUID of a table.')
      return { ...metadata, 'table-uuid': update.uuid }
    case 'upgrade-format-version':
      return upgrade(metadata, update['format-version'])
    case 'add-schema':
      return addSchema(metadata, update.schema, added)
    case 'set-current-schema':
      return setCurrentSchema(metadata, lastOr(update['schema-id'], added.schema, 'schema'))
    case 'add-spec':
      return addSpec(metadata, update.spec, added)
    case 'set-default-spec': {
      const id = lastOr(update['spec-id'], added.spec, 'partition spec')
      requireThere(
        metadata['partition-specs'].map(spec => spec['spec-id']),
        id,
        'partition spec',
      )
      return { ...metadata, 'default-spec-id': id }
    }
    case 'add-sort-order':
      return addSortOrder(metadata, update['sort-order'], added)
    case 'set-default-sort-order': {
      const id = lastOr(update['sort-order-id'], added.order, 'sort order')
      requireThere(
        metadata['sort-orders'].map(order => order['order-id']),
        id,
        'sort order',
      )
      return { ...metadata, 'default-sort-order-id': id }
    }
    case 'add-snapshot':
      added.snapshots.add(update.snapshot['snapshot-id'])
      return addSnapshot(metadata, update.snapshot)
    case 'set-snapshot-ref': {
      const { action: _, 'ref-name': name, ...ref } = update
      return setRef(metadata, name, ref)
    }
    case 'remove-snapshot-ref':
      return removeRef(metadata, update['ref-name'])
    case 'remove-snapshots':
      return removeSnapshots(metadata, update['snapshot-ids'])
    case 'set-location':
      return { ...metadata, location: update.location.replace(/\/+$/, '') }
    case 'set-properties':
      return setProperties(metadata, update.updates)
    case 'remove-properties': {
      const gone = new Set(update.removals)
      const left = Object.entries(metadata.properties).filter(([name]) => !gone.has(name))
      return { ...metadata, properties: Object.fromEntries(left) }
    }
    case 'set-statistics':
      requireSnapshot(metadata, update.statistics)
      return { ...metadata, statistics: [...without(metadata.statistics, update.statistics), update.statistics] }
    case 'remove-statistics':
      return { ...metadata, statistics: without(metadata.statistics, update) }
    case 'set-partition-statistics': {
      const statistics = update['partition-statistics']
      requireSnapshot(metadata, statistics)
      return {
        ...metadata,
        'partition-statistics': [...without(metadata['partition-statistics'], statistics), statistics],
      }
    }
    case 'remove-partition-statistics':
      return { ...metadata, 'partition-statistics': without(metadata['partition-statistics'], update) }
    case 'remove-partition-specs': {
      const ids = new Set(update['spec-ids'])
      if (ids.has(metadata['default-spec-id'])) throw new Invalid('The default partition spec cannot be removed.')
      return { ...metadata, 'partition-specs': metadata['partition-specs'].filter(spec => !ids.has(spec['spec-id'])) }
    }
    case 'remove-schemas': {
      const ids = new Set(update['schema-ids'])
      if (ids.has(metadata['current-schema-id'])) throw new Invalid('The current schema cannot be removed.')
      return { ...metadata, schemas: metadata.schemas.filter(schema => !ids.has(schema['schema-id'])) }
    }
  }
}

function requireSnapshot(metadata: AnyMetadata, { 'snapshot-id': id }: Statistics): void {
  if (!findSnapshot(metadata, id)) throw new Invalid(`Cannot set statistics of unknown snapshot: ${id}.`)
}

function without(list: readonly Statistics[] = [], { 'snapshot-id': id }: Statistics): readonly Statistics[] {
  return list.filter(each => each['snapshot-id'] !== id)
}

function upgrade(metadata: AnyMetadata, version: number): AnyMetadata {
  if (version > 2)
    throw new Invalid(
      `Cannot upgrade to format version ${version}: this catalog keeps tables of version 2, which every engine reads.`,
    )
  if (version < metadata['format-version'])
    throw new Invalid(`Cannot downgrade format version ${metadata['format-version']} to ${version}.`)
  return { ...metadata, 'format-version': version }
}

function setProperties(metadata: AnyMetadata, updates: Readonly<Record<string, string>>): AnyMetadata {
  const asked = updates['format-version']
  const kept = Object.entries(updates).filter(([name]) => !RESERVED.has(name))
  const changed = { ...metadata, properties: { ...metadata.properties, ...Object.fromEntries(kept) } }
  return asked === undefined ? changed : upgrade(changed, Number(asked))
}

/** Snapshots that a commit made current and then replaced were never seen by anybody: the log does not name them. */
function withoutPassing(changed: AnyMetadata, before: AnyMetadata, made: ReadonlySet<Long>): AnyMetadata {
  const current = changed.refs[MAIN]?.['snapshot-id']
  const old = new Set(before['snapshot-log'])
  const log = changed['snapshot-log'].filter(
    entry => old.has(entry) || !made.has(entry['snapshot-id']) || entry['snapshot-id'] === current,
  )
  return log.length === changed['snapshot-log'].length ? changed : { ...changed, 'snapshot-log': log }
}
