/**
 * Partition values: the transforms (spec, "Partition Transforms"), how values stand in manifests, and the names of
 * partition folders. Pure, no I/O.
 */
import type { PrimitiveType } from '../domain/column-types.ts'
import type { PartitionField, TableDefinition } from '../domain/tables.ts'
import { DAY_MS, dayName, dayOf, HOUR_MS } from '../domain/time.ts'
import { encodeValue, type ScalarValue } from './bounds.ts'
import { type IcebergSchema, type PartitionSpec, primitiveOf } from './schema.ts'
import type { PartitionValue } from './types.ts'

export type Transform = PartitionField['transform']

/** A partition field with all that reading and writing its values needs. */
export interface BoundField {
  readonly id: number
  readonly name: string
  readonly transform: Transform
  readonly sourceId: number
  readonly sourceType: PrimitiveType
  /** What the transform gives. */
  readonly type: PrimitiveType
}

const MAX_DATE_DAYS = 100_000_000

/** The fields of a spec against its schema. @throws Error where a transform or source type is not one of ours */
export function bindSpec(schema: IcebergSchema, spec: PartitionSpec): BoundField[] {
  return spec.fields.map(field => {
    const source = schema.fields.find(candidate => candidate.id === field['source-id'])
    const sourceType = source && primitiveOf(source.type)
    const transform = field.transform
    if (!sourceType || (transform !== 'identity' && transform !== 'day' && transform !== 'month'))
      throw new Error(`Partition field ${field.name} (${transform}) is of a kind that tradelake does not write.`)
    const type = transform === 'identity' ? sourceType : transform === 'day' ? 'date' : 'int'
    return { id: field['field-id'], name: field.name, transform, sourceId: field['source-id'], sourceType, type }
  })
}

/**
 * Applies a transform to a date (days since 1970) or timestamptz (microseconds since 1970): day gives days since 1970,
 * month gives months since 1970, identity the value itself (numbers beyond 2^53 lose nothing: no such column partitions).
 */
export function applyTransform(transform: Transform, type: PrimitiveType, value: ScalarValue): PartitionValue {
  if (transform === 'identity') return typeof value === 'string' ? value : Number(value)
  const days = type === 'timestamptz' ? dayOf(BigInt(value as bigint)) : Number(value)
  return transform === 'day' ? days : monthOf(days)
}

/** Months since January 1970 of a number of days since 1970. */
export function monthOf(days: number): number {
  // Ends of ranges may lie beyond what a Date holds; no row does.
  const date = new Date(Math.min(Math.max(days, -MAX_DATE_DAYS), MAX_DATE_DAYS) * DAY_MS)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

/** The partition of a row, from the values of the partition's source columns. */
export function partitionOf(
  table: TableDefinition,
  values: Readonly<Record<string, ScalarValue | null>>,
): Record<string, PartitionValue> {
  return Object.fromEntries(
    table.partition.map(field => {
      const column = table.columns.find(candidate => candidate.name === field.source)
      const value = values[field.source]
      if (!column || value === undefined)
        throw new Error(`${table.name}: no value for partition source ${field.source}.`)
      return [field.name, value === null ? null : applyTransform(field.transform, column.type as PrimitiveType, value)]
    }),
  )
}

/** The partition's folder: `exchange_date_day=2026-11-20`, several fields joined by `/`. */
export function partitionPath(table: TableDefinition, partition: Readonly<Record<string, PartitionValue>>): string {
  return table.partition
    .map(field => {
      const column = table.columns.find(candidate => candidate.name === field.source)
      return `${field.name}=${valueName(field.transform, column?.type, partition[field.name])}`
    })
    .join('/')
}

function valueName(transform: Transform, type: string | undefined, value: PartitionValue | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (transform === 'month') {
    const year = 1970 + Math.floor(Number(value) / 12)
    return `${year}-${String((((Number(value) % 12) + 12) % 12) + 1).padStart(2, '0')}`
  }
  if (transform === 'day' || type === 'date') return dayName(Number(value))
  return encodeURIComponent(String(value))
}

/** When the time that a partition stands for is over, milliseconds since 1970; NaN for a null partition. */
export function partitionEnd(table: TableDefinition, partition: Readonly<Record<string, PartitionValue>>): number {
  const [first, hour] = table.partition
  const value = partition[first.name] ?? Number.NaN
  if (first.transform === 'month') return Date.UTC(1970, Number(value) + 1)
  const day = Number(value) * DAY_MS
  return hour === undefined ? day + DAY_MS : day + (Number(partition[hour.name] ?? Number.NaN) + 1) * HOUR_MS
}

/** A partition value serialized as a bound. */
export function encodePartitionValue(field: BoundField, value: Exclude<PartitionValue, null>): Uint8Array {
  return encodeValue(field.type, value)
}

/** Orders two partitions field by field, nulls first; strings by code point. */
export function comparePartitions(
  fields: readonly BoundField[],
  a: Readonly<Record<string, PartitionValue>>,
  b: Readonly<Record<string, PartitionValue>>,
): number {
  for (const { name } of fields) {
    const left = a[name] ?? null
    const right = b[name] ?? null
    if (left === right) continue
    if (left === null) return -1
    if (right === null) return 1
    const order =
      typeof left === 'string' ? Buffer.compare(Buffer.from(left), Buffer.from(String(right))) : left - Number(right)
    if (order !== 0) return order
  }
  return 0
}

/** The Avro type of a partition value in a manifest (spec, "Appendix A: Avro"). */
export function partitionAvroType(field: BoundField): unknown {
  if (field.type === 'date') return { type: 'int', logicalType: 'date' }
  if (field.type === 'int' || field.type === 'string' || field.type === 'long') return field.type
  throw new Error(`Partition field ${field.name} of type ${field.type} is of a kind that tradelake does not write.`)
}
