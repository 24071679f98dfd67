/**
 * A Parquet file's footer as Iceberg metrics: sizes, counts and bounds by field id (spec, "Data file fields").
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { decimalType, type PrimitiveType } from '../../domain/column-types.ts'
import { sumOf } from '../../domain/counts.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { Corrupt } from '../../domain/errors.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { compareEncoded, encodeValue, truncateLower, truncateUpper } from '../bounds.ts'
import type { DataFile } from '../types.ts'
import {
  type ColumnMetaData,
  type FileMetaData,
  footerBytes,
  PHYSICAL,
  type RowGroup,
  readFooter,
  type SchemaElement,
  type Statistics,
} from './footer-thrift.ts'

/** What a footer says about a data file. */
export type ParquetDescription = Omit<DataFile, 'key' | 'partition'>

/** A file's end: at least the whole footer. */
export interface ParquetTail {
  readonly bytes: Uint8Array
  /** Length of the whole file. */
  readonly fileBytes: number
}

/** Enough for the footer of nearly every file. */
const FIRST_READ = 256 * 1024

/** Describes a file from all its bytes, or from its end. @throws Corrupt where it is not a Parquet file of the table */
export function describeParquet(table: TableDefinition, file: Uint8Array | ParquetTail): ParquetDescription {
  const tail = file instanceof Uint8Array ? { bytes: file, fileBytes: file.length } : file
  try {
    return describeFooter(table, readFooter(tail.bytes), tail.fileBytes)
  } catch (error) {
    throw new Corrupt(`A Parquet file of ${table.name} cannot be described: ${(error as Error).message}.`)
  }
}

/** Describes a file on the local disk, reading only its end. */
export async function describeParquetFile(table: TableDefinition, path: string): Promise<ParquetDescription> {
  // Synchronous: the file was just written, so its end is in memory, and a simulation keeps the order that its seed
  // gives.
  const file = openSync(path, 'r')
  try {
    const fileBytes = fstatSync(file).size
    const readTail = (length: number) => {
      const bytes = Buffer.alloc(Math.min(length, fileBytes))
      readSync(file, bytes, 0, bytes.length, fileBytes - bytes.length)
      return bytes
    }
    const tail = readTail(FIRST_READ)
    const needed = footerBytes(tail)
    return describeParquet(table, { bytes: needed > tail.length ? readTail(needed) : tail, fileBytes })
  } finally {
    closeSync(file)
  }
}

/** A leaf column of the file. */
interface Leaf {
  readonly id: number
  readonly element: SchemaElement
  /** Undefined for what is nested in a list or map: no bounds there. */
  readonly type: PrimitiveType | undefined
}

/** The file's leaves in the order of its column chunks. @throws Error where a column has no field id of the table */
function leavesOf(table: TableDefinition, elements: readonly SchemaElement[]): Leaf[] {
  const leaves: Leaf[] = []
  let at = 1
  const walk = (nestedIds: number[] | undefined) => {
    const element = elements[at++]
    const id = element.field_id ?? nestedIds?.[0]
    if (element.type !== undefined && element.num_children === 0) {
      if (id === undefined) throw new Error(`column ${element.name} has no field id`)
      const column = table.columns.find(candidate => candidate.id === id)
      leaves.push({ id, element, type: nestedIds ? undefined : (column?.type as PrimitiveType | undefined) })
      nestedIds?.shift()
      return
    }
    // Writers may number only the outer field: the nested fields are then in the table's order.
    const below = nestedIds ?? [...(table.columns.find(column => column.id === element.field_id)?.nestedIds ?? [])]
    for (let child = 0; child < element.num_children; child++) walk(below)
  }
  while (at < elements.length) walk(undefined)
  return leaves
}

