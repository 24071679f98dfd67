/**
 * Metadata files, `NNNNN-<uuid>.gz.metadata.json` under `<table>/metadata/`: gzip in the middle of the name, because
 * readers refuse `.metadata.json.gz`.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { Corrupt } from '../domain/errors.ts'
import { tableKey } from '../domain/names.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { cachePerStore } from './cache.ts'
import { keyOf } from './location.ts'
import type { Snapshot, TableMetadata } from './metadata.ts'

/** Metadata of the tables in use, by key: a file never changes. */
const CACHED_FILES = 32
const cacheOf = cachePerStore<TableMetadata>(CACHED_FILES)

/** Where a table's metadata, manifests and manifest lists stand. */
export function metadataPrefix(table: string): string {
  return `${tableKey(table)}/metadata/`
}

/** The key of the metadata file that follows `previousLocation`, or of the first. */
export function nextMetadataKey(table: string, previousLocation: string | undefined, uuid: string): string {
  const version = previousLocation === undefined ? -1 : versionOf(previousLocation)
  return `${metadataPrefix(table)}${String(version + 1).padStart(5, '0')}-${uuid}.gz.metadata.json`
}

function versionOf(location: string): number {
  return Number(/\/(\d+)-[^/]*$/.exec(location)?.[1] ?? 0)
}

/** Writes metadata under a key that nothing stands at. */
export async function writeMetadata(
  store: Pick<ObjectStore, 'put'>,
  key: string,
  metadata: TableMetadata,
): Promise<void> {
  // In this thread: some milliseconds at 1,500 snapshots, and a simulation's order of events stays that of its seed.
  await store.put(key, gzipSync(metadataText(metadata), { level: constants.Z_BEST_SPEED }))
  cacheOf(store).set(key, metadata, 1)
}

/** Snapshots as JSON text: a commit adds one to up to 1,500 that were written before. */
const snapshotTexts = new WeakMap<Snapshot, string>()

function metadataText(metadata: TableMetadata): string {
  const snapshots = metadata.snapshots.map(snapshot => {
    let text = snapshotTexts.get(snapshot)
    if (text === undefined) {
      text = JSON.stringify(snapshot)
      snapshotTexts.set(snapshot, text)
    }
    return text
  })
  const rest = JSON.stringify({ ...metadata, snapshots: undefined })
  return `${rest.slice(0, -1)},"snapshots":[${snapshots.join(',')}]}`
}

/** Reads metadata at an absolute location, gzip or plain. @throws Corrupt naming the key; NotFound */
export async function readMetadata(store: Pick<ObjectStore, 'root' | 'get'>, location: string): Promise<TableMetadata> {
  const key = keyOf(store, location)
  const cached = cacheOf(store).get(key)
  if (cached) return cached
  const bytes = await store.get(key)
  let metadata: TableMetadata
  try {
    const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : Buffer.from(bytes)
    metadata = withDefaults(JSON.parse(text.toString('utf8')))
  } catch (error) {
    throw new Corrupt(`Table metadata ${key} cannot be read: ${(error as Error).message}.`)
  }
  cacheOf(store).set(key, metadata, 1)
  return metadata
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
