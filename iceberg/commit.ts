/**
 * A commit: data files → manifest → manifest list → metadata → the pointer write that makes it all count.
 *
 * Staging writes only new objects; the table changes when the caller's transaction takes the pointer write. Where that
 * conflicts, the caller loads the table again and stages again, passing what it staged before: data files and the
 * manifest of the added files are made once and committed as often as it takes. What a lost attempt wrote is an
 * orphan, and gets swept.
 */
import { sumOf } from '../domain/counts.ts'
import { TradelakeError } from '../domain/errors.ts'
import type { Ports, Write } from '../domain/ports.ts'
import { type LoadedTable, pointerWrite } from './catalog.ts'
import { type AddedManifests, manifestWriter, mergeManifests, removeFiles, writeAdded } from './commit-manifests.ts'
import { uriOf } from './location.ts'
import { writeManifestList } from './manifest-list.ts'
import { readManifests, rememberEntries, rememberManifests, shapeOf } from './manifest-store.ts'
import { addSnapshot, currentSnapshot, type FileTotals, snapshotById, snapshotSummary } from './metadata.ts'
import { metadataPrefix, nextMetadataKey, writeMetadata } from './metadata-file.ts'
import type { RawDataFile } from './raw-data-file.ts'
import type { Operation, Snapshot, TableMetadata } from './table-metadata.ts'
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
  /** Properties of the table that the change sets. */
  readonly properties?: Readonly<Record<string, string>>
  /** Milliseconds since 1970; the clock's time by default. */
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
  /** The table as it is after the write: the next commit may start from it without reading. */
  readonly table: LoadedTable
  readonly added: AddedManifests
}

/**
 * Writes all that a new snapshot needs and gives the pointer write for the caller's transaction.
 * @throws Conflict where a file to remove is no longer live; Corrupt; TradelakeError where the operation does not
 * allow the change
 */
export async function stageSnapshot(ports: CommitPorts, change: SnapshotChange): Promise<StagedSnapshot> {
  const { table, add = [], remove = NOTHING, operation } = change
  const { store, ids } = ports
  if (operation === 'append' && remove.size > 0)
    throw new TradelakeError(`An append to ${table.name} removes no files.`)
  const nowMs = change.nowMs ?? ports.clock.now()
  const parent = currentSnapshot(table.metadata)
  const sequenceNumber = table.metadata['last-sequence-number'] + 1
  const reuse = reusable(change)
  const snapshotId = reuse?.snapshotId ?? freshSnapshotId(ids, table.metadata)
  const writer = manifestWriter(ports, table.name, shapeOf(table.metadata), snapshotId, sequenceNumber)

  const parents = parent ? await readManifests(store, parent) : []
  const removal = await removeFiles(ports, writer, parents, remove, table.name)
  const added = reuse ?? writeAdded(ports, writer, add)
  const numbers = { sequence_number: sequenceNumber, min_sequence_number: sequenceNumber }
  const manifests = [
    ...added.manifests.map(manifest => ({ ...manifest, ...numbers })),
    ...removal.rewritten,
    ...(await mergeManifests(ports, writer, removal.untouched)),
  ]

  const summary = summarize(change, parent, removal.files)
  const listUuid = ids.uuid()
  const listKey = `${metadataPrefix(table.name)}snap-${snapshotId}-${listUuid}.avro`
  const parentSnapshotId = parent?.['snapshot-id']
  const list = writeManifestList({ manifests, snapshotId, parentSnapshotId, sequenceNumber, syncId: listUuid })
  const snapshot: Snapshot = {
    'snapshot-id': snapshotId,
    ...(parentSnapshotId !== undefined && { 'parent-snapshot-id': parentSnapshotId }),
    'sequence-number': sequenceNumber,
    // The clocks of two writers differ, but a table's time never goes back.
    'timestamp-ms': Math.max(nowMs, table.metadata['last-updated-ms']),
    'manifest-list': uriOf(store, listKey),
    summary,
    'schema-id': table.metadata['current-schema-id'],
  }
  const before = { ...table.metadata, properties: { ...table.metadata.properties, ...change.properties } }
  const metadata = addSnapshot(before, snapshot, table.metadataLocation)
  const metadataKey = nextMetadataKey(table.name, table.metadataLocation, ids.uuid())
  // Nothing reads these before the pointer names the metadata, so they can be written in any order.
  await Promise.all([...writer.puts, store.put(listKey, list), writeMetadata(store, metadataKey, metadata)])
  for (const [key, entries] of writer.written) rememberEntries(store, key, entries)
  rememberManifests(store, listKey, manifests)

  const metadataLocation = uriOf(store, metadataKey)
  const version = ids.uuid()
  const write = pointerWrite({ table, metadataLocation, version, nowMs })
  const after = { name: table.name, version, metadataLocation, metadata, attributes: write.item.attributes }
  return { write, snapshotId, sequenceNumber, metadataLocation, table: after, added }
}

const NOTHING: ReadonlySet<string> = new Set()

/** Manifests of an earlier attempt at the same files, unless their snapshot id has been taken since. */
function reusable({ previous, add = [], table }: SnapshotChange): AddedManifests | undefined {
  const { added } = previous ?? {}
  if (!added || added.files.length !== add.length || snapshotById(table.metadata, added.snapshotId)) return undefined
  return added.files.every((file, index) => file.key === add[index].key) ? added : undefined
}

/** Below 2^52, from the last 13 hexadecimal digits of a UUID: JavaScript readers hold ids as doubles. */
function freshSnapshotId(ids: Ports['ids'], metadata: TableMetadata): number {
  for (;;) {
    const id = Number.parseInt(ids.uuid().replaceAll('-', '').slice(-13), 16)
    if (id > 0 && !snapshotById(metadata, id)) return id
  }
}

function summarize(
  { table, add = [], operation, summary: extra }: SnapshotChange,
  parent: Snapshot | undefined,
  removedFiles: readonly RawDataFile[],
): Snapshot['summary'] {
  const added = totals(add.map(file => ({ record_count: file.records, file_size_in_bytes: file.bytes })))
  const removed = totals(removedFiles)
  if (operation === 'replace' && added.records !== removed.records)
    throw new TradelakeError(
      `A replace of files of ${table.name} would change its rows: ${removed.records} removed, ${added.records} added.`,
    )
  const { fields } = shapeOf(table.metadata)
  const partitions = new Set(
    [...add, ...removedFiles].map(file => JSON.stringify(fields.map(field => file.partition[field.name] ?? null))),
  )
  return snapshotSummary({ operation, parent, added, removed, changedPartitions: partitions.size, extra })
}

function totals(files: readonly Pick<RawDataFile, 'record_count' | 'file_size_in_bytes'>[]): FileTotals {
  return {
    files: files.length,
    records: sumOf(files, file => file.record_count),
    bytes: sumOf(files, file => file.file_size_in_bytes),
  }
}
