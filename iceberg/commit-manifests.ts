/**
 * The manifests of one commit: for the files it adds, for those it removes, and for the older manifests that it merges.
 */
import { Conflict, TradelakeError } from '../domain/errors.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { Ports } from '../domain/ports.ts'
import { keyOf, uriOf } from './location.ts'
import { addedEntry, carriedEntry, DELETED, type ManifestEntry, type ManifestShape, writeManifest } from './manifest.ts'
import type { ManifestFile } from './manifest-list.ts'
import { readEntries } from './manifest-store.ts'
import { cutByPartition, liveFiles, planMerge } from './merge.ts'
import { metadataPrefix } from './metadata-file.ts'
import { type RawDataFile, toRaw } from './raw-data-file.ts'
import type { DataFile } from './types.ts'

type WritePorts = Pick<Ports, 'store' | 'ids'>

/** Manifests of added files: every attempt can use them, as sequence numbers are inherited from the manifest list. */
export interface AddedManifests {
  readonly files: readonly DataFile[]
  readonly snapshotId: number
  readonly manifests: readonly ManifestFile[]
}

/** A manifest lists at most this many new files: some 2 MB. */
const MAX_ADDED_FILES = 8_000
/** Manifests are read in batches of this many, so that a search may end early. */
const READ_BATCH = 16

/** Writes the manifests of one commit. */
export interface ManifestWriter {
  readonly snapshotId: number
  readonly puts: readonly Promise<void>[]
  /** What was written, for the cache once the puts are done. */
  readonly written: readonly (readonly [key: string, entries: readonly ManifestEntry[]])[]
  readonly shape: ManifestShape
  write(entries: readonly ManifestEntry[]): ManifestFile
}

/** Starts writing manifests without waiting for one before the next. */
export function manifestWriter(
  ports: WritePorts,
  table: string,
  shape: ManifestShape,
  snapshotId: number,
  sequenceNumber: number,
): ManifestWriter {
  const puts: Promise<void>[] = []
  const written: [string, readonly ManifestEntry[]][] = []
  return {
    snapshotId,
    puts,
    written,
    shape,
    write(entries) {
      const syncId = ports.ids.uuid()
      const key = `${metadataPrefix(table)}${syncId}-m${written.length}.avro`
      const uri = uriOf(ports.store, key)
      const { manifest, bytes } = writeManifest({ shape, entries, uri, snapshotId, sequenceNumber, syncId })
      const put = ports.store.put(key, bytes)
      // A failure is reported where all puts are awaited; until then Node must not take it for an unhandled rejection.
      put.catch(() => {})
      puts.push(put)
      written.push([key, entries])
      return manifest
    },
  }
}

/** The manifests of added files. @throws TradelakeError where a file has no value for a partition field */
export function writeAdded(ports: WritePorts, writer: ManifestWriter, files: readonly DataFile[]): AddedManifests {
  for (const file of files) {
    // A partition value under another name would be written as null, and every scan of a range would skip the file.
    const missing = writer.shape.fields.find(field => file.partition[field.name] === undefined)
    if (missing) throw new TradelakeError(`${file.key} has no value for partition field ${missing.name}.`)
  }
  const entries = files.map(file => addedEntry(writer.snapshotId, toRaw(ports.store, file, writer.shape.sortOrderId)))
  const sorted = cutByPartition(writer.shape.fields, entries, Number.POSITIVE_INFINITY).flat()
  const manifests = piecesOf(sorted, MAX_ADDED_FILES).map(some => writer.write(some))
  return { files, snapshotId: writer.snapshotId, manifests }
}

/** A snapshot's manifests after files were removed. */
export interface Removal {
  /** Manifests that hold live files and none of the removed ones. */
  readonly untouched: readonly ManifestFile[]
  readonly rewritten: readonly ManifestFile[]
  readonly files: readonly RawDataFile[]
}

/**
 * Rewrites exactly the manifests that hold files to remove; a manifest that had no live file left before is dropped. Of a file
 * that is listed several times, which only a fault can bring about, one listing goes.
 * @throws Conflict where no manifest holds one of the files
 */
export async function removeFiles(
  ports: WritePorts,
  writer: ManifestWriter,
  parents: readonly ManifestFile[],
  remove: ReadonlySet<string>,
  table: string,
): Promise<Removal> {
  const live = parents.filter(manifest => liveFiles(manifest) > 0)
  if (remove.size === 0) return { untouched: live, rewritten: [], files: [] }
  const wanted = new Set([...remove].map(key => uriOf(ports.store, key)))
  const files: RawDataFile[] = []
  const rewritten: ManifestFile[] = []
  const touched = new Set<ManifestFile>()
  for (const batch of piecesOf(live, READ_BATCH)) {
    if (wanted.size === 0) break
    const contents = await Promise.all(batch.map(manifest => readEntries(ports.store, manifest)))
    for (const [index, manifest] of batch.entries()) {
      const entries = contents[index].filter(entry => entry.status !== DELETED)
      if (!entries.some(entry => wanted.has(entry.data_file.file_path))) continue
      touched.add(manifest)
      rewritten.push(
        writer.write(
          entries.map(entry => {
            if (!wanted.delete(entry.data_file.file_path)) return carriedEntry(entry, manifest)
            files.push(entry.data_file)
            return carriedEntry(entry, manifest, writer.snapshotId)
          }),
        ),
      )
    }
  }
  const [missing] = wanted
  if (missing !== undefined)
    throw new Conflict(`${keyOf(ports.store, missing)} is no longer a file of table ${table}.`, -1)
  return { untouched: live.filter(manifest => !touched.has(manifest)), rewritten, files }
}

/** Carries manifests over, merging one tier of them (see merge.ts) when that is due. */
export async function mergeManifests(
  ports: WritePorts,
  writer: ManifestWriter,
  manifests: readonly ManifestFile[],
): Promise<readonly ManifestFile[]> {
  const merge = planMerge(manifests)
  if (!merge) return manifests
  const contents = await Promise.all(merge.manifests.map(manifest => readEntries(ports.store, manifest)))
  const entries = merge.manifests.flatMap((manifest, index) =>
    contents[index].filter(entry => entry.status !== DELETED).map(entry => carriedEntry(entry, manifest)),
  )
  const parts = cutByPartition(writer.shape.fields, entries, merge.leastFiles)
  const gone = new Set(merge.manifests)
  return [...parts.map(part => writer.write(part)), ...manifests.filter(manifest => !gone.has(manifest))]
}