/** Describes a file of this length by its footer. @throws Error where a column has no field id of the table */
export function describeFooter(table: TableDefinition, footer: FileMetaData, fileBytes: number): ParquetDescription {
  const groups = footer.row_groups
  const description = {
    columnSizes: {} as Record<number, number>,
    valueCounts: {} as Record<number, number>,
    nullCounts: {} as Record<number, number>,
    lowerBounds: {} as Record<number, Uint8Array>,
    upperBounds: {} as Record<number, Uint8Array>,
  }
  for (const [index, leaf] of leavesOf(table, footer.schema).entries()) {
    const chunks = groups.map(group => group.columns[index])
    description.columnSizes[leaf.id] = sumOf(chunks, chunk => Number(chunk.total_compressed_size))
    description.valueCounts[leaf.id] = sumOf(chunks, chunk => Number(chunk.num_values))
    const nulls = chunks.map(chunk => nullsOf(leaf, chunk))
    if (nulls.every(count => count !== undefined)) description.nullCounts[leaf.id] = sumOf(nulls, count => count)
    const bounds = leaf.type && boundsOf(leaf, leaf.type, chunks)
    // Copied: a view would keep the whole file in memory.
    if (bounds?.lower) description.lowerBounds[leaf.id] = new Uint8Array(bounds.lower)
    if (bounds?.upper) description.upperBounds[leaf.id] = new Uint8Array(bounds.upper)
  }
  return {
    records: Number(footer.num_rows),
    bytes: fileBytes,
    ...description,
    splitOffsets: groups.map(group => Number(groupStart(group))),
  }
}

function groupStart(group: RowGroup): bigint {
  const { data_page_offset: data, dictionary_page_offset: dictionary } = group.columns[0]
  // Some writers note 0 where there is no dictionary.
  return dictionary && dictionary < data ? dictionary : data
}

function nullsOf(leaf: Leaf, chunk: ColumnMetaData): number | undefined {
  const nulls = chunk.statistics.null_count
  if (nulls !== undefined) return Number(nulls)
  return leaf.type && leaf.element.isRequired ? 0 : undefined
}

/** Bounds over all row groups; a side is left out where a group with values lacks it. */
function boundsOf(
  leaf: Leaf,
  type: PrimitiveType,
  chunks: readonly ColumnMetaData[],
): { lower: Uint8Array | undefined; upper: Uint8Array | undefined } {
  const filled = chunks.filter(chunk => nullsOf(leaf, chunk) !== Number(chunk.num_values))
  const side = (sign: 1 | -1, pick: (stats: Statistics) => Uint8Array | undefined): Uint8Array | undefined => {
    let best: Uint8Array | undefined
    for (const chunk of filled) {
      const value = pick(chunk.statistics)
      const encoded = value && toIceberg(leaf.element, type, value)
      if (!encoded) return undefined
      if (!best || (compareEncoded(type, encoded, best) ?? 0) * sign < 0) best = encoded
    }
    return best
  }
  // The deprecated fields are in signed order, which is right only for integers.
  const signed = leaf.element.type === PHYSICAL.int32 || leaf.element.type === PHYSICAL.int64
  const lower = side(1, stats => stats.min_value ?? (signed ? stats.min : undefined))
  const upper = side(-1, stats => stats.max_value ?? (signed ? stats.max : undefined))
  return { lower: lower && truncateLower(type, lower), upper: upper && truncateUpper(type, upper) }
}

/** A Parquet statistic (plain encoding) as Iceberg serializes the value; undefined where it does not fit the column. */
function toIceberg(element: SchemaElement, type: PrimitiveType, value: Uint8Array): Uint8Array | undefined {
  const kind = element.type
  if (type === 'string' || type === 'binary') return kind === PHYSICAL.bytes ? value : undefined
  if (kind === PHYSICAL.int32 || kind === PHYSICAL.int64) {
    const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (buffer.length !== (kind === PHYSICAL.int32 ? 4 : 8)) return undefined
    const units = kind === PHYSICAL.int32 ? BigInt(buffer.readInt32LE()) : buffer.readBigInt64LE()
    if (type !== 'timestamptz') return encodeValue(type, units)
    if (element.timeUnit === 'NANOS') return undefined
    return encodeValue(type, element.timeUnit === 'MILLIS' ? units * 1000n : units)
  }
  if (kind === PHYSICAL.float || kind === PHYSICAL.double) {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
    if (view.byteLength !== (kind === PHYSICAL.float ? 4 : 8) || (type !== 'float' && type !== 'double'))
      return undefined
    return encodeValue(type, kind === PHYSICAL.float ? view.getFloat32(0, true) : view.getFloat64(0, true))
  }
  if ((kind === PHYSICAL.fixed || kind === PHYSICAL.bytes) && decimalType(type)) {
    const units = decimalFromBytes(value)
    return units === undefined ? undefined : encodeValue(type, units)
  }
  return undefined
}
