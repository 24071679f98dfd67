/** Walks over what snapshots name, a few manifests at a time: memory does not grow with the table. */
import { piecesOf } from '../domain/pieces.ts'
import type { Ports } from '../domain/ports.ts'
import type { LoadedTable } from './catalog.ts'
import { keyOf } from './location.ts'
import { DELETED } from './manifest.ts'
import type { ManifestFile } from './manifest-list.ts'
import { readEntries, readManifests } from './manifest-store.ts'
import { liveFiles } from './merge.ts'
import { currentSnapshot } from './metadata.ts'
import type { RawDataFile } from './raw-data-file.ts'

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
