/**
 * Manifest lists: a snapshot's manifests with their counts and partition summaries (spec, "Manifest Lists").
 * Field names and ids are the spec's. Pure, no I/O.
 */
import { Corrupt } from '../domain/errors.ts'
import { field, optional, readAvroFile, writeAvroFile } from './avro-file.ts'
import { compareEncoded } from './bounds.ts'
import { type BoundField, encodePartitionValue } from './partitions.ts'
import type { PartitionValue } from './types.ts'

export interface FieldSummary {
  readonly contains_null: boolean
  readonly contains_nan?: boolean | null
  /** Single-value serialization; null where every value is null. */
  readonly lower_bound?: Uint8Array | null
  readonly upper_bound?: Uint8Array | null
}

/** A manifest as its list describes it. Lengths in bytes. */
export interface ManifestFile {
  readonly manifest_path: string
  readonly manifest_length: number
  readonly partition_spec_id: number
  /** 0: data files, 1: delete files (which tradelake does not write). */
  readonly content: number
  readonly sequence_number: number
  readonly min_sequence_number: number
  readonly added_snapshot_id: number
  readonly added_files_count: number
  readonly existing_files_count: number
  readonly deleted_files_count: number
  readonly added_rows_count: number
  readonly existing_rows_count: number
  readonly deleted_rows_count: number
  readonly partitions?: readonly FieldSummary[] | null
}

const SCHEMA = JSON.stringify(listAvroSchema())

function listAvroSchema(): unknown {
  const summary = {
    type: 'record',
    name: 'r508',
    fields: [
      field(509, 'contains_null', 'boolean'),
      optional(518, 'contains_nan', 'boolean'),
      optional(510, 'lower_bound', 'bytes'),
      optional(511, 'upper_bound', 'bytes'),
    ],
  }
  return {
    type: 'record',
    name: 'manifest_file',
    fields: [
      field(500, 'manifest_path', 'string'),
      field(501, 'manifest_length', 'long'),
      field(502, 'partition_spec_id', 'int'),
      field(517, 'content', 'int'),
      field(515, 'sequence_number', 'long'),
      field(516, 'min_sequence_number', 'long'),
      field(503, 'added_snapshot_id', 'long'),
      field(504, 'added_files_count', 'int'),
      field(505, 'existing_files_count', 'int'),
      field(506, 'deleted_files_count', 'int'),
      field(512, 'added_rows_count', 'long'),
      field(513, 'existing_rows_count', 'long'),
      field(514, 'deleted_rows_count', 'long'),
      optional(507, 'partitions', { type: 'array', items: summary, 'element-id': 508 }),
    ],
  }
}

/** Writes a snapshot's manifest list. */
export function writeManifestList(options: {
  readonly manifests: readonly ManifestFile[]
  readonly snapshotId: number
  readonly parentSnapshotId: number | undefined
  readonly sequenceNumber: number
  readonly syncId: string
}): Uint8Array {
  return writeAvroFile({
    schema: SCHEMA,
    metadata: {
      'snapshot-id': String(options.snapshotId),
      'parent-snapshot-id': String(options.parentSnapshotId ?? null),
      'sequence-number': String(options.sequenceNumber),
      'format-version': '2',
    },
    records: options.manifests,
    syncId: options.syncId,
  })
}

/** Reads a manifest list. @throws Corrupt naming the key, also where a manifest lists delete files */
export function readManifestList(bytes: Uint8Array, key: string): ManifestFile[] {
  let manifests: ManifestFile[]
  try {
    manifests = readAvroFile(bytes).records as ManifestFile[]
  } catch (error) {
    throw new Corrupt(`Manifest list ${key} cannot be read: ${(error as Error).message}.`)
  }
  const foreign = manifests.find(manifest => manifest.content !== 0 || manifest.partition_spec_id !== 0)
  if (foreign)
    throw new Corrupt(
      `Manifest list ${key} holds ${foreign.manifest_path}, which lists delete files or has another partition spec: another writer made it, and tradelake cannot use it.`,
    )
  return manifests
}

/** The bounds of each partition field over some files. */
export function summarizePartitions(
  fields: readonly BoundField[],
  partitions: readonly Readonly<Record<string, PartitionValue>>[],
): FieldSummary[] {
  return fields.map(field => {
    let containsNull = false
    let lower: Uint8Array | null = null
    let upper: Uint8Array | null = null
    for (const value of new Set(partitions.map(partition => partition[field.name] ?? null))) {
      if (value === null) {
        containsNull = true
        continue
      }
      const bytes = encodePartitionValue(field, value)
      if (lower === null || compareEncoded(field.type, bytes, lower)! < 0) lower = bytes
      if (upper === null || compareEncoded(field.type, bytes, upper)! > 0) upper = bytes
    }
    return { contains_null: containsNull, contains_nan: null, lower_bound: lower, upper_bound: upper }
  })
}
