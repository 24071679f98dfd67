/**
 * A commit: data files → manifest → manifest list → metadata → the pointer write that makes it all count.
 *
 * Staging writes only new objects; the table changes when the caller's transaction takes the pointer write. Where that
 * conflicts, the caller loads the table again and stages again, giving what it staged before: data files and the manifest
 * of the added files are made once and committed as often as it takes. What a lost attempt wrote is an orphan, and swept.
 */
import { Conflict, TradelakeError } from '../domain/errors.ts'
import type { Ports, Write } from '../domain/ports.ts'
import { type LoadedTable, pointerWrite } from './catalog.ts'
import { keyOf, uriOf } from './location.ts'
import {
  addedEntry,
  carriedEntry,
  DELETED,
  type ManifestEntry,
  type ManifestShape,
  type RawDataFile,
  toRaw,
  writeManifest,
} from './manifest.ts'
import { type ManifestFile, writeManifestList } from './manifest-list.ts'
import { readEntries, readManifests, rememberEntries, rememberManifests, shapeOf } from './manifest-store.ts'
import { cutByPartition, liveFiles, planMerge } from './merge.ts'
import { addSnapshot, currentSnapshot, type FileTotals, type Operation, snapshotSummary } from './metadata.ts'
import { metadataPrefix, nextMetadataKey, writeMetadata } from './metadata-file.ts'
import type { DataFile } from './types.ts'

type CommitPorts = Pick<Ports, 'store' | 'clock' | 'ids'>

export interface SnapshotChange {
  /** As read before the change was planned. */
  readonly table: LoadedTable
  readonly add?: readonly DataFile[]
  /** Keys of live data files. */
  readonly remove?: ReadonlySet<string>
  readonly operation: Operation
  /** Further entries of the snapshot's summary. */
  readonly summary?: Readonly<Record<string, string>>
  /** Milliseconds since 1970; the clock's where it is not given. */
  readonly nowMs?: number
  /** What an earlier attempt with the same files to add staged. */
  readonly previous?: StagedSnapshot
}

export interface StagedSnapshot {
  /** Moves the table's pointer; conflicts where the table has changed since it was loaded. */
  readonly write: Write
  readonly snapshotId: number
  readonly sequenceNumber: number
  /** Absolute URI. */
  readonly metadataLocation: string
  /** The table as it is once the write is taken: the next commit may start from it without reading. */
  readonly table: LoadedTable
  readonly added: AddedManifests
}

/** Manifests of added files: good for any attempt, as sequence numbers are inherited from the manifest list. */
export interface AddedManifests {
  readonly files: readonly DataFile[]
  readonly snapshotId: number
  readonly manifests: readonly ManifestFile[]
}

/** A manifest lists at most this many new files: some 2 MB. */
const MAX_ADDED_FILES = 8_000
/** Manifests are read in batches of this many, so that a search may end early. */
const READ_BATCH = 16

/**
 * Writes all that a new snapshot needs and gives the pointer write for the caller's transaction.
 * @throws Conflict where a file to remove is not live any more; Corrupt; TradelakeError where the operation cannot be what was asked
 */
export async function stageSnapshot(ports: CommitPorts, change: SnapshotChange): Promise<StagedSnapshot> {
  const { table, add = [], remove = new Set(), operation } = change
  const { store, ids } = ports
  const { metadata } = table
  if (operation === 'append' && remove.size > 0)
    throw new TradelakeError(`An append to ${table.name} removes no files.`)
  const shape = shapeOf(metadata)
  const parent = currentSnapshot(metadata)
  const sequenceNumber = metadata['last-sequence-number'] + 1
  const taken = new Set(metadata.snapshots.map(snapshot => snapshot['snapshot-id']))
  const reusable = change.previous?.added
  const reuse = reusable && sameFiles(reusable.files, add) && !taken.has(reusable.snapshotId) ? reusable : undefined
  const writer = manifestWriter(
    ports,
    table.name,
    shape,
    reuse?.snapshotId ?? freshSnapshotId(ids, taken),
    sequenceNumber,
  )
  const { snapshotId } = writer

  const parents = parent ? await readManifests(store, parent) : []
  const removal = await removeFiles(ports, writer, parents, remove, table.name)
  const added = reuse ?? writeAdded(ports, writer, add)
  const merged = await mergeManifests(ports, writer, removal.untouched)
  const manifests = [
    ...added.manifests.map(manifest => ({
      ...manifest,
      sequence_number: sequenceNumber,
      min_sequence_number: sequenceNumber,
    })),
    ...removal.rewritten,
    ...merged,
  ]

  const addedTotals = totals(add.map(file => ({ record_count: file.records, file_size_in_bytes: file.bytes })))
  const removedTotals = totals(removal.files)
  if (operation === 'replace' && addedTotals.records !== removedTotals.records)
    throw new TradelakeError(
      `A replace of files of ${table.name} would change its rows: ${removedTotals.records} removed, ${addedTotals.records} added.`,
    )
  const partitions = [...add, ...removal.files].map(file =>
    shape.fields.map(field => file.partition[field.name] ?? null),
  )
  const listUuid = ids.uuid()
  const listKey = `${metadataPrefix(table.name)}snap-${snapshotId}-${listUuid}.avro`
  const nowMs = change.nowMs ?? ports.clock.now()
  const next = addSnapshot(
    metadata,
    {
      'snapshot-id': snapshotId,
      ...(parent && { 'parent-snapshot-id': parent['snapshot-id'] }),
      'sequence-number': sequenceNumber,
      // Clocks of two writers differ: time in a table still never goes back.
      'timestamp-ms': Math.max(nowMs, metadata['last-updated-ms']),
      'manifest-list': uriOf(store, listKey),
      summary: snapshotSummary({
        operation,
        parent,
        added: addedTotals,
        removed: removedTotals,
        changedPartitions: new Set(partitions.map(values => JSON.stringify(values))).size,
        extra: change.summary,
      }),
      'schema-id': metadata['current-schema-id'],
    },
    table.metadataLocation,
  )
  const list = writeManifestList({
    manifests,
    snapshotId,
    parentSnapshotId: parent?.['snapshot-id'],
    sequenceNumber,
    syncId: listUuid,
  })
  const metadataKey = nextMetadataKey(table.name, table.metadataLocation, ids.uuid())
  // Nothing reads these before the pointer names the metadata, so they need no order among them.
  await Promise.all([...writer.puts, store.put(listKey, list), writeMetadata(store, metadataKey, next)])
  for (const [key, entries] of writer.written) rememberEntries(store, key, entries)
  rememberManifests(store, listKey, manifests)

  const metadataLocation = uriOf(store, metadataKey)
  const version = ids.uuid()
  const write = pointerWrite({ table, metadataLocation, version, nowMs })
  const after: LoadedTable = {
    name: table.name,
    version,
    metadataLocation,
    metadata: next,
    attributes: write.item.attributes,
  }
  return { write, snapshotId, sequenceNumber, metadataLocation, table: after, added }
}

