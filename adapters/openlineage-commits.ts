/** What a commit was, for OpenLineage: its job, what it read, and the metadata before and after it, read once it has taken place. */
import { Corrupt, NotFound } from '../domain/errors.ts'
import type { Exchange } from '../domain/exchanges.ts'
import { tableKey } from '../domain/names.ts'
import { type Dataset, datasetAt, type Facets, facet } from '../domain/openlineage.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { columnOriginsOf, type Origin, originsOf } from '../domain/table-origins.ts'
import { DLQ_TABLE, NAMESPACE } from '../domain/tables.ts'
import { uriOf } from '../iceberg/location.ts'
import { readMetadata } from '../iceberg/metadata-file.ts'
import { currentId, type TableCommit, tableDataset } from '../iceberg/openlineage.ts'
import type { PointerMove } from '../iceberg/pointer-moves.ts'
import { readAnyMetadata } from '../iceberg/updates/any-file.ts'
import type { AnyMetadata } from '../iceberg/updates/any-metadata.ts'
import type { Files } from '../iceberg/updates/files.ts'

/** Who commits: the stages, each to its own tables, or a command or server that may commit to any. */
export type Work = 'stages' | 'maintain' | 'rebuild' | 'redrive' | 'repair' | 'catalog'

/** Where a table's metadata can be read; `files` has users' tables. */
export interface Readable {
  readonly store: ObjectStore
  readonly files?: Files
}

export interface Moved extends PointerMove {
  readonly work: Work
  readonly ports: Readable
  /** Milliseconds since 1970. */
  readonly endedMs: number
}

/** The namespace of topics: whoever commits Bronze's files does not know the brokers that the records came from. */
const KAFKA = 'kafka'

/**
 * Undefined where the pointer leads to metadata of an earlier commit again, as after a repair: that was told of then.
 * @throws NotFound, Corrupt, Invalid where the metadata cannot be read; what the store throws
 */
export async function describe(
  moved: Moved,
  namespace: string,
  exchanges: readonly Exchange[],
): Promise<TableCommit | undefined> {
  const { table, kind, location, previousLocation, work, ports, endedMs } = moved
  const { root } = ports.store
  const previous = previousLocation === undefined ? undefined : await readIfThere(moved, previousLocation)
  const metadata = await read(moved, location)
  if (kind === 'create' && moved.namespace === NAMESPACE && metadata['metadata-log'].length > 0) return undefined
  const name = table.slice(NAMESPACE.length + 1)
  const origin = moved.namespace === NAMESPACE && work !== 'catalog' ? originsOf(exchanges).get(name) : undefined
  return {
    job: { namespace, name: `${work === 'stages' && origin ? origin.stage : work}.${origin ? name : table}` },
    ...{ table, root, location, metadata, previous, kind, endedMs },
    inputs: origin ? await inputsOf(moved, name, origin) : [],
    ...(origin && { columnLineage: columnLineage(root, name, exchanges) }),
  }
}

/** Our own tables' metadata is a narrower kind of anybody's. */
async function read({ namespace, ports }: Moved, location: string): Promise<AnyMetadata> {
  if (namespace !== NAMESPACE && ports.files) return readAnyMetadata(ports.files, location)
  return (await readMetadata(ports.store, location)) as unknown as AnyMetadata
}

/** History may have been expired, or be of another writer's making: then the commit stands for itself. */
async function readIfThere(moved: Moved, location: string): Promise<AnyMetadata | undefined> {
  try {
    return await read(moved, location)
  } catch (error) {
    if (error instanceof NotFound || error instanceof Corrupt) return undefined
    throw error
  }
}

/** The tables and topics that the rows were made from. A table that changed in the same transaction was read as it is after it. */
async function inputsOf(moved: Moved, name: string, { stage, tables, topics }: Origin): Promise<Dataset[]> {
  const { work, ports, together } = moved
  const { root } = ports.store
  const lettersToo = work === 'redrive' && stage === 'silver' && name !== DLQ_TABLE.name ? [DLQ_TABLE.name] : []
  const datasets = [...tables, ...lettersToo].map(async each => {
    const table = `${NAMESPACE}.${each}`
    const location = together.get(table)
    const snapshotId = location === undefined ? undefined : currentId(await read(moved, location))
    return tableDataset({ table, root, location: uriOf(ports.store, tableKey(each)), snapshotId })
  })
  return [...topics.map(topic => ({ namespace: KAFKA, name: topic })), ...(await Promise.all(datasets))]
}

function columnLineage(root: string, name: string, exchanges: readonly Exchange[]): Facets {
  const origins = columnOriginsOf(name, exchanges)
  if (!origins) return {}
  const inputs = origins.tables.map(table => datasetAt(uriOf({ root }, tableKey(table))))
  const fields = Object.entries(origins.columns).map(([column, from]) => [
    column,
    {
      inputFields: inputs.flatMap(input =>
        from.map(([field, derivation]) => ({
          ...{ ...input, field },
          transformations: [{ type: derivation === 'CONDITIONAL' ? 'INDIRECT' : 'DIRECT', subtype: derivation }],
        })),
      ),
    },
  ])
  return { columnLineage: facet('ColumnLineageDatasetFacet', { fields: Object.fromEntries(fields) }) }
}
