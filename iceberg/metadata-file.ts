/**
 * Metadata files, `NNNNN-<uuid>.gz.metadata.json` under `<table>/metadata/`: gzip in the middle of the name, because
 * readers refuse `.metadata.json.gz`.
 */
import { gunzipSync } from 'node:zlib'
import { Corrupt } from '../domain/errors.ts'
import { tableKey } from '../domain/names.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { cachePerStore } from './cache.ts'
import { type GzipPart, gzipPart, joinGzip } from './gzip-parts.ts'
import { keyOf } from './location.ts'
import type { Snapshot, TableMetadata } from './table-metadata.ts'

/** Metadata of the tables in use, by key: a file never changes. */
const CACHED_FILES = 32
const cacheOf = cachePerStore<TableMetadata>(CACHED_FILES)
/** By the table's UUID what was read or written of it last: the next one has the same snapshots but for a few, and there may be thousands. */
const latestOf = cachePerStore<TableMetadata>(CACHED_FILES)

/** Where a table's metadata, manifests and manifest lists are. */
export function metadataPrefix(table: string): string {
  return `${tableKey(table)}/metadata/`
}

/** The key of the metadata file that follows `previousLocation`, or of the first. */
export function nextMetadataKey(table: string, previousLocation: string | undefined, uuid: string): string {
  return `${metadataPrefix(table)}${metadataFileName(previousLocation, uuid, true)}`
}

/** The name of the metadata file that follows `previousLocation`, or of the first. */
export function metadataFileName(previousLocation: string | undefined, uuid: string, gzip: boolean): string {
  const version = previousLocation === undefined ? 0 : versionOf(previousLocation) + 1
  return `${String(version).padStart(5, '0')}-${uuid}${gzip ? '.gz' : ''}.metadata.json`
}

/** The text of a metadata file, which is gzipped or plain. @throws Error where it is neither */
export function metadataText(bytes: Uint8Array): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  return (isGzip ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8')
}

/** The version in a metadata file's name; 0 where another writer named it. */
export function versionOf(location: string): number {
  return Number(/\/(\d+)-[^/]*$/.exec(location)?.[1] ?? 0)
}

/** Writes metadata under a fresh key. */
export async function writeMetadata(
  store: Pick<ObjectStore, 'put'>,
  key: string,
  metadata: TableMetadata,
): Promise<void> {
  await store.put(key, joinGzip(metadataParts(metadata)))
  remember(store, key, metadata)
}

function remember(store: object, key: string, metadata: TableMetadata): void {
  cacheOf(store).set(key, metadata, 1)
  latestOf(store).set(metadata['table-uuid'], metadata, 1)
}

/**
 * About one snapshot in this many ends a run: its id decides, so that runs stay the same when other snapshots come and
 * go.
 */
const RUN_SNAPSHOTS = 64

/** Compressed runs by their last snapshot: a commit adds one snapshot to as many as 1,500 that were written before. */
const runs = new WeakMap<Snapshot, { readonly snapshots: readonly Snapshot[]; readonly part: GzipPart }>()

const BEGIN = gzipPart('{"snapshots":[')

/** The snapshots come first: those after the last whole run, and all else, are one part, as each part takes a compressor of its own. */
function metadataParts(metadata: TableMetadata): GzipPart[] {
  const parts = [BEGIN]
  const last = metadata.snapshots.length - 1
  let from = 0
  for (let to = 1; to <= last; to++) {
    if (metadata.snapshots[to - 1]['snapshot-id'] % RUN_SNAPSHOTS !== 0) continue
    parts.push(compressedRun(metadata.snapshots.slice(from, to)))
    from = to
  }
  const left = metadata.snapshots.slice(from).map(snapshot => JSON.stringify(snapshot))
  const rest = JSON.stringify({ ...metadata, snapshots: undefined })
  parts.push(gzipPart(`${left}],${rest.slice(1)}`))
  return parts
}

/** Snapshots as JSON, a comma after each. */
function compressedRun(snapshots: readonly Snapshot[]): GzipPart {
  const last = snapshots[snapshots.length - 1]
  const known = runs.get(last)
  if (known?.snapshots.length === snapshots.length && known.snapshots.every((each, at) => each === snapshots[at]))
    return known.part
  const part = gzipPart(snapshots.map(snapshot => `${JSON.stringify(snapshot)},`).join(''))
  runs.set(last, { snapshots, part })
  return part
}

/** Reads metadata at an absolute location, gzip or plain. @throws Corrupt naming the key; NotFound */
export async function readMetadata(store: Pick<ObjectStore, 'root' | 'get'>, location: string): Promise<TableMetadata> {
  const key = keyOf(store, location)
  const cached = cacheOf(store).get(key)
  if (cached) return cached
  const bytes = await store.get(key)
  let metadata: TableMetadata
  try {
    const read = withDefaults(JSON.parse(metadataText(bytes)))
    metadata = sharing(read, latestOf(store).get(read['table-uuid']))
  } catch (error) {
    throw new Corrupt(`Table metadata ${key} cannot be read: ${(error as Error).message}.`)
  }
  remember(store, key, metadata)
  return metadata
}

/** The same metadata, with what the earlier one has of its lists: several versions of a table in use are hardly larger than one. */
function sharing(metadata: TableMetadata, earlier: TableMetadata | undefined): TableMetadata {
  if (!earlier) return metadata
  const [snapshots, snapshotLog, metadataLog] = ['snapshots', 'snapshot-log', 'metadata-log'] as const
  return {
    ...metadata,
    [snapshots]: shared(metadata[snapshots], earlier[snapshots], ['snapshot-id', 'timestamp-ms', 'manifest-list']),
    [snapshotLog]: shared(metadata[snapshotLog], earlier[snapshotLog], ['snapshot-id', 'timestamp-ms']),
    [metadataLog]: shared(metadata[metadataLog], earlier[metadataLog], ['metadata-file', 'timestamp-ms']),
  }
}

/** The items, those of `earlier` in the place of their likes: where the first of the fields is the same, and so are the others. */
function shared<T>(items: readonly T[], earlier: readonly T[], fields: readonly (keyof T)[]): readonly T[] {
  const known = new Map(earlier.map(item => [item[fields[0]], item]))
  return items.map(item => {
    const same = known.get(item[fields[0]])
    return same && fields.every(field => same[field] === item[field]) ? same : item
  })
}

/** Fields that the spec lets a writer leave out; and the ids, which JSON.parse may have rounded. */
function withDefaults(metadata: TableMetadata): TableMetadata {
  if (metadata['format-version'] !== 2)
    throw new Error(`its format version is ${metadata['format-version']}, tradelake writes 2`)
  const snapshots = metadata.snapshots ?? []
  for (const snapshot of snapshots)
    if (!Number.isSafeInteger(snapshot['snapshot-id']))
      throw new Error(`a snapshot id is not below 2^53 (${snapshot['snapshot-id']}), so another writer made it`)
  return {
    ...metadata,
    'current-snapshot-id': metadata['current-snapshot-id'] ?? -1,
    properties: metadata.properties ?? {},
    refs: metadata.refs ?? {},
    snapshots,
    'snapshot-log': metadata['snapshot-log'] ?? [],
    'metadata-log': metadata['metadata-log'] ?? [],
  }
}
