/**
 * A Parquet file's footer as Iceberg metrics: sizes, counts and bounds by field id (spec, "Data file fields").
 *
 * The footer is read as raw Thrift: hyparquet's own statistics turn dates into Date and decimals into floats, and
 * bounds must be exact. Field numbers are those of parquet.thrift (apache/parquet-format).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { decimalType, type PrimitiveType } from '../../domain/column-types.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { Corrupt } from '../../domain/errors.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { compareEncoded, encodeValue, truncateLower, truncateUpper } from '../bounds.ts'
import type { DataFile } from '../types.ts'

/** What a footer tells of a data file. */
export type ParquetDescription = Omit<DataFile, 'key' | 'partition'>

/** A file's end: at least the whole footer. */
export interface ParquetTail {
  readonly bytes: Uint8Array
  /** Length of the whole file. */
  readonly fileBytes: number
}

/** Enough for the footer of nearly every file. */
const FIRST_READ = 256 * 1024
const TRAILER_BYTES = 8
const MAGIC = 0x31524150

/** Describes a file from all its bytes, or from its end. @throws Corrupt where it is no Parquet file of the table */
export function describeParquet(table: TableDefinition, file: Uint8Array | ParquetTail): ParquetDescription {
  const tail = file instanceof Uint8Array ? { bytes: file, fileBytes: file.length } : file
  try {
    return describe(table, readFooter(tail.bytes), tail.fileBytes)
  } catch (error) {
    throw new Corrupt(`A Parquet file of ${table.name} cannot be described: ${(error as Error).message}.`)
  }
}