function sameFiles(a: readonly DataFile[], b: readonly DataFile[]): boolean {
  return a.length === b.length && a.every((file, index) => file.key === b[index].key)
}

/** Below 2^52, from the last 13 hexadecimal digits of a UUID: JavaScript readers hold ids as doubles. */
function freshSnapshotId(ids: Ports['ids'], taken: ReadonlySet<number>): number {
  for (;;) {
    const id = Number.parseInt(ids.uuid().replaceAll('-', '').slice(-13), 16)
    if (id > 0 && !taken.has(id)) return id
  }
}

interface ManifestWriter {
  readonly snapshotId: number
  readonly puts: Promise<void>[]
  readonly written: [key: string, entries: readonly ManifestEntry[]][]
  readonly shape: ManifestShape
  write(entries: readonly ManifestEntry[]): ManifestFile
}

/** Starts writing manifests without waiting for one before the next. */
function manifestWriter(
  ports: CommitPorts,
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
      // A failure is reported where all puts are awaited; until then it must not count as unhandled.
      put.catch(() => {})
      puts.push(put)
      written.push([key, entries])
      return manifest
    },
  }
}

function writeAdded(ports: CommitPorts, writer: ManifestWriter, files: readonly DataFile[]): AddedManifests {
  for (const file of files) {
    // A partition under another name would be written as null, and every scan of a range would pass the file by.
    const missing = writer.shape.fields.find(field => file.partition[field.name] === undefined)
    if (missing) throw new TradelakeError(`${file.key} has no value of partition field ${missing.name}.`)
  }
  const entries = files.map(file => addedEntry(writer.snapshotId, toRaw(ports.store, file, writer.shape.sortOrderId)))
  const sorted = cutByPartition(writer.shape.fields, entries, Number.POSITIVE_INFINITY).flat()
  const manifests: ManifestFile[] = []
  for (let at = 0; at < sorted.length; at += MAX_ADDED_FILES)
    manifests.push(writer.write(sorted.slice(at, at + MAX_ADDED_FILES)))
  return { files, snapshotId: writer.snapshotId, manifests }
}

interface Removal {
  /** Manifests that hold none of the removed files, and some live ones. */
  readonly untouched: readonly ManifestFile[]
  readonly rewritten: readonly ManifestFile[]
  readonly files: readonly RawDataFile[]
}

/** Rewrites exactly the manifests that hold files to remove. A manifest whose last file was removed before is left out. */
async function removeFiles(
  ports: CommitPorts,
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
  for (let at = 0; at < live.length && wanted.size > 0; at += READ_BATCH) {
    const batch = live.slice(at, at + READ_BATCH)
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
    throw new Conflict(`${keyOf(ports.store, missing)} is not a file of table ${table} any more.`, -1)
  return { untouched: live.filter(manifest => !touched.has(manifest)), rewritten, files }
}

/** Carries manifests over, merging one tier of them where that is due. */
async function mergeManifests(
  ports: CommitPorts,
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

function totals(files: readonly Pick<RawDataFile, 'record_count' | 'file_size_in_bytes'>[]): FileTotals {
  return {
    files: files.length,
    records: files.reduce((sum, file) => sum + file.record_count, 0),
    bytes: files.reduce((sum, file) => sum + file.file_size_in_bytes, 0),
  }
}
