/**
 * The catalog: each table has a pointer, which names its current metadata file. The pointer is an item in the layout
 * of Iceberg's own DynamoDbCatalog (Java, org.apache.iceberg.aws.dynamodb), so that its clients read and write the
 * same catalog: a change replaces the item under the condition that its version `v` is still the one that was read.
 */
import { Conflict, Corrupt, NotFound } from '../domain/errors.ts'
import { catalogPartition, tableKey } from '../domain/names.ts'
import type { Attributes, Key, Ports, Write } from '../domain/ports.ts'
import { NAMESPACE, type TableDefinition } from '../domain/tables.ts'
import { evolveMetadata } from './evolve.ts'
import { requireLocation, uriOf } from './location.ts'
import { newMetadata } from './metadata.ts'
import { nextMetadataKey, readMetadata, writeMetadata } from './metadata-file.ts'
import type { SnapshotRetention } from './snapshot-retention.ts'
import type { TableMetadata } from './table-metadata.ts'

/** A table as it stood when it was read. */
export interface LoadedTable {
  readonly name: string
  /** The pointer's version: names this state in the condition of a commit. */
  readonly version: string
  /** Absolute URI. */
  readonly metadataLocation: string
  readonly metadata: TableMetadata
  /** The pointer's item. */
  readonly attributes: Attributes
}

type CatalogPorts = Pick<Ports, 'store' | 'state' | 'clock' | 'ids'>

/** The pointer's address. */
export function pointerKey(table: string): Key {
  return { table: 'catalog', partition: catalogPartition.table(table), sort: NAMESPACE }
}

const CREATE_ATTEMPTS = 5
const CREATE_PAUSE_MS = 50

const NAMESPACE_KEY: Key = { table: 'catalog', partition: catalogPartition.namespaces, sort: NAMESPACE }

/**
 * Reads a table's current state, strongly.
 * @throws NotFound where there is no such table; Corrupt; BadInput where the data was made under another root
 */
export async function loadTable(ports: Pick<Ports, 'store' | 'state'>, name: string): Promise<LoadedTable> {
  const table = await findTable(ports, name)
  if (!table) throw new NotFound(`There is no table ${NAMESPACE}.${name}.`)
  return table
}

/** Like `loadTable`, but undefined where there is no such table. */
export async function findTable(ports: Pick<Ports, 'store' | 'state'>, name: string): Promise<LoadedTable | undefined> {
  const attributes = await ports.state.get(pointerKey(name))
  return attributes && loadTableAt(ports, name, attributes)
}

/** A table as its pointer's item says. @throws Corrupt; BadInput where the data was made under another root */
async function loadTableAt(ports: Pick<Ports, 'store'>, name: string, attributes: Attributes): Promise<LoadedTable> {
  const version = attributes.v
  const metadataLocation = attributes['p.metadata_location']
  if (typeof version !== 'string' || typeof metadataLocation !== 'string')
    throw new Corrupt(`The catalog item of ${NAMESPACE}.${name} has no version or no metadata location.`)
  requireLocation(ports.store, name, metadataLocation)
  const metadata = await readMetadata(ports.store, metadataLocation).catch(error => {
    // The pointer names the file, so it existed.
    if (error instanceof NotFound) throw new Corrupt(`Table ${name} has lost its metadata file ${metadataLocation}.`)
    throw error
  })
  return { name, version, metadataLocation, metadata, attributes }
}

/**
 * Reads a table's current state with the schema of its definition: where an older version left another schema, the
 * metadata has the new one already, and the next commit stores it. Whoever commits opens tables this way; reading
 * writes nothing. undefined where there is no such table.
 * @throws SchemaMismatch where the table cannot become what the definition says; what `loadTable` throws
 */
export async function openTable(
  ports: Pick<Ports, 'store' | 'state'>,
  definition: TableDefinition,
): Promise<LoadedTable | undefined> {
  const attributes = await ports.state.get(pointerKey(definition.name))
  return attributes && openTableAt(ports, definition, attributes)
}

