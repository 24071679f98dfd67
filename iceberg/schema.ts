/**
 * A table definition as Iceberg JSON: schema, partition spec, sort order (spec, "Appendix C: JSON serialization").
 * Pure, no I/O.
 */
import { type ColumnType, decimalType, type PrimitiveType } from '../domain/column-types.ts'
import type { TableDefinition } from '../domain/tables.ts'

export type SchemaType =
  | string
  | {
      readonly type: 'list'
      readonly 'element-id': number
      readonly element: SchemaType
      readonly 'element-required': boolean
    }
  | {
      readonly type: 'map'
      readonly 'key-id': number
      readonly key: SchemaType
      readonly 'value-id': number
      readonly value: SchemaType
      readonly 'value-required': boolean
    }

export interface SchemaField {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: SchemaType
  readonly doc?: string
}

export interface IcebergSchema {
  readonly type: 'struct'
  readonly 'schema-id': number
  readonly fields: readonly SchemaField[]
}

export interface SpecField {
  readonly 'source-id': number
  readonly 'field-id': number
  readonly name: string
  readonly transform: string
}

export interface PartitionSpec {
  readonly 'spec-id': number
  readonly fields: readonly SpecField[]
}

export interface SortOrder {
  readonly 'order-id': number
  readonly fields: readonly {
    readonly transform: string
    readonly 'source-id': number
    readonly direction: 'asc' | 'desc'
    readonly 'null-order': 'nulls-first' | 'nulls-last'
  }[]
}

/** Partition field ids begin here (spec, "Partition Specs": from 1000, so that they differ from column ids). */
export const FIRST_PARTITION_ID = 1000

/** The schema with id 0. @throws Error where a nested column has no ids for what it nests */
export function schemaOf(table: TableDefinition): IcebergSchema {
  return {
    type: 'struct',
    'schema-id': 0,
    fields: table.columns.map(column => ({
      id: column.id,
      name: column.name,
      required: column.required,
      type: typeJson(column.type, column.nestedIds, `${table.name}.${column.name}`),
      ...(column.doc !== '' && { doc: column.doc }),
    })),
  }
}

function typeJson(type: ColumnType, ids: readonly number[] = [], where: string): SchemaType {
  if (type === 'list<string>') {
    if (ids.length !== 1) throw new Error(`${where} is a list without an element id.`)
    return { type: 'list', 'element-id': ids[0], element: 'string', 'element-required': true }
  }
  if (type === 'map<string,string>') {
    if (ids.length !== 2) throw new Error(`${where} is a map without ids of key and value.`)
    return { type: 'map', 'key-id': ids[0], key: 'string', 'value-id': ids[1], value: 'string', 'value-required': true }
  }
  const decimal = decimalType(type)
  return decimal ? `decimal(${decimal.precision}, ${decimal.scale})` : type
}

/** The field's own id and those of what is nested in it. */
export function fieldIds({ id, type }: SchemaField): number[] {
  if (typeof type === 'string') return [id]
  return type.type === 'list' ? [id, type['element-id']] : [id, type['key-id'], type['value-id']]
}

/** The highest field id of the schema, nested fields included. */
export function lastColumnId(schema: IcebergSchema): number {
  return Math.max(0, ...schema.fields.flatMap(fieldIds))
}

/** The partition spec with id 0. @throws Error where a source is not a column */
export function partitionSpecOf(table: TableDefinition): PartitionSpec {
  return {
    'spec-id': 0,
    fields: table.partition.map((field, index) => ({
      'source-id': columnId(table, field.source),
      'field-id': FIRST_PARTITION_ID + index,
      name: field.name,
      transform: field.transform,
    })),
  }
}

/** Order 1, ascending with nulls first, or order 0 where the table is unsorted (spec, "Sort Orders"). */
export function sortOrderOf(table: TableDefinition): SortOrder {
  return {
    'order-id': table.sort.length === 0 ? 0 : 1,
    fields: table.sort.map(name => ({
      transform: 'identity',
      'source-id': columnId(table, name),
      direction: 'asc',
      'null-order': 'nulls-first',
    })),
  }
}

function columnId(table: TableDefinition, name: string): number {
  const column = table.columns.find(candidate => candidate.name === name)
  if (!column) throw new Error(`Table ${table.name} has no column ${name}.`)
  return column.id
}

/**
 * The domain's name of a primitive type in schema JSON; undefined for nested types and types that no table here uses.
 */
export function primitiveOf(type: SchemaType): PrimitiveType | undefined {
  if (typeof type !== 'string') return undefined
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(type)
  if (decimal) return `decimal(${Number(decimal[1])},${Number(decimal[2])})`
  return PLAIN_TYPES.has(type) ? (type as PrimitiveType) : undefined
}

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'int',
  'long',
  'float',
  'double',
  'date',
  'timestamptz',
  'string',
  'binary',
])
