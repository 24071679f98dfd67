/**
 * Updates of table metadata: a new table, one more snapshot, a step back. What other writers put there is kept. Pure,
 * no I/O.
 */
import type { TableDefinition } from '../domain/tables.ts'
import { FIRST_PARTITION_ID, lastColumnId, partitionSpecOf, schemaOf, sortOrderOf } from './schema.ts'
import {
  expireSnapshots,
  retentionOfPolicy,
  retentionProperties,
  type SnapshotRetention,
  wholeNumber,
} from './snapshot-retention.ts'
import type { Operation, Snapshot, TableMetadata } from './table-metadata.ts'

const NO_SNAPSHOT = -1
const DEFAULT_PREVIOUS_VERSIONS = 100
const PREVIOUS_VERSIONS = 'write.metadata.previous-versions-max'

/** Metadata of a new, empty table at an absolute location. Times in milliseconds since 1970. */
export function newMetadata(options: {
  readonly table: TableDefinition
  readonly location: string
  readonly uuid: string
  readonly nowMs: number
  readonly retention?: SnapshotRetention
}): TableMetadata {
  const { table, retention = retentionOfPolicy(table.snapshots) } = options
  const schema = schemaOf(table)
  const spec = partitionSpecOf(table)
  const order = sortOrderOf(table)
  return {
    'format-version': 2,
    'table-uuid': options.uuid,
    location: options.location,
    'last-sequence-number': 0,
    'last-updated-ms': options.nowMs,
    'last-column-id': lastColumnId(schema),
    'current-schema-id': schema['schema-id'],
    schemas: [schema],
    'default-spec-id': spec['spec-id'],
    'partition-specs': [spec],
    'last-partition-id': FIRST_PARTITION_ID - 1 + spec.fields.length,
    'default-sort-order-id': order['order-id'],
    'sort-orders': [order],
    properties: {
      'write.format.default': 'parquet',
      'write.parquet.compression-codec': 'zstd',
      'write.metadata.compression-codec': 'gzip',
      'write.target-file-size-bytes': String(table.targetFileBytes),
      [PREVIOUS_VERSIONS]: String(DEFAULT_PREVIOUS_VERSIONS),
      ...retentionProperties(retention),
    },
    'current-snapshot-id': NO_SNAPSHOT,
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  }
}

/**
 * Adds a snapshot, makes it current and drops expired ones. `previousLocation` is where the given metadata is stored.
 */
export function addSnapshot(metadata: TableMetadata, snapshot: Snapshot, previousLocation: string): TableMetadata {
  const id = snapshot['snapshot-id']
  const time = snapshot['timestamp-ms']
  const added: TableMetadata = {
    ...metadata,
    'last-sequence-number': snapshot['sequence-number'],
    'current-snapshot-id': id,
    refs: { ...metadata.refs, main: { ...metadata.refs.main, 'snapshot-id': id, type: 'branch' } },
    snapshots: [...metadata.snapshots, snapshot],
    'snapshot-log': [...metadata['snapshot-log'], { 'snapshot-id': id, 'timestamp-ms': time }],
  }
  return withHistory(expireSnapshots(added, time), time, metadata, previousLocation)
}

/** What a table's metadata says of its own files, whoever wrote it. */
type WithHistory = Pick<TableMetadata, 'last-updated-ms' | 'metadata-log' | 'properties'>

/** Changed metadata as of a time (milliseconds since 1970), with the file that it follows in its log. */
export function withHistory<Metadata extends WithHistory>(
  changed: Metadata,
  timeMs: number,
  previous: WithHistory,
  previousLocation: string,
): Metadata {
  const entry = { 'metadata-file': previousLocation, 'timestamp-ms': previous['last-updated-ms'] }
  const versions = wholeNumber(changed.properties[PREVIOUS_VERSIONS], DEFAULT_PREVIOUS_VERSIONS)
  return {
    ...changed,
    'last-updated-ms': timeMs,
    'metadata-log': [...previous['metadata-log'], entry].slice(-versions),
  }
}

/** The current snapshot; undefined where the table has none yet. */
export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  return snapshotById(metadata, metadata['current-snapshot-id'])
}