/** Describes a file on the local disk, reading its end alone. */
export async function describeParquetFile(table: TableDefinition, path: string): Promise<ParquetDescription> {
  // In this thread: the file was just written, so its end is in memory, and a simulation's order stays that of its seed.
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

/** How many bytes at a file's end its footer takes, from those last bytes; 0 where they are no Parquet file's. */
function footerBytes(tail: Uint8Array): number {
  if (tail.length < TRAILER_BYTES) return 0
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  if (view.getUint32(tail.length - 4, true) !== MAGIC) return 0
  return view.getUint32(tail.length - TRAILER_BYTES, true) + TRAILER_BYTES
}

// The parts of parquet.thrift that matter here, by field number.
interface SchemaElement {
  readonly field_1?: number // physical type, absent for groups
  readonly field_3?: number // repetition: 0 required
  readonly field_4: Uint8Array // name
  readonly field_5?: number // children
  readonly field_6?: number // converted type
  readonly field_9?: number // field id
  readonly field_10?: {
    readonly field_8?: { readonly field_2?: { readonly field_1?: object; readonly field_3?: object } }
  }
}
interface Statistics {
  readonly field_1?: Uint8Array // max, of the deprecated signed order
  readonly field_2?: Uint8Array // min
  readonly field_3?: bigint // nulls
  readonly field_5?: Uint8Array // max
  readonly field_6?: Uint8Array // min
}
interface ColumnMetadata {
  readonly field_5: bigint // values
  readonly field_7: bigint // compressed bytes
  readonly field_9: bigint // offset of the first data page
  readonly field_11?: bigint // offset of the dictionary page
  readonly field_12?: Statistics
}
interface RowGroup {
  readonly field_1: readonly { readonly field_3: ColumnMetadata }[]
}
interface Footer {
  readonly field_2: readonly SchemaElement[]
  readonly field_3: bigint // rows
  readonly field_4?: readonly RowGroup[]
}

const physical = { int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const
const CONVERTED_MILLIS = 9

function readFooter(bytes: Uint8Array): Footer {
  const length = footerBytes(bytes)
  if (length === 0) throw new Error('it does not end like one')
  if (length > bytes.length) throw new Error(`its footer takes ${length} bytes and ${bytes.length} were given`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return deserializeTCompactProtocol({ view, offset: bytes.length - length }) as unknown as Footer
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
    const id = element.field_9 ?? nestedIds?.[0]
    if (element.field_1 !== undefined && !element.field_5) {
      if (id === undefined) throw new Error(`column ${Buffer.from(element.field_4)} has no field id`)
      const column = table.columns.find(candidate => candidate.id === id)
      leaves.push({ id, element, type: nestedIds ? undefined : (column?.type as PrimitiveType | undefined) })
      nestedIds?.shift()
      return
    }
    // Writers may number only the outer field: what is nested in it then follows the table's order.
    const below = nestedIds ?? [...(table.columns.find(column => column.id === element.field_9)?.nestedIds ?? [])]
    for (let child = 0; child < (element.field_5 ?? 0); child++) walk(below)
  }
  while (at < elements.length) walk(undefined)
  return leaves
}

function describe(table: TableDefinition, footer: Footer, fileBytes: number): ParquetDescription {
  const groups = footer.field_4 ?? []
  const description = {
    columnSizes: {} as Record<number, number>,
    valueCounts: {} as Record<number, number>,
    nullCounts: {} as Record<number, number>,
    lowerBounds: {} as Record<number, string>,
    upperBounds: {} as Record<number, string>,
  }
  for (const [index, leaf] of leavesOf(table, footer.field_2).entries()) {
    const chunks = groups.map(group => group.field_1[index].field_3)
    description.columnSizes[leaf.id] = sum(chunks, chunk => chunk.field_7)
    description.valueCounts[leaf.id] = sum(chunks, chunk => chunk.field_5)
    const nulls = chunks.map(chunk => nullsOf(leaf, chunk))
    if (nulls.every(count => count !== undefined)) description.nullCounts[leaf.id] = nulls.reduce((a, b) => a + b, 0)
    const bounds = leaf.type && boundsOf(leaf, leaf.type, chunks)
    if (bounds?.lower) description.lowerBounds[leaf.id] = base64(bounds.lower)
    if (bounds?.upper) description.upperBounds[leaf.id] = base64(bounds.upper)
  }
  return {
    records: Number(footer.field_3),
    bytes: fileBytes,
    ...description,
    splitOffsets: groups.map(group => Number(groupStart(group))),
  }
}

function sum(chunks: readonly ColumnMetadata[], of: (chunk: ColumnMetadata) => bigint): number {
  return Number(chunks.reduce((total, chunk) => total + of(chunk), 0n))
}

function groupStart(group: RowGroup): bigint {
  const { field_9: data, field_11: dictionary } = group.field_1[0].field_3
  // Some writers note 0 where there is no dictionary.
  return dictionary && dictionary < data ? dictionary : data
}

function nullsOf(leaf: Leaf, chunk: ColumnMetadata): number | undefined {
  const nulls = chunk.field_12?.field_3
  if (nulls !== undefined) return Number(nulls)
  return leaf.type && leaf.element.field_3 === 0 ? 0 : undefined
}

/** Bounds over all row groups; a side that one group with values lacks is left out. */
function boundsOf(
  leaf: Leaf,
  type: PrimitiveType,
  chunks: readonly ColumnMetadata[],
): { lower: Uint8Array | undefined; upper: Uint8Array | undefined } {
  const filled = chunks.filter(chunk => nullsOf(leaf, chunk) !== Number(chunk.field_5))
  const side = (sign: 1 | -1, pick: (stats: Statistics) => Uint8Array | undefined): Uint8Array | undefined => {
    let best: Uint8Array | undefined
    for (const chunk of filled) {
      const value = chunk.field_12 && pick(chunk.field_12)
      const encoded = value && toIceberg(leaf.element, type, value)
      if (!encoded) return undefined
      if (!best || (compareEncoded(type, encoded, best) ?? 0) * sign < 0) best = encoded
    }
    return best
  }
  // The deprecated fields are in signed order, which is right for integers alone.
  const signed = leaf.element.field_1 === physical.int32 || leaf.element.field_1 === physical.int64
  const lower = side(1, stats => stats.field_6 ?? (signed ? stats.field_2 : undefined))
  const upper = side(-1, stats => stats.field_5 ?? (signed ? stats.field_1 : undefined))
  return { lower: lower && truncateLower(type, lower), upper: upper && truncateUpper(type, upper) }
}

/** A Parquet statistic (plain encoding) as Iceberg serializes the value; undefined where it does not fit the column. */
function toIceberg(element: SchemaElement, type: PrimitiveType, value: Uint8Array): Uint8Array | undefined {
  const kind = element.field_1
  if (type === 'string' || type === 'binary') return kind === physical.bytes ? value : undefined
  if (kind === physical.int32 || kind === physical.int64) {
    const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (buffer.length !== (kind === physical.int32 ? 4 : 8)) return undefined
    const units = kind === physical.int32 ? BigInt(buffer.readInt32LE()) : buffer.readBigInt64LE()
    if (type !== 'timestamptz') return encodeValue(type, units)
    const unit = element.field_10?.field_8?.field_2
    if (unit?.field_3) return undefined
    return encodeValue(type, unit?.field_1 || element.field_6 === CONVERTED_MILLIS ? units * 1000n : units)
  }
  if (kind === physical.float || kind === physical.double) {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
    if (view.byteLength !== (kind === physical.float ? 4 : 8) || (type !== 'float' && type !== 'double'))
      return undefined
    return encodeValue(type, kind === physical.float ? view.getFloat32(0, true) : view.getFloat64(0, true))
  }
  if ((kind === physical.fixed || kind === physical.bytes) && decimalType(type)) {
    const units = decimalFromBytes(value)
    return units === undefined ? undefined : encodeValue(type, units)
  }
  return undefined
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
