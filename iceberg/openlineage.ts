/**
 * A commit of a table as a run of OpenLineage, from the metadata that it left. Pure, no I/O.
 * Other writers' ids of 64 bits are text where OpenLineage wants text, and left out where it wants a JSON number that holds them.
 */
import type { Dataset, Facets, Job, Run } from '../domain/openlineage.ts'
import { datasetAt, facet, runId } from '../domain/openlineage.ts'
import {
  type AnyField,
  type AnyMetadata,
  type AnySchema,
  type AnySnapshot,
  type AnyType,
  currentSchema,
  NO_SNAPSHOT,
} from './updates/any-metadata.ts'

export interface TableCommit {
  readonly job: Job
  /** With its namespace, as SQL has it. */
  readonly table: string
  /** The store's root as a URI: where the catalog is. */
  readonly root: string
  /** Absolute URI of the metadata that the commit left; of the last there was, where it dropped the table. */
  readonly location: string
  readonly metadata: AnyMetadata
  /** The metadata before it; undefined where the table is new, or it is no longer there. */
  readonly previous: AnyMetadata | undefined
  readonly kind: 'create' | 'move' | 'drop'
  /** When it was known to have taken place, milliseconds since 1970. */
  readonly endedMs: number
  /** What the rows were made from, where the commit brought rows. */
  readonly inputs: readonly Dataset[]
  /** What the columns were made from, where it is known. */
  readonly columnLineage?: Facets
}

/** The run that a commit was. Its id follows from the metadata's location, which no other commit has. */
export function runOf(commit: TableCommit): Run {
  const { job, location, metadata, kind, endedMs } = commit
  const snapshot = newSnapshot(commit)
  const bringsRows = snapshot !== undefined && ['append', 'overwrite'].includes(operationOf(snapshot))
  return {
    id: runId(kind === 'drop' ? `${location}#drop` : location),
    job,
    beganMs: kind === 'drop' ? endedMs : (snapshot?.['timestamp-ms'] ?? metadata['last-updated-ms']),
    endedMs,
    inputs: bringsRows ? commit.inputs : itself(commit),
    outputs: [outputOf(commit, snapshot, bringsRows)],
  }
}

/** A commit that brings no rows from elsewhere reads the table itself: it joins, drops or expires. */
function itself({ kind, table, root, previous }: TableCommit): Dataset[] {
  if (kind !== 'move' || previous === undefined) return []
  return [tableDataset({ table, root, location: previous.location, snapshotId: currentId(previous) })]
}

function outputOf(commit: TableCommit, snapshot: AnySnapshot | undefined, bringsRows: boolean): Dataset {
  const { table, root, metadata, previous, kind, columnLineage } = commit
  const base = tableDataset({ table, root, location: metadata.location, snapshotId: currentId(metadata) })
  const change = lifecycleChange(kind, metadata, previous)
  return {
    ...base,
    facets: {
      ...base.facets,
      schema: schemaFacet(currentSchema(metadata)),
      storage: facet('StorageDatasetFacet', {
        storageLayer: 'iceberg',
        fileFormat: metadata.properties['write.format.default'] ?? 'parquet',
      }),
      ...(change && {
        lifecycleStateChange: facet('LifecycleStateChangeDatasetFacet', { lifecycleStateChange: change }),
      }),
      ...(bringsRows && columnLineage),
    },
    ...(snapshot && { outputFacets: statistics(snapshot) }),
  }
}

/** A table as a dataset: where its files are, with its name in the catalog beside it. Of a snapshot, where it has one. */
export function tableDataset(options: {
  readonly table: string
  readonly root: string
  /** Absolute URI of its folder. */
  readonly location: string
  readonly snapshotId: string | undefined
}): Dataset {
  const { table, root, location, snapshotId } = options
  return {
    ...datasetAt(location),
    facets: {
      dataSource: facet('DatasourceDatasetFacet', { name: root, uri: root }),
      symlinks: facet('SymlinksDatasetFacet', { identifiers: [{ namespace: root, name: table, type: 'TABLE' }] }),
      ...(snapshotId !== undefined && {
        version: facet('DatasetVersionDatasetFacet', { datasetVersion: snapshotId }),
      }),
    },
  }
}

