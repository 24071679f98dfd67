/**
 * A snapshot's manifests, read through a bounded cache. Objects are immutable, so what a commit wrote is never read
 * again by the process that wrote it.
 */
import { Corrupt, NotFound } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { cachePerStore } from './cache.ts'
import { keyOf } from './location.ts'
import { type ManifestEntry, type ManifestShape, manifestShape, readManifest } from './manifest.ts'
import { type ManifestFile, readManifestList } from './manifest-list.ts'
import { type PackedEntry, packed } from './packed-files.ts'
import { bindSpec } from './partitions.ts'
import type { IcebergSchema } from './schema.ts'
import type { Snapshot, TableMetadata } from './table-metadata.ts'

type ReadStore = Pick<ObjectStore, 'root' | 'get'>

/** Some eight thousand entries. A listed manifest takes half a KB. */
const CACHED_ENTRIES_BYTES = 12 * 1024 * 1024
const CACHED_LISTED = 5_000
const entriesOf = cachePerStore<readonly PackedEntry[]>(CACHED_ENTRIES_BYTES)
const listsOf = cachePerStore<readonly ManifestFile[]>(CACHED_LISTED)

/** The manifests of a snapshot, newest first. @throws Corrupt naming the key */
export async function readManifests(store: ReadStore, snapshot: Snapshot): Promise<readonly ManifestFile[]> {
  const key = keyOf(store, snapshot['manifest-list'])
  const cached = listsOf(store).get(key)
  if (cached) return cached
  const manifests = readManifestList(await getListed(store, key), key)
  listsOf(store).set(key, manifests, manifests.length + 1)
  return manifests
}

/** The entries of a manifest, nothing inherited yet. @throws Corrupt naming the key */
export async function readEntries(store: ReadStore, manifest: ManifestFile): Promise<readonly PackedEntry[]> {
  const key = keyOf(store, manifest.manifest_path)
  return entriesOf(store).once(key, async () => packed(readManifest(await getListed(store, key), key)))
}

/** Reads an object that metadata names: it existed when the metadata was written. */
async function getListed(store: ReadStore, key: string): Promise<Uint8Array> {
  try {
    return await store.get(key)
  } catch (error) {
    if (error instanceof NotFound) throw new Corrupt(`A snapshot names ${key}, but there is no such object.`)
    throw error
  }
}

export function rememberManifests(store: object, key: string, manifests: readonly ManifestFile[]): void {
  listsOf(store).set(key, manifests, manifests.length + 1)
}

export function rememberEntries(store: object, key: string, entries: readonly ManifestEntry[]): void {
  const { value, weight } = packed(entries)
  entriesOf(store).set(key, value, weight)
}

const shapes = new WeakMap<readonly IcebergSchema[], ManifestShape>()

/** What the manifests of a table have in common. @throws Corrupt where the table has a spec that tradelake does not write */
export function shapeOf(metadata: TableMetadata): ManifestShape {
  // Metadata made from other metadata of the table carries the same array of schemas.
  let shape = shapes.get(metadata.schemas)
  if (shape) return shape
  const schema = currentSchema(metadata)
  const spec = metadata['partition-specs'].find(candidate => candidate['spec-id'] === metadata['default-spec-id'])
  try {
    if (spec?.['spec-id'] !== 0) throw new Error('its partition spec was changed')
    shape = manifestShape(schema, spec, bindSpec(schema, spec), metadata['default-sort-order-id'])
  } catch (error) {
    throw new Corrupt(`Table ${metadata.location} cannot be used: ${(error as Error).message}.`)
  }
  shapes.set(metadata.schemas, shape)
  return shape
}

/** The schema that new snapshots are written with. @throws Corrupt where the metadata lacks it */
export function currentSchema(metadata: TableMetadata): IcebergSchema {
  const schema = metadata.schemas.find(candidate => candidate['schema-id'] === metadata['current-schema-id'])
  if (!schema) throw new Corrupt(`Table ${metadata.location} lacks its current schema.`)
  return schema
}
