/** Which data files a snapshot added and removed, or one snapshot has and another has not; only manifests that tell are read. */
import type { Ports } from '../domain/ports.ts'
import { fromRaw } from './listed-file.ts'
import { ADDED, DELETED } from './manifest.ts'
import type { ManifestFile } from './manifest-list.ts'
import { readEntries, readManifests } from './manifest-store.ts'
import { liveFiles } from './merge.ts'
import type { RawDataFile } from './raw-data-file.ts'
import type { Snapshot } from './table-metadata.ts'
import type { DataFile } from './types.ts'

export interface FileChanges {
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
}

type ReadPorts = Pick<Ports, 'store'>

/** What a snapshot's own commit added and removed (spec, "Manifest Entry Fields"). @throws Corrupt */
export async function changesIn({ store }: ReadPorts, snapshot: Snapshot): Promise<FileChanges> {
  const id = snapshot['snapshot-id']
  const own = (await readManifests(store, snapshot)).filter(manifest => manifest.added_snapshot_id === id)
  const entries = (await Promise.all(own.map(manifest => readEntries(store, manifest)))).flat()
  const of = (status: number) =>
    entries
      .filter(entry => entry.status === status && (entry.snapshot_id ?? id) === id)
      .map(entry => fromRaw(store, entry.data_file))
  return { added: of(ADDED), removed: of(DELETED) }
}

/** Files of `after` that `before` has not, and the other way round; `before` is undefined for a table's beginning. @throws Corrupt */
export async function changesBetween(
  ports: ReadPorts,
  before: Snapshot | undefined,
  after: Snapshot,
): Promise<FileChanges> {
  const old = before ? await readManifests(ports.store, before) : []
  const fresh = await readManifests(ports.store, after)
  const [oldFiles, freshFiles] = await Promise.all([filesOf(ports, old, fresh), filesOf(ports, fresh, old)])
  const without = (some: ReadonlyMap<string, RawDataFile>, others: ReadonlyMap<string, RawDataFile>) =>
    [...some].filter(([path]) => !others.has(path)).map(([, file]) => fromRaw(ports.store, file))
  return { added: without(freshFiles, oldFiles), removed: without(oldFiles, freshFiles) }
}

/** Live files of the manifests that are not among the others. */
async function filesOf(
  { store }: ReadPorts,
  manifests: readonly ManifestFile[],
  others: readonly ManifestFile[],
): Promise<Map<string, RawDataFile>> {
  const known = new Set(others.map(({ manifest_path: path }) => path))
  const own = manifests.filter(manifest => liveFiles(manifest) > 0 && !known.has(manifest.manifest_path))
  const entries = (await Promise.all(own.map(manifest => readEntries(store, manifest)))).flat()
  return new Map(
    entries.filter(({ status }) => status !== DELETED).map(({ data_file: file }) => [file.file_path, file]),
  )
}