/** The id of the current snapshot as text; undefined without one. */
export function currentId({ 'current-snapshot-id': id }: AnyMetadata): string | undefined {
  return id === NO_SNAPSHOT ? undefined : String(id)
}

/** The current snapshot, if the commit made it: a step back goes to an older one. */
function newSnapshot({ kind, metadata, previous }: TableCommit): AnySnapshot | undefined {
  if (kind === 'drop') return undefined
  const id = metadata['current-snapshot-id']
  const found = metadata.snapshots.findLast(snapshot => snapshot['snapshot-id'] === id)
  if (previous) return previous.snapshots.some(snapshot => snapshot['snapshot-id'] === id) ? undefined : found
  // Without the metadata before it, the time tells: a snapshot's commit has the snapshot's own.
  return found?.['timestamp-ms'] === metadata['last-updated-ms'] ? found : undefined
}

function operationOf({ summary = {} }: AnySnapshot): string {
  return summary.operation ?? 'overwrite'
}

function lifecycleChange(kind: TableCommit['kind'], metadata: AnyMetadata, previous: AnyMetadata | undefined) {
  if (kind === 'drop') return 'DROP'
  // A table that is registered has a history, and was made elsewhere.
  if (kind === 'create') return metadata['metadata-log'].length === 0 ? 'CREATE' : undefined
  if (previous && previous['current-schema-id'] !== metadata['current-schema-id']) return 'ALTER'
  return undefined
}

function schemaFacet({ fields }: AnySchema) {
  return facet('SchemaDatasetFacet', { fields: fields.map((field, i) => fieldOf(field, i + 1)) })
}

/** A column, with what it nests (facet 1-2-0: elements are named `_element`, keys and values `key` and `value`). */
function fieldOf({ name, type, doc }: Pick<AnyField, 'name' | 'type' | 'doc'>, position?: number): object {
  const nested = nestedIn(type)
  return {
    name,
    type: typeof type === 'string' ? type : type.type === 'list' ? 'array' : type.type,
    ...(doc && { description: doc }),
    ...(position !== undefined && { ordinal_position: position }),
    ...(nested.length > 0 && { fields: nested.map(each => fieldOf(each)) }),
  }
}

function nestedIn(type: AnyType): readonly Pick<AnyField, 'name' | 'type' | 'doc'>[] {
  if (typeof type === 'string') return []
  if (type.type === 'struct') return type.fields
  if (type.type === 'list') return [{ name: '_element', type: type.element }]
  return [
    { name: 'key', type: type.key },
    { name: 'value', type: type.value },
  ]
}

/** The measures of a commit report (Iceberg, `CommitMetricsResult`) and where a snapshot's summary has them. */
const METRICS = {
  addedDataFiles: 'added-data-files',
  removedDataFiles: 'deleted-data-files',
  totalDataFiles: 'total-data-files',
  addedRecords: 'added-records',
  removedRecords: 'deleted-records',
  totalRecords: 'total-records',
  addedFilesSizeInBytes: 'added-files-size',
  removedFilesSizeInBytes: 'removed-files-size',
  totalFilesSizeInBytes: 'total-files-size',
} as const

/** What the commit wrote, and all that changed. The summary leaves out what is zero (spec, "Appendix F"). */
function statistics(snapshot: AnySnapshot): Facets {
  const { summary = {}, 'snapshot-id': id, 'sequence-number': sequenceNumber } = snapshot
  // What another writer put there may be anything.
  const count = (name: string) => (/^\d{1,15}$/.test(summary[name] ?? '') ? Number(summary[name]) : 0)
  const metrics = Object.entries(METRICS).flatMap(([metric, name]) =>
    // The totals are not known where a writer did not carry them on.
    name.startsWith('total-') && summary[name] === undefined ? [] : [[metric, count(name)]],
  )
  return {
    outputStatistics: facet('OutputStatisticsOutputDatasetFacet', {
      rowCount: count('added-records'),
      size: count('added-files-size'),
      fileCount: count('added-data-files'),
    }),
    iceberg_commit_report: facet('IcebergCommitReportOutputDatasetFacet', {
      ...(typeof id === 'number' && { snapshotId: id }),
      ...(typeof sequenceNumber === 'number' && { sequenceNumber }),
      operation: operationOf(snapshot),
      commitMetrics: Object.fromEntries(metrics),
    }),
  }
}