/** Like `openTable`, in the state that its pointer's item had when it was read. */
export async function openTableAt(
  ports: Pick<Ports, 'store'>,
  definition: TableDefinition,
  attributes: Attributes,
): Promise<LoadedTable> {
  const table = await loadTableAt(ports, definition.name, attributes)
  return { ...table, metadata: evolveMetadata(table.metadata, definition) }
}

/**
 * Makes the table and its namespace, or opens the table if it exists; two calls at once do no harm.
 * @throws Conflict where other writers keep interfering; what `openTable` throws
 */
export async function createTable(
  ports: CatalogPorts,
  definition: TableDefinition,
  options: { readonly retention?: SnapshotRetention } = {},
): Promise<LoadedTable> {
  const existing = await openTable(ports, definition)
  if (existing) return existing
  await putOnce(ports, NAMESPACE_KEY, {})
  const key = nextMetadataKey(definition.name, undefined, ports.ids.uuid())
  const metadata = newMetadata({
    table: definition,
    location: uriOf(ports.store, tableKey(definition.name)),
    uuid: ports.ids.uuid(),
    nowMs: ports.clock.now(),
    retention: options.retention,
  })
  await writeMetadata(ports.store, key, metadata)
  await putOnce(ports, pointerKey(definition.name), {
    'p.table_type': 'ICEBERG',
    'p.metadata_location': uriOf(ports.store, key),
  })
  const table = await openTable(ports, definition)
  if (!table) throw new NotFound(`Table ${definition.name} went away while it was made.`)
  return table
}

/**
 * Points a table's lost pointer at metadata (an absolute URI). `createdAt`: when the table was made, milliseconds since 1970; where
 * that is no longer known it was very long ago, so that nobody expects it to hold what its retention may have dropped.
 */
export async function restorePointer(
  ports: CatalogPorts,
  name: string,
  metadataLocation: string,
  createdAt = 0,
): Promise<void> {
  await putOnce(ports, NAMESPACE_KEY, {})
  await putOnce(ports, pointerKey(name), {
    created_at: createdAt,
    'p.table_type': 'ICEBERG',
    'p.metadata_location': metadataLocation,
  })
}

/**
 * Puts a catalog item if there is none yet. A Conflict may come from a transaction that then failed: look, and try
 * again.
 */
async function putOnce(ports: CatalogPorts, key: Key, properties: Attributes): Promise<void> {
  for (let attempt = 1; !(await ports.state.get(key)); attempt++) {
    const now = ports.clock.now()
    const attributes = { v: ports.ids.uuid(), created_at: now, updated_at: now, ...properties }
    try {
      await ports.state.transact([{ kind: 'put', item: { key, attributes }, when: { is: 'absent' } }], ports.ids.uuid())
    } catch (error) {
      if (!(error instanceof Conflict) || attempt === CREATE_ATTEMPTS) throw error
      await ports.clock.sleep(CREATE_PAUSE_MS * attempt)
    }
  }
}

/**
 * The write that moves a table's pointer to new metadata, for a stage's own transaction; it conflicts when the table
 * has changed since it was read.
 */
export function pointerWrite(options: {
  readonly table: LoadedTable
  /** Absolute URI. */
  readonly metadataLocation: string
  /** A fresh UUID. */
  readonly version: string
  /** Milliseconds since 1970. */
  readonly nowMs: number
}): Write & { readonly kind: 'put' } {
  const { table } = options
  return {
    kind: 'put',
    item: {
      key: pointerKey(table.name),
      attributes: {
        ...table.attributes,
        v: options.version,
        updated_at: options.nowMs,
        'p.metadata_location': options.metadataLocation,
        'p.previous_metadata_location': table.metadataLocation,
      },
    },
    when: { is: 'matching', attributes: { v: table.version } },
  }
}
