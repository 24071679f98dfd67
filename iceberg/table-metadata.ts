/** Table metadata as the spec names it (spec, "Table Metadata Fields"): the JSON of a metadata file. */
import type { IcebergSchema, PartitionSpec, SortOrder } from './schema.ts'

/** append adds files, replace changes files but no rows (compaction), delete only removes, overwrite does both. */
export type Operation = 'append' | 'replace' | 'overwrite' | 'delete'

export interface Snapshot {
  readonly 'snapshot-id': number
  readonly 'parent-snapshot-id'?: number
  readonly 'sequence-number': number
  /** Milliseconds since 1970. */
  readonly 'timestamp-ms': number
  readonly 'manifest-list': string
  readonly summary: Readonly<Record<string, string>> & { readonly operation: Operation }
  readonly 'schema-id'?: number
}

export interface SnapshotRef {
  readonly 'snapshot-id': number
  readonly type: 'branch' | 'tag'
}

export interface TableMetadata {
  readonly 'format-version': 2
  readonly 'table-uuid': string
  readonly location: string
  readonly 'last-sequence-number': number
  /** Milliseconds since 1970. */
  readonly 'last-updated-ms': number
  readonly 'last-column-id': number
  readonly 'current-schema-id': number
  readonly schemas: readonly IcebergSchema[]
  readonly 'default-spec-id': number
  readonly 'partition-specs': readonly PartitionSpec[]
  readonly 'last-partition-id': number
  readonly 'default-sort-order-id': number
  readonly 'sort-orders': readonly SortOrder[]
  readonly properties: Readonly<Record<string, string>>
  /** -1 where the table has no snapshot yet. */
  readonly 'current-snapshot-id': number
  readonly refs: Readonly<Record<string, SnapshotRef>>
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[]
  readonly 'snapshot-log': readonly { readonly 'snapshot-id': number; readonly 'timestamp-ms': number }[]
  readonly 'metadata-log': readonly { readonly 'metadata-file': string; readonly 'timestamp-ms': number }[]
}