/** A snapshot by its id; undefined where the metadata no longer holds it. */
export function snapshotById(metadata: TableMetadata, id: number): Snapshot | undefined {
  // Callers nearly always ask for the newest.
  return metadata.snapshots.findLast(snapshot => snapshot['snapshot-id'] === id)
}

/** The snapshot that it was made from; undefined where it is the first, or that one has expired. */
export function parentOf(metadata: TableMetadata, snapshot: Snapshot): Snapshot | undefined {
  const parent = snapshot['parent-snapshot-id']
  return parent === undefined ? undefined : snapshotById(metadata, parent)
}

/** Rows of a snapshot's table, by its summary; 0 without a snapshot. */
export function totalRecords(snapshot: Snapshot | undefined): number {
  return Number(snapshot?.summary['total-records'] ?? 0)
}

/** What a snapshot adds or removes, in files, rows and bytes. */
export interface FileTotals {
  readonly files: number
  readonly records: number
  readonly bytes: number
}

/** The entry of a summary that each commit hands on to the next, whatever files it joins or drops: how new the table's rows are. */
export const WATERMARKS = 'watermarks'

/**
 * A snapshot's summary (spec, "Appendix F: Snapshot summary"): what it did, and the table's totals after it if those
 * before it are known.
 */
export function snapshotSummary(options: {
  readonly operation: Operation
  readonly parent: Snapshot | undefined
  readonly added: FileTotals
  readonly removed: FileTotals
  readonly changedPartitions: number
  readonly extra?: Readonly<Record<string, string>>
}): Snapshot['summary'] {
  const { added, removed, parent } = options
  const summary: Record<string, string> = {}
  const note = (name: string, value: number) => {
    if (value > 0) summary[name] = String(value)
  }
  note('added-data-files', added.files)
  note('deleted-data-files', removed.files)
  note('added-records', added.records)
  note('deleted-records', removed.records)
  note('added-files-size', added.bytes)
  note('removed-files-size', removed.bytes)
  summary['changed-partition-count'] = String(options.changedPartitions)
  const total = (name: string, change: number) => {
    const before = parent ? parent.summary[name] : '0'
    if (before !== undefined) summary[name] = String(Number(before) + change)
  }
  total('total-records', added.records - removed.records)
  total('total-files-size', added.bytes - removed.bytes)
  total('total-data-files', added.files - removed.files)
  for (const name of ['total-delete-files', 'total-position-deletes', 'total-equality-deletes']) total(name, 0)
  const handedOn = parent?.summary[WATERMARKS]
  return {
    ...(handedOn !== undefined && { [WATERMARKS]: handedOn }),
    ...options.extra,
    ...summary,
    operation: options.operation,
  }
}

/**
 * Goes back to an earlier snapshot that the metadata holds, or to no snapshot: the later ones leave its history, and
 * sequence numbers go on from where they were. `previousLocation` is where the given metadata is stored.
 */
export function rollBack(
  metadata: TableMetadata,
  snapshotId: number | undefined,
  timeMs: number,
  previousLocation: string,
): TableMetadata {
  const last = metadata.snapshots.findIndex(snapshot => snapshot['snapshot-id'] === snapshotId)
  const kept = metadata.snapshots.slice(0, last + 1)
  const ids = new Set(kept.map(snapshot => snapshot['snapshot-id']))
  const refs = Object.fromEntries(Object.entries(metadata.refs).filter(([, ref]) => ids.has(ref['snapshot-id'])))
  const time = Math.max(timeMs, metadata['last-updated-ms'])
  const log = metadata['snapshot-log'].filter(entry => ids.has(entry['snapshot-id']))
  return withHistory(
    {
      ...metadata,
      'current-snapshot-id': snapshotId ?? NO_SNAPSHOT,
      refs: snapshotId === undefined ? refs : { ...refs, main: { 'snapshot-id': snapshotId, type: 'branch' } },
      snapshots: kept,
      'snapshot-log': snapshotId === undefined ? [] : [...log, { 'snapshot-id': snapshotId, 'timestamp-ms': time }],
    },
    time,
    metadata,
    previousLocation,
  )
}
