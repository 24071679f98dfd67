/** Updates of a table's snapshots, branches and tags (spec, "Snapshots", "Snapshot Retention Policy"). Pure, no I/O. */
import type { Long } from '../../domain/exact-json.ts'
import { type AnyMetadata, type AnyRef, type AnySnapshot, MAIN, NO_SNAPSHOT } from './any-metadata.ts'
import { Invalid, RequirementFailed } from './refusals.ts'

/** @throws Invalid where the id is taken; RequirementFailed where somebody's snapshot came first */
export function addSnapshot(metadata: AnyMetadata, snapshot: AnySnapshot): AnyMetadata {
  const id = snapshot['snapshot-id']
  if (findSnapshot(metadata, id)) throw new Invalid(`Snapshot already exists for id: ${id}.`)
  const parent = snapshot['parent-snapshot-id']
  const schemaId = snapshot['schema-id']
  if (schemaId !== undefined && !metadata.schemas.some(schema => schema['schema-id'] === schemaId))
    throw new Invalid(`Snapshot ${id} has the schema ${schemaId}: there is none with this id.`)
  if (metadata['format-version'] === 1)
    return { ...metadata, 'last-updated-ms': later(metadata, snapshot), snapshots: [...metadata.snapshots, snapshot] }
  if (snapshot.summary?.operation === undefined)
    throw new Invalid(`Snapshot ${id} does not say its operation, as format version 2 requires.`)
  const sequence = snapshot['sequence-number'] ?? 0
  const last = metadata['last-sequence-number']
  if (sequence <= last && parent !== undefined)
    throw new RequirementFailed(
      `Cannot add snapshot with sequence number ${sequence} older than last sequence number ${last}: read the table again.`,
    )
  return {
    ...metadata,
    'last-sequence-number': sequence > last ? sequence : last,
    'last-updated-ms': later(metadata, snapshot),
    snapshots: [...metadata.snapshots, snapshot],
  }
}

/** A table's time never goes back, whatever the writers' clocks say. */
function later(metadata: AnyMetadata, { 'timestamp-ms': time }: AnySnapshot): number {
  return Math.max(metadata['last-updated-ms'], time)
}

/** @throws Invalid where there is no such snapshot, or main would be a tag */
export function setRef(metadata: AnyMetadata, name: string, ref: AnyRef): AnyMetadata {
  const id = ref['snapshot-id']
  const known = Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined
  const snapshot = findSnapshot(metadata, id)
  if (!snapshot) throw new Invalid(`Cannot set ${name} to unknown snapshot: ${id}.`)
  if (name === MAIN && ref.type !== 'branch') throw new Invalid('main is a branch: it cannot be a tag.')
  if (ref.type === 'tag' && (ref['max-snapshot-age-ms'] ?? ref['min-snapshots-to-keep']) !== undefined)
    throw new Invalid(
      `${name} is a tag: it keeps one snapshot, and has no max-snapshot-age-ms or min-snapshots-to-keep.`,
    )
  const refs = { ...metadata.refs, [name]: ref }
  if (name !== MAIN || known?.['snapshot-id'] === id) return { ...metadata, refs }
  // A snapshot that this commit made counts from its own time; one that is made current again, from now on.
  const isLast = metadata.snapshots.at(-1) === snapshot
  const time = isLast ? snapshot['timestamp-ms'] : Math.max(metadata['last-updated-ms'], snapshot['timestamp-ms'])
  return {
    ...metadata,
    refs,
    'current-snapshot-id': id,
    'snapshot-log': [...metadata['snapshot-log'], { 'snapshot-id': id, 'timestamp-ms': time }],
  }
}

export function removeRef(metadata: AnyMetadata, name: string): AnyMetadata {
  const refs = Object.fromEntries(Object.entries(metadata.refs).filter(([other]) => other !== name))
  // The log stays: a replaced table's history can still be read.
  return name === MAIN ? { ...metadata, refs, 'current-snapshot-id': NO_SNAPSHOT } : { ...metadata, refs }
}

/** Snapshots leave with the refs that name them, and the log with all that came before one that left (spec, "snapshot-log"). */
export function removeSnapshots(metadata: AnyMetadata, ids: readonly Long[]): AnyMetadata {
  const gone = new Set(ids.filter(id => findSnapshot(metadata, id)))
  if (gone.size === 0) return metadata
  if (gone.has(metadata['current-snapshot-id'])) throw new Invalid('The current snapshot cannot be removed.')
  const log = metadata['snapshot-log']
  const from = log.findLastIndex(entry => gone.has(entry['snapshot-id'])) + 1
  return {
    ...metadata,
    snapshots: metadata.snapshots.filter(snapshot => !gone.has(snapshot['snapshot-id'])),
    refs: Object.fromEntries(Object.entries(metadata.refs).filter(([, ref]) => !gone.has(ref['snapshot-id']))),
    'snapshot-log': log.slice(from),
    ...(metadata.statistics && { statistics: metadata.statistics.filter(each => !gone.has(each['snapshot-id'])) }),
    ...(metadata['partition-statistics'] && {
      'partition-statistics': metadata['partition-statistics'].filter(each => !gone.has(each['snapshot-id'])),
    }),
  }
}

export function findSnapshot({ snapshots }: AnyMetadata, id: Long): AnySnapshot | undefined {
  return snapshots.findLast(snapshot => snapshot['snapshot-id'] === id)
}
