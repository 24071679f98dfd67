/**
 * Manifests: lists of data files with their partition, counts and bounds (spec, "Manifests"). Field names and ids are the
 * spec's. Pure, no I/O.
 */
import { sumOf } from '../domain/counts.ts'
import { Corrupt } from '../domain/errors.ts'
import { field, optional, readAvroFile, writeAvroFile } from './avro-file.ts'
import { type ManifestFile, summarizePartitions } from './manifest-list.ts'
import { type BoundField, partitionAvroType } from './partitions.ts'
import type { RawDataFile } from './raw-data-file.ts'
import type { IcebergSchema, PartitionSpec } from './schema.ts'

const EXISTING = 0
export const ADDED = 1
export const DELETED = 2

/** A manifest's entry; null ids and sequence numbers are inherited from the manifest list (spec, "Sequence Number Inheritance"). */
export interface ManifestEntry {
  readonly status: number
  readonly snapshot_id: number | null
  /** The data sequence number. */
  readonly sequence_number: number | null
  readonly file_sequence_number: number | null
  readonly data_file: RawDataFile
}

/** What all manifests of a table share. */
export interface ManifestShape {
  readonly fields: readonly BoundField[]
  readonly spec: PartitionSpec
  readonly sortOrderId: number
  /** The entry's Avro schema as JSON text. */
  readonly avroSchema: string
  readonly header: Readonly<Record<string, string>>
}

export function manifestShape(
  schema: IcebergSchema,
  spec: PartitionSpec,
  fields: readonly BoundField[],
  sortOrderId: number,
): ManifestShape {
  return {
    fields,
    spec,
    sortOrderId,
    avroSchema: JSON.stringify(entryAvroSchema(fields)),
    header: {
      schema: JSON.stringify(schema),
      'schema-id': String(schema['schema-id']),
      'partition-spec': JSON.stringify(spec.fields),
      'partition-spec-id': String(spec['spec-id']),
      'format-version': '2',
      content: 'data',
    },
  }
}

function entryAvroSchema(fields: readonly BoundField[]): unknown {
  const map = (key: number, value: number, type: string) => ({
    type: 'array',
    items: {
      type: 'record',
      name: `k${key}_v${value}`,
      fields: [field(key, 'key', 'int'), field(value, 'value', type)],
    },
    logicalType: 'map',
  })
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      field(0, 'status', 'int'),
      optional(1, 'snapshot_id', 'long'),
      optional(3, 'sequence_number', 'long'),
      optional(4, 'file_sequence_number', 'long'),
      field(2, 'data_file', {
        type: 'record',
        name: 'r2',
        fields: [
          field(134, 'content', 'int'),
          field(100, 'file_path', 'string'),
          field(101, 'file_format', 'string'),
          field(102, 'partition', {
            type: 'record',
            name: 'r102',
            fields: fields.map(part => optional(part.id, part.name, partitionAvroType(part))),
          }),
          field(103, 'record_count', 'long'),
          field(104, 'file_size_in_bytes', 'long'),
          optional(108, 'column_sizes', map(117, 118, 'long')),
          optional(109, 'value_counts', map(119, 120, 'long')),
          optional(110, 'null_value_counts', map(121, 122, 'long')),
          optional(125, 'lower_bounds', map(126, 127, 'bytes')),
          optional(128, 'upper_bounds', map(129, 130, 'bytes')),
          optional(132, 'split_offsets', { type: 'array', items: 'long', 'element-id': 133 }),
          optional(140, 'sort_order_id', 'int'),
        ],
      }),
    ],
  }
}

/**
 * Writes a manifest. `snapshotId` is the snapshot that makes it; `sequenceNumber` is that snapshot's, which the new files
 * inherit through the manifest list.
 */
export function writeManifest(options: {
  readonly shape: ManifestShape
  readonly entries: readonly ManifestEntry[]
  readonly uri: string
  readonly snapshotId: number
  readonly sequenceNumber: number
  readonly syncId: string
}): { readonly manifest: ManifestFile; readonly bytes: Uint8Array } {
  const { shape, entries } = options
  const bytes = writeAvroFile({
    schema: shape.avroSchema,
    metadata: shape.header,
    records: entries,
    syncId: options.syncId,
  })
  const count = (status: number) => sumOf(entries, entry => (entry.status === status ? 1 : 0))
  const rows = (status: number) => sumOf(entries, entry => (entry.status === status ? entry.data_file.record_count : 0))
  const manifest: ManifestFile = {
    manifest_path: options.uri,
    manifest_length: bytes.length,
    partition_spec_id: shape.spec['spec-id'],
    content: 0,
    sequence_number: options.sequenceNumber,
    min_sequence_number: entries.reduce(
      (least, entry) => (entry.status === DELETED ? least : Math.min(least, entry.sequence_number ?? least)),
      options.sequenceNumber,
    ),
    added_snapshot_id: options.snapshotId,
    added_files_count: count(ADDED),
    existing_files_count: count(EXISTING),
    deleted_files_count: count(DELETED),
    added_rows_count: rows(ADDED),
    existing_rows_count: rows(EXISTING),
    deleted_rows_count: rows(DELETED),
    partitions: summarizePartitions(
      shape.fields,
      entries.map(entry => entry.data_file.partition),
    ),
  }
  return { manifest, bytes }
}

/** Reads a manifest's entries, nothing inherited yet. @throws Corrupt naming the key */
export function readManifest(bytes: Uint8Array, key: string): ManifestEntry[] {
  try {
    return readAvroFile(bytes).records as ManifestEntry[]
  } catch (error) {
    throw new Corrupt(`Manifest ${key} cannot be read: ${(error as Error).message}.`)
  }
}

/** The entry of a file that this snapshot adds: its sequence numbers are left to be inherited. */
export function addedEntry(snapshotId: number, file: RawDataFile): ManifestEntry {
  return { status: ADDED, snapshot_id: snapshotId, sequence_number: null, file_sequence_number: null, data_file: file }
}

/**
 * A live entry as a later snapshot rewrites it: EXISTING keeps the id of the snapshot that added it, DELETED takes
 * that of the one that removes it; both keep the sequence numbers, now written out (spec, "Manifest Entry Fields").
 */
export function carriedEntry(entry: ManifestEntry, manifest: ManifestFile, removedBy?: number): ManifestEntry {
  const inherited = entry.status === ADDED ? manifest.sequence_number : null
  return {
    status: removedBy === undefined ? EXISTING : DELETED,
    snapshot_id: removedBy ?? entry.snapshot_id ?? manifest.added_snapshot_id,
    sequence_number: entry.sequence_number ?? inherited,
    file_sequence_number: entry.file_sequence_number ?? inherited,
    data_file: entry.data_file,
  }
}
