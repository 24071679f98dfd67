/**
 * Makes a simulated lake one that an older version left: every table again under an older definition, a column fewer,
 * narrower decimals, ints where there are longs, no docs, with its rows in files that look like that.
 */
import type { Column, ColumnType } from '../../domain/column-types.ts'
import type { Batch, ColumnData } from '../../domain/columns.ts'
import { dataFileKey } from '../../domain/names.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { findTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { uriOf } from '../../iceberg/location.ts'
import { newMetadata } from '../../iceberg/metadata.ts'
import { nextMetadataKey, writeMetadata } from '../../iceberg/metadata-file.ts'
import { readBatch, sourceOf } from '../../iceberg/parquet/batch.ts'
import { encodeParquet } from '../../iceberg/parquet/encode.ts'
import { describeParquet } from '../../iceberg/parquet/footer.ts'
import { partitionPath } from '../../iceberg/partitions.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { truePorts, type World } from './world.ts'

/** No trade of a scenario has one. */
const MISSING = 'platform_sequence'
const NARROWER: Readonly<Record<string, ColumnType>> = {
  offset: 'int',
  kafka_offset: 'int',
  trade_count: 'int',
  price: 'decimal(19,10)',
  quantity: 'decimal(17,8)',
  volume: 'decimal(18,8)',
  taker_buy_volume: 'decimal(18,8)',
}

function older(definition: TableDefinition): TableDefinition {
  const columns = definition.columns
    .filter(({ name }) => name !== MISSING)
    .map((column): Column => ({ ...column, doc: '', type: NARROWER[column.name] ?? column.type }))
  return { ...definition, columns }
}

/** Puts older tables in the place of those that there are. */
export async function ageLake(world: World, definitions: readonly TableDefinition[]): Promise<void> {
  let made = 0
  const ids = { uuid: () => `0a9ed000-0000-7000-8000-${String(++made).padStart(12, '0')}` }
  const ports = {
    ...truePorts(world),
    clock: { now: world.scheduler.now, steady: world.scheduler.now, sleep: async () => {} },
    ids,
  }
  for (const definition of definitions) {
    const table = await findTable(ports, definition.name)
    if (!table) continue
    const old = older(definition)
    const add: DataFile[] = []
    for (const file of await planFiles(ports, table)) {
      const columns = definition.columns.map(({ name }) => name)
      const source = sourceOf(file.key, await ports.store.get(file.key))
      const batch = await readBatch(definition, [source], { columns, plain: new Set() })
      const bytes = encodeParquet(old, narrowed(old, batch))
      const key = dataFileKey(old.name, partitionPath(old, file.partition), ids.uuid())
      await ports.store.put(key, bytes)
      add.push({ key, partition: file.partition, ...describeParquet(old, bytes) })
    }
    const staged = await stageSnapshot(ports, { table: await emptied(ports, table, old), add, operation: 'append' })
    await ports.state.transact([staged.write], ids.uuid())
  }
}

/** The table without a snapshot, under the older definition. */
async function emptied(
  ports: Parameters<typeof stageSnapshot>[0],
  table: LoadedTable,
  old: TableDefinition,
): Promise<LoadedTable> {
  const { location } = table.metadata
  const made = newMetadata({ table: old, location, uuid: ports.ids.uuid(), nowMs: ports.clock.now() })
  const id = old.columns.some(({ name }) => name === 'message_id') ? 13 : made['last-column-id']
  // As if the missing column's id had not been given away: those of what is nested in others are higher.
  const metadata = { ...made, 'last-column-id': id }
  const key = nextMetadataKey(old.name, table.metadataLocation, ports.ids.uuid())
  await writeMetadata(ports.store, key, metadata)
  return { ...table, metadataLocation: uriOf(ports.store, key), metadata }
}

function narrowed(old: TableDefinition, { rows, columns }: Batch): Batch {
  const found = old.columns.map(({ name, type }) => [name, narrow(type, columns[name])])
  return { rows, columns: Object.fromEntries(found) }
}

function narrow(type: ColumnType, data: ColumnData): ColumnData {
  if (type === 'int' && data.kind === 'int64')
    return { ...data, kind: 'int32', values: Int32Array.from(data.values, Number) }
  if (type.startsWith('decimal(18') && data.kind === 'bigdecimal')
    return { ...data, kind: 'int64', values: BigInt64Array.from(data.values) }
  return data
}

/** Tables that are not, once and in full, what their definitions say. */
export async function unevolved(world: World, definitions: readonly TableDefinition[]): Promise<string[]> {
  const problems: string[] = []
  for (const { name, columns } of definitions) {
    const metadata = (await findTable(truePorts(world), name))?.metadata
    if (!metadata) continue
    const schemas = metadata.schemas.map(({ fields }) => fields.map(field => field.name).join())
    const last = metadata.snapshots.at(-1)?.['schema-id']
    if (schemas.length !== 2 || metadata['current-schema-id'] !== 1 || last !== 1)
      problems.push(`${name} has ${schemas.length} schemas, its last snapshot has number ${last}`)
    else if (schemas[1] !== columns.map(column => column.name).join()) problems.push(`${name} lacks a column`)
  }
  return problems
}
