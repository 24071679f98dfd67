/**
 * Metadata of views and its updates (Iceberg view specification, version 1; REST catalog specification, ViewUpdate; where they are silent
 * the rules are those of Java's ViewMetadata.Builder). Pure, no I/O.
 */
import { isDeepStrictEqual } from 'node:util'
import { wholeNumber } from '../snapshot-retention.ts'
import type { AnySchema } from './any-metadata.ts'
import { Invalid } from './refusals.ts'
import { failed, type Requirement } from './requirements.ts'
import { requireSchema } from './schemas.ts'

export interface ViewVersion {
  readonly 'version-id': number
  readonly 'schema-id': number
  /** Milliseconds since 1970. */
  readonly 'timestamp-ms': number
  readonly summary: Readonly<Record<string, string>>
  readonly representations: readonly { readonly type: string; readonly sql?: string; readonly dialect?: string }[]
  readonly 'default-catalog'?: string | null
  readonly 'default-namespace': readonly string[]
}

export interface ViewMetadata {
  readonly 'view-uuid': string
  readonly 'format-version': 1
  readonly location: string
  readonly schemas: readonly (AnySchema & { readonly 'schema-id': number })[]
  readonly 'current-version-id': number
  readonly versions: readonly ViewVersion[]
  readonly 'version-log': readonly { readonly 'timestamp-ms': number; readonly 'version-id': number }[]
  readonly properties: Readonly<Record<string, string>>
}

export type ViewUpdate =
  | { readonly action: 'assign-uuid'; readonly uuid: string }
  | { readonly action: 'upgrade-format-version'; readonly 'format-version': number }
  | { readonly action: 'add-schema'; readonly schema: AnySchema }
  | { readonly action: 'set-location'; readonly location: string }
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: 'remove-properties'; readonly removals: readonly string[] }
  | { readonly action: 'add-view-version'; readonly 'view-version': ViewVersion }
  | { readonly action: 'set-current-view-version'; readonly 'view-version-id': number }

const LAST_ADDED = -1
const DEFAULT_HISTORY = 10

/** Metadata of a new view. @throws Invalid */
export function createView(
  wanted: {
    readonly schema: AnySchema
    readonly 'view-version': ViewVersion
    readonly properties?: Readonly<Record<string, string>> | null
  },
  { location, uuid }: { readonly location: string; readonly uuid: string },
): ViewMetadata {
  const empty: ViewMetadata = {
    ...{ 'view-uuid': uuid, 'format-version': 1, location, schemas: [], 'current-version-id': LAST_ADDED },
    ...{ versions: [], 'version-log': [], properties: wanted.properties ?? {} },
  }
  return applyViewUpdates(empty, [
    { action: 'add-schema', schema: wanted.schema },
    { action: 'add-view-version', 'view-version': { ...wanted['view-version'], 'schema-id': LAST_ADDED } },
    { action: 'set-current-view-version', 'view-version-id': LAST_ADDED },
  ])
}

/** @throws RequirementFailed, Invalid */
export function requireView(requirements: readonly Requirement[], { 'view-uuid': uuid }: ViewMetadata): void {
  for (const requirement of requirements) {
    if (requirement.type === 'assert-create') throw failed('view already exists')
    if (requirement.type !== 'assert-view-uuid')
      throw new Invalid(`A view has no ${requirement.type}: assert-view-uuid is what it can be asked for.`)
    if (requirement.uuid.toLowerCase() !== uuid.toLowerCase())
      throw failed(`view UUID does not match: expected ${uuid} != ${requirement.uuid}`)
  }
}

interface Added {
  schema?: number
  version?: number
}

/** The metadata after all updates, in order. @throws Invalid naming what no view can become */
export function applyViewUpdates(view: ViewMetadata, updates: readonly ViewUpdate[]): ViewMetadata {
  const added: Added = {}
  let changed = view
  for (const update of updates) changed = apply(changed, update, added)
  if (changed.versions.length === 0) throw new Invalid('The view would have no version: add one.')
  if (dropsDialect(view, changed) && changed.properties['replace.drop-dialect.allowed'] !== 'true')
    throw new Invalid(
      `Cannot replace view due to loss of view dialects (replace.drop-dialect.allowed=false): ${dialects(view)} became ${dialects(changed)}.`,
    )
  return withoutOld(changed, added)
}

function apply(view: ViewMetadata, update: ViewUpdate, added: Added): ViewMetadata {
  switch (update.action) {
    case 'assign-uuid':
      if (update.uuid !== view['view-uuid'] && view.versions.length > 0)
        throw new Invalid('Cannot reassign the UUID of a view.')
      return { ...view, 'view-uuid': update.uuid }
    case 'upgrade-format-version':
      if (update['format-version'] !== 1)
        throw new Invalid(`Cannot make a view of format version ${update['format-version']}: there is only 1.`)
      return view
    case 'set-location':
      return { ...view, location: update.location.replace(/\/+$/, '') }
    case 'set-properties':
      return { ...view, properties: { ...view.properties, ...update.updates } }
    case 'remove-properties': {
      const left = Object.entries(view.properties).filter(([name]) => !update.removals.includes(name))
      return { ...view, properties: Object.fromEntries(left) }
    }
    case 'add-schema':
      return addSchema(view, update.schema, added)
    case 'add-view-version':
      return addVersion(view, update['view-version'], added)
    case 'set-current-view-version':
      return setCurrent(view, update['view-version-id'], added)
  }
}

