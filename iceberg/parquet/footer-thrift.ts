/**
 * A Parquet file's footer, as far as it matters here, under the names of parquet.thrift (apache/parquet-format).
 *
 * It is read as raw Thrift: hyparquet's own statistics turn dates into Date and decimals into floats, and bounds must be
 * exact. hyparquet then names the fields by number: they become names here and nowhere else.
 */
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'

export interface FileMetaData {
  readonly schema: readonly SchemaElement[]
  readonly num_rows: bigint
  readonly row_groups: readonly RowGroup[]
}

export interface SchemaElement {
  readonly name: string
  /** One of PHYSICAL; undefined for groups. */
  readonly type: number | undefined
  readonly isRequired: boolean
  readonly num_children: number
  readonly field_id: number | undefined
  /** A timestamp's unit, by its logical or converted type; undefined where neither names one. */
  readonly timeUnit: 'MILLIS' | 'MICROS' | 'NANOS' | undefined
}

export interface RowGroup {
  /** In the order of the schema's leaves. */
  readonly columns: readonly ColumnMetaData[]
}

export interface ColumnMetaData {
  readonly num_values: bigint
  readonly total_compressed_size: bigint
  readonly data_page_offset: bigint
  readonly dictionary_page_offset: bigint | undefined
  readonly statistics: Statistics
}

/** Values in plain encoding; each undefined where the writer left it out. */
export interface Statistics {
  readonly null_count: bigint | undefined
  readonly min_value: Uint8Array | undefined
  readonly max_value: Uint8Array | undefined
  /** The deprecated fields, whose order is that of signed bytes. */
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
}

/** Physical types (enum Type). */
export const PHYSICAL = { int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const
/** enum FieldRepetitionType. */
const REQUIRED = 0
/** enum ConvertedType. */
const TIMESTAMP_MILLIS = 9
const TIMESTAMP_MICROS = 10

/** The footer's length and the magic number that end a file. */
export const TRAILER_BYTES = 8
const MAGIC = 0x31524150

/** How many bytes at a file's end its footer takes, from those last bytes; 0 where they do not end a Parquet file. */
export function footerBytes(tail: Uint8Array): number {
  if (tail.length < TRAILER_BYTES) return 0
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  if (view.getUint32(tail.length - 4, true) !== MAGIC) return 0
  return view.getUint32(tail.length - TRAILER_BYTES, true) + TRAILER_BYTES
}

/** Reads the footer from a file's last bytes. @throws Error where there is no footer, or not the whole of it */
export function readFooter(tail: Uint8Array): FileMetaData {
  const length = footerBytes(tail)
  if (length === 0) throw new Error('it does not end like one')
  if (length > tail.length) throw new Error(`its footer takes ${length} bytes and ${tail.length} were given`)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  return fileMetaData(deserializeTCompactProtocol({ view, offset: tail.length - length }) as unknown as RawFile)
}

// What hyparquet gives: a field for each number that is present. A union has one field, whose value is an empty
// structure.
interface RawFile {
  readonly field_2: readonly RawElement[]
  readonly field_3: bigint
  readonly field_4?: readonly { readonly field_1: readonly { readonly field_3: RawColumn }[] }[]
}
interface RawElement {
  readonly field_1?: number
  readonly field_3?: number
  readonly field_4: Uint8Array
  readonly field_5?: number
  readonly field_6?: number
  readonly field_9?: number
  readonly field_10?: { readonly field_8?: { readonly field_2?: RawTimeUnit } }
}
interface RawTimeUnit {
  readonly field_1?: object
  readonly field_2?: object
  readonly field_3?: object
}
interface RawColumn {
  readonly field_5: bigint
  readonly field_7: bigint
  readonly field_9: bigint
  readonly field_11?: bigint
  readonly field_12?: RawStatistics
}
interface RawStatistics {
  readonly field_1?: Uint8Array
  readonly field_2?: Uint8Array
  readonly field_3?: bigint
  readonly field_5?: Uint8Array
  readonly field_6?: Uint8Array
}

function fileMetaData({ field_2: schema, field_3: num_rows, field_4: groups = [] }: RawFile): FileMetaData {
  return {
    schema: schema.map(schemaElement),
    num_rows,
    row_groups: groups.map(({ field_1: chunks }) => ({ columns: chunks.map(({ field_3: meta }) => columnMeta(meta)) })),
  }
}

function schemaElement(raw: RawElement): SchemaElement {
  const { field_4: name, field_5: num_children = 0, field_6: converted, field_10: logical } = raw
  return {
    name: Buffer.from(name).toString(),
    type: raw.field_1,
    isRequired: raw.field_3 === REQUIRED,
    num_children,
    field_id: raw.field_9,
    timeUnit: logicalUnit(logical?.field_8?.field_2) ?? convertedUnit(converted),
  }
}

function logicalUnit(unit: RawTimeUnit = {}): SchemaElement['timeUnit'] {
  return unit.field_1 ? 'MILLIS' : unit.field_2 ? 'MICROS' : unit.field_3 ? 'NANOS' : undefined
}

function convertedUnit(type: number | undefined): SchemaElement['timeUnit'] {
  return type === TIMESTAMP_MILLIS ? 'MILLIS' : type === TIMESTAMP_MICROS ? 'MICROS' : undefined
}

function columnMeta(raw: RawColumn): ColumnMetaData {
  const { field_1: max, field_2: min, field_3: null_count, field_5: max_value, field_6: min_value } = raw.field_12 ?? {}
  return {
    num_values: raw.field_5,
    total_compressed_size: raw.field_7,
    data_page_offset: raw.field_9,
    dictionary_page_offset: raw.field_11,
    statistics: { null_count, min_value, max_value, min, max },
  }
}
