/**
 * Tables that follow their definitions (spec, "Schema Evolution"). A change is legal if it leaves every old file
 * readable: a new optional column, a wider type, required made optional, another doc or order of columns. Everything
 * else is refused. Pure, no I/O.
 *
 * The new schema is in the metadata that a table is opened with, and gets stored with the table's next commit: a migration has
 * no commit of its own, and where its commit failed, the next opening makes it again.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Column, decimalType, type PrimitiveType } from '../domain/column-types.ts'
import { SchemaMismatch } from '../domain/errors.ts'
import type { TableDefinition } from '../domain/tables.ts'
import {
  fieldIds,
  type IcebergSchema,
  lastColumnId,
  partitionSpecOf,
  primitiveOf,
  type SchemaField,
  type SchemaType,
  schemaOf,
  sortOrderOf,
} from './schema.ts'
import type { TableMetadata } from './table-metadata.ts'

/**
 * The metadata with the definition's schema as its current one; the same object where it is so already. Older schemas
 * stay, and snapshots still name the schema they were made with.
 * @throws SchemaMismatch saying what differs and what to do
 */
export function evolveMetadata(metadata: TableMetadata, definition: TableDefinition): TableMetadata {
  const current = metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id'])
  if (!current) throw mismatch(definition, 'its metadata lacks its current schema')
  requireSameLayout(metadata, definition)
  if (foundSame.get(current) === definition.columns) return metadata
  const wanted = schemaOf(definition)
  if (isDeepStrictEqual(current.fields, wanted.fields)) {
    foundSame.set(current, definition.columns)
    return metadata
  }
  const problem = firstProblem(current, wanted, metadata['last-column-id'], definition)
  if (problem !== undefined) throw mismatch(definition, problem)
  // Two versions whose docs differ may take turns: each finds its schema again.
  const known = metadata.schemas.find(schema => isDeepStrictEqual(schema.fields, wanted.fields))
  if (known) return { ...metadata, 'current-schema-id': known['schema-id'] }
  const schemaId = Math.max(...metadata.schemas.map(schema => schema['schema-id'])) + 1
  return {
    ...metadata,
    'last-column-id': Math.max(metadata['last-column-id'], lastColumnId(wanted)),
    'current-schema-id': schemaId,
    schemas: [...metadata.schemas, { ...wanted, 'schema-id': schemaId }],
  }
}

/** Schemas that were found to be those of these columns: commits hand the same object on, and compare it once. */
const foundSame = new WeakMap<IcebergSchema, readonly Column[]>()

function mismatch({ name }: TableDefinition, problem: string): SchemaMismatch {
  return new SchemaMismatch(`Table ${name} is not as this version of tradelake defines it: ${problem}.`)
}

const USE_ITS_VERSION = 'use the version that made it, or a later one'
const MEND = 'undo that in domain/table-columns.ts, or give the new meaning a new column'

const MAKE_ANEW =
  "make a new lake, and give it the records of this one's bronze_* folders with tradelake replay FILE.parquet… --data NEW"

/** @throws SchemaMismatch where the table is partitioned or sorted otherwise */
function requireSameLayout(metadata: TableMetadata, definition: TableDefinition): void {
  const spec = metadata['partition-specs'].find(({ 'spec-id': id }) => id === metadata['default-spec-id'])
  if (!isDeepStrictEqual(spec?.fields, partitionSpecOf(definition).fields))
    throw mismatch(
      definition,
      `it is partitioned otherwise, which is not changed on a table in use: ${USE_ITS_VERSION}`,
    )
  const order = metadata['sort-orders'].find(({ 'order-id': id }) => id === metadata['default-sort-order-id'])
  if (!isDeepStrictEqual(order?.fields, sortOrderOf(definition).fields))
    throw mismatch(definition, `it is sorted otherwise, which is not changed on a table in use: ${USE_ITS_VERSION}`)
}

/** Why the one schema cannot become the other, in words; undefined where it can. */
function firstProblem(
  current: IcebergSchema,
  wanted: IcebergSchema,
  lastId: number,
  { partition }: TableDefinition,
): string | undefined {
  for (const field of current.fields) {
    const problem = changeProblem(field, wanted, name => partition.some(({ source }) => source === name))
    if (problem !== undefined) return problem
  }
  const known = new Set(current.fields.map(({ id }) => id))
  for (const field of wanted.fields) {
    if (known.has(field.id)) continue
    if (field.required) return `column ${field.name} is new and required, but old rows have no value: make it optional`
    const taken = fieldIds(field).find(id => id <= lastId)
    if (taken !== undefined)
      return `column ${field.name} is new, but its id ${taken} is not: give it ids from ${lastId + 1} on`
  }
  const ids = wanted.fields.flatMap(fieldIds)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) return `id ${twice} is given twice: give every column ids of its own`
  return undefined
}

function changeProblem(
  field: SchemaField,
  wanted: IcebergSchema,
  isPartitionSource: (name: string) => boolean,
): string | undefined {
  const { id, name } = field
  const next = wanted.fields.find(candidate => candidate.id === id)
  if (!next) {
    const moved = wanted.fields.find(candidate => candidate.name === name)
    if (moved) return `column ${name} has id ${id} there and ${moved.id} here: ${MEND}`
    return `it has a column ${name} (id ${id}) that is unknown here: ${USE_ITS_VERSION}`
  }
  if (next.name !== name) return `column ${id} is called ${name} there and ${next.name} here: ${MEND}`
  if (next.required && !field.required)
    return `column ${name} may be null there and is required here: ${USE_ITS_VERSION}, or make it optional here`
  if (isDeepStrictEqual(next.type, field.type)) return undefined
  const types = `column ${name} is ${textOf(field.type)} there and ${textOf(next.type)} here`
  if (hasOtherScale(field.type, next.type)) return `${types}, and no decimal's scale can change: ${MAKE_ANEW}`
  // A later version widened it.
  if (isWider(next.type, field.type)) return `${types}: ${USE_ITS_VERSION}`
  if (!isWider(field.type, next.type)) return `${types}, which old files cannot be read as: ${MEND}`
  if (isPartitionSource(name)) return `${types}, but the table is partitioned by it: ${MEND}`
  return undefined
}

/** Whether every value of the one type is one of the other (spec, "Schema Evolution": valid type promotions). */
function isWider(from: SchemaType, to: SchemaType): boolean {
  const [before, after] = [primitiveOf(from), primitiveOf(to)]
  if (before === undefined || after === undefined) return false
  if (before === 'int') return after === 'long'
  if (before === 'float') return after === 'double'
  return isWiderDecimal(before, after)
}

function isWiderDecimal(before: PrimitiveType, after: PrimitiveType): boolean {
  const [narrow, wide] = [decimalType(before), decimalType(after)]
  return narrow !== undefined && wide !== undefined && wide.scale === narrow.scale && wide.precision > narrow.precision
}

function hasOtherScale(from: SchemaType, to: SchemaType): boolean {
  const [before, after] = [primitiveOf(from), primitiveOf(to)].map(type => type && decimalType(type))
  return before !== undefined && after !== undefined && before.scale !== after.scale
}

function textOf(type: SchemaType): string {
  return typeof type === 'string' ? type.replace(', ', ',') : `a ${type.type} with ids ${JSON.stringify(type)}`
}