function addSchema(view: ViewMetadata, schema: AnySchema, added: Added): ViewMetadata {
  requireSchema(schema)
  const same = view.schemas.find(known => isDeepStrictEqual(known.fields, schema.fields))
  added.schema = same?.['schema-id'] ?? Math.max(-1, ...view.schemas.map(known => known['schema-id'])) + 1
  return same ? view : { ...view, schemas: [...view.schemas, { ...schema, 'schema-id': added.schema }] }
}

function addVersion(view: ViewMetadata, version: ViewVersion, added: Added): ViewMetadata {
  const schemaId = version['schema-id'] === LAST_ADDED ? added.schema : version['schema-id']
  if (schemaId === undefined)
    throw new Invalid('Cannot set last added schema: no schema has been added by this commit.')
  if (!view.schemas.some(schema => schema['schema-id'] === schemaId))
    throw new Invalid(`Cannot add version with unknown schema: ${schemaId}.`)
  const seen = new Set<string>()
  for (const { type, dialect = '' } of version.representations) {
    if (type !== 'sql') throw new Invalid(`A view's representation is of type ${type}: there is only sql.`)
    if (seen.has(dialect.toLowerCase()))
      throw new Invalid(
        `Invalid view version: Cannot add multiple queries for dialect ${dialect.toLowerCase()}.`,
        'IllegalArgumentException',
      )
    seen.add(dialect.toLowerCase())
  }
  const wanted = { ...version, 'schema-id': schemaId }
  const same = view.versions.find(known => isDeepStrictEqual(contentOf(known), contentOf(wanted)))
  if (same) {
    added.version = same['version-id']
    return view
  }
  const taken = view.versions.some(known => known['version-id'] === wanted['version-id'])
  const highest = Math.max(0, ...view.versions.map(known => known['version-id']))
  const id = taken || wanted['version-id'] < 1 ? highest + 1 : wanted['version-id']
  added.version = id
  return { ...view, versions: [...view.versions, { ...wanted, 'version-id': id }] }
}

/** What makes two versions the same: all but the id and the time. */
function contentOf(version: ViewVersion) {
  const { 'version-id': _, 'timestamp-ms': __, ...content } = version
  return { ...content, 'default-catalog': content['default-catalog'] ?? null }
}

function setCurrent(view: ViewMetadata, id: number, added: Added): ViewMetadata {
  const wanted = id === LAST_ADDED ? added.version : id
  const version = view.versions.find(known => known['version-id'] === wanted)
  if (!version) throw new Invalid(`Cannot set current version to unknown version: ${wanted ?? id}.`)
  if (view['current-version-id'] === wanted) return view
  const time = Math.max(version['timestamp-ms'], view['version-log'].at(-1)?.['timestamp-ms'] ?? 0)
  const entry = { 'timestamp-ms': time, 'version-id': version['version-id'] }
  return { ...view, 'current-version-id': version['version-id'], 'version-log': [...view['version-log'], entry] }
}

function dialects(view: ViewMetadata): string {
  const version = view.versions.find(known => known['version-id'] === view['current-version-id'])
  return (version?.representations ?? [])
    .map(({ dialect = '' }) => dialect.toLowerCase())
    .sort()
    .join(', ')
}

function dropsDialect(before: ViewMetadata, after: ViewMetadata): boolean {
  const left = new Set(dialects(after).split(', '))
  return (
    before.versions.length > 0 &&
    dialects(before)
      .split(', ')
      .some(dialect => !left.has(dialect))
  )
}

/** The newest versions, as many as the view keeps, and the current one; the log begins where a version is known again. */
function withoutOld(view: ViewMetadata, { version: latest }: Added): ViewMetadata {
  const most = wholeNumber(view.properties['version.history.num-entries'], DEFAULT_HISTORY)
  if (view.versions.length <= most) return view
  const kept = new Set(
    view.versions
      .filter(version => version['version-id'] !== view['current-version-id'])
      .sort((a, b) => b['version-id'] - a['version-id'])
      .slice(0, most - 1)
      .map(version => version['version-id']),
  )
  kept.add(view['current-version-id'])
  if (latest !== undefined) kept.add(latest)
  const from = view['version-log'].findLastIndex(entry => !kept.has(entry['version-id'])) + 1
  return {
    ...view,
    versions: view.versions.filter(version => kept.has(version['version-id'])),
    'version-log': view['version-log'].slice(from),
  }
}
