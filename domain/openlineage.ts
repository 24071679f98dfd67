/**
 * Events of OpenLineage, the open standard for what was made from what: their shape, as far as it is used here (specification 2-0-2,
 * "OpenLineage.json", and its facets, each with a version of its own).
 */
import { uuidOf } from './uuid.ts'

/** Who made an event, as a URI: the project, as package.json names it. */
export const PRODUCER = 'https://github.com/tradelake/tradelake'
const SPEC = 'https://openlineage.io/spec'
const RUN_EVENT = `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`

/** The facets that are used, with the versions of their schemas. */
const FACETS = {
  SchemaDatasetFacet: '1-2-0',
  DatasetVersionDatasetFacet: '1-0-1',
  DatasourceDatasetFacet: '1-0-1',
  StorageDatasetFacet: '1-0-1',
  SymlinksDatasetFacet: '1-0-1',
  LifecycleStateChangeDatasetFacet: '1-0-1',
  ColumnLineageDatasetFacet: '1-2-0',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  /** From the specification's registry for Iceberg. */
  IcebergCommitReportOutputDatasetFacet: '1-0-0',
} as const

export type Facet = Readonly<Record<string, unknown>>
export type Facets = Readonly<Record<string, Facet>>

/** A facet by the name of its schema. */
export function facet(kind: keyof typeof FACETS, values: Readonly<Record<string, unknown>>): Facet {
  return { _producer: PRODUCER, _schemaURL: `${SPEC}/facets/${FACETS[kind]}/${kind}.json#/$defs/${kind}`, ...values }
}

/** A job in its namespace. */
export interface Job {
  readonly namespace: string
  readonly name: string
}

export interface Dataset {
  readonly namespace: string
  readonly name: string
  readonly facets?: Facets
  /** What a run wrote to it. */
  readonly outputFacets?: Facets
}

export interface RunEvent {
  readonly eventType: 'START' | 'COMPLETE'
  /** ISO 8601, UTC. */
  readonly eventTime: string
  readonly run: { readonly runId: string }
  readonly job: Job
  readonly inputs: readonly Dataset[]
  readonly outputs: readonly Dataset[]
  readonly producer: string
  readonly schemaURL: string
}

/** A run that has ended well, from its beginning to its end in milliseconds since 1970. */
export interface Run {
  readonly id: string
  readonly job: Job
  readonly beganMs: number
  readonly endedMs: number
  readonly inputs: readonly Dataset[]
  readonly outputs: readonly Dataset[]
}

/** A run's two events: the specification asks for one START and one end of every run (`RunEvent`, "eventType"). The end says everything. */
export function eventsOf({ id, job, beganMs, endedMs, inputs, outputs }: Run): readonly [RunEvent, RunEvent] {
  const common = { run: { runId: id }, job, producer: PRODUCER, schemaURL: RUN_EVENT }
  const time = (milliseconds: number) => new Date(milliseconds).toISOString()
  // Other writers' clocks may be ahead, and their times anything.
  const began = beganMs >= 0 && beganMs <= endedMs ? beganMs : endedMs
  return [
    { eventType: 'START', eventTime: time(began), ...common, inputs: [], outputs: [] },
    { eventType: 'COMPLETE', eventTime: time(endedMs), ...common, inputs, outputs },
  ]
}

/** For names that are URLs (RFC 9562, "Namespace ID Usage and Allocation"). */
const URLS = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex')

/** The id of the run that a URI stands for: the same whenever it is told of. */
export function runId(uri: string): string {
  return uuidOf(URLS, uri)
}

/** Where files are, as a dataset (OpenLineage, "Naming", S3 and local file system): the bucket and the key, or `file` and the path. */
export function datasetAt(uri: string): Pick<Dataset, 'namespace' | 'name'> {
  const [, scheme, authority, path] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/.exec(uri) ?? ['', 'file', '', uri]
  if (scheme === 'file') return { namespace: 'file', name: path }
  return { namespace: `${scheme}://${authority}`, name: path.replace(/^\/+/, '') }
}
