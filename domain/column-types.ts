/** What a column of a table is. Types are Iceberg's (spec, "Schemas and Data Types"). */
import { LONG_DIGITS } from './decimal.ts'

export type PrimitiveType =
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'timestamptz'
  | 'string'
  | 'binary'
  | `decimal(${number},${number})`
export type ColumnType = PrimitiveType | 'list<string>' | 'map<string,string>'

export interface Column {
  readonly id: number
  readonly name: string
  readonly type: ColumnType
  readonly required: boolean
  /** Field ids of a list's element, or of a map's key and value. */
  readonly nestedIds?: readonly number[]
  /** For those who query the table: meaning, unit, source. Plain text of at most 255 characters, which is Glue's limit. */
  readonly doc: string
  /** The version that added the column to a table that had rows: older rows hold null. */
  readonly since?: string
  /** A decimal of more than 18 digits whose values hardly ever take them: a file where none does stores it with 18, in 8 bytes. */
  readonly narrow?: true
  /** Where Gold takes it from: Silver's column of the same name, or the trade's time. */
  readonly from?: 'silver' | 'time' | 'trade'
}

interface DecimalType {
  readonly precision: number
  readonly scale: number
}

/** Types are few, and asked about for each column of each file. */
const decimals = new Map<ColumnType, DecimalType | undefined>()
const MAX_TYPES = 1_000

/** Precision and scale of a decimal type, or undefined for any other type. */
export function decimalType(type: ColumnType): DecimalType | undefined {
  if (decimals.has(type)) return decimals.get(type)
  const found = parseDecimal(type)
  // A table of another writer may have any type.
  if (decimals.size < MAX_TYPES) decimals.set(type, found)
  return found
}

function parseDecimal(type: ColumnType): DecimalType | undefined {
  const match = /^decimal\((\d+),(\d+)\)$/.exec(type)
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined
}

/** A decimal type of the same scale whose values all fit a 64-bit integer. */
export function narrowed(type: ColumnType): ColumnType {
  return `decimal(${LONG_DIGITS},${decimalType(type)?.scale ?? 0})`
}

/** Whether values of the type are decimals that take more than a 64-bit integer. */
export function isBigDecimal(type: ColumnType): boolean {
  return (decimalType(type)?.precision ?? 0) > LONG_DIGITS
}
