/** Walks over what snapshots name, a few manifests at a time: memory does not grow with the table. */
import { piecesOf } from '../domain/pieces.ts'
import type { Ports } from '../domain/ports.ts'
import { compareEncoded } from './bounds.ts'
import type { LoadedTable } from './catalog.ts'
import { keyOf, uriOf } from './location.ts'
import { DELETED, type ManifestEntry } from './manifest.ts'
import type { ManifestFile } from './manifest-list.ts'
import { readEntries, readManifests, shapeOf } from './manifest-store.ts'
import { liveFiles } from './merge.ts'
import { currentSnapshot } from './metadata.ts'
import { type BoundField, encodePartitionValue } from './partitions.ts'
import type { RawDataFile } from './raw-data-file.ts'
import type { DataFile } from './types.ts'

type ReadPorts = Pick<Ports, 'store'>

const MANIFESTS_AT_ONCE = 16

/** Every data file of the current snapshot. @throws Corrupt */
export async function* eachLiveFile(ports: ReadPorts, table: LoadedTable): AsyncGenerator<RawDataFile> {
  const snapshot = currentSnapshot(table.metadata)
  if (!snapshot) return
  yield* filesOf(
    ports,
    (await readManifests(ports.store, snapshot)).filter(manifest => liveFiles(manifest) > 0),
  )
}

/**
 * Those of these new files that the current snapshot names already. Only manifests whose partitions are theirs are looked
 * into. @throws Corrupt
 */
export async function liveAmong(
  ports: ReadPorts,
  table: LoadedTable,
  files: readonly DataFile[],
): Promise<Set<string>> {
  const { store } = ports
  const snapshot = currentSnapshot(table.metadata)
  if (!snapshot || files.length === 0) return new Set()
  const { fields } = shapeOf(table.metadata)
  const wanted = new Map(files.map(file => [uriOf(store, file.key), file.key]))
  const manifests = (await readManifests(store, snapshot)).filter(
    manifest => liveFiles(manifest) > 0 && files.some(file => mayListPartition(manifest, fields, file.partition)),
  )
  const live = new Set<string>()
  for (const some of piecesOf(manifests, MANIFESTS_AT_ONCE)) {
    for (const entries of await Promise.all(some.map(manifest => readEntries(store, manifest)))) {
      const paths = livePaths(entries)
      for (const [uri, key] of wanted) if (paths.has(uri)) live.add(key)
    }
  }
  return live
}

/** How often a scan gave each of the files that it gave more than once: every reader counts their rows as often. */
export function repeatedFiles(files: readonly DataFile[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { key } of files) times.set(key, (times.get(key) ?? 0) + 1)
  return new Map([...times].filter(([, count]) => count > 1))
}

/** Paths of a manifest's live files, as long as the cache of manifests keeps them: each commit asks for them. */
const paths = new WeakMap<readonly ManifestEntry[], ReadonlySet<string>>()

function livePaths(entries: readonly ManifestEntry[]): ReadonlySet<string> {
  let found = paths.get(entries)
  if (!found) {
    found = new Set(entries.filter(entry => entry.status !== DELETED).map(entry => entry.data_file.file_path))
    paths.set(entries, found)
  }
  return found
}

/** Whether a manifest's partition summaries leave room for a file of this partition. */
function mayListPartition(
  { partitions }: ManifestFile,
  fields: readonly BoundField[],
  partition: DataFile['partition'],
): boolean {
  return fields.every((field, index) => {
    const { lower_bound: lower, upper_bound: upper } = partitions?.[index] ?? {}
    const value = partition[field.name] ?? null
    if (value === null || !lower || !upper) return true
    const bytes = encodePartitionValue(field, value)
    return (compareEncoded(field.type, upper, bytes) ?? 0) >= 0 && (compareEncoded(field.type, lower, bytes) ?? 0) <= 0
  })
}

/**
 * The key of every object that a table's metadata reaches: metadata files, manifest lists, manifests and data files of every
 * snapshot that it holds. Some keys come more than once. @throws Corrupt
 */
export async function* eachReachedKey(ports: ReadPorts, table: LoadedTable): AsyncGenerator<string> {
  const { store } = ports
  const { metadata } = table
  yield keyOf(store, table.metadataLocation)
  for (const entry of metadata['metadata-log']) yield keyOf(store, entry['metadata-file'])
  const seen = new Set<string>()
  for (const some of piecesOf(metadata.snapshots, MANIFESTS_AT_ONCE)) {
    for (const snapshot of some) yield keyOf(store, snapshot['manifest-list'])
    const lists = await Promise.all(some.map(snapshot => readManifests(store, snapshot)))
    const fresh: ManifestFile[] = []
    for (const manifest of lists.flat()) {
      if (seen.has(manifest.manifest_path)) continue
      seen.add(manifest.manifest_path)
      yield keyOf(store, manifest.manifest_path)
      if (liveFiles(manifest) > 0) fresh.push(manifest)
    }
    for await (const file of filesOf(ports, fresh)) yield keyOf(store, file.file_path)
  }
}

async function* filesOf(ports: ReadPorts, manifests: readonly ManifestFile[]): AsyncGenerator<RawDataFile> {
  for (const some of piecesOf(manifests, MANIFESTS_AT_ONCE)) {
    for (const entries of await Promise.all(some.map(manifest => readEntries(ports.store, manifest))))
      for (const entry of entries) if (entry.status !== DELETED) yield entry.data_file
  }
}
