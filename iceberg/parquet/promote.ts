/**
 * Converts values of old files to the table's type of today (spec, "Schema Evolution"): an int to a long, a float to a
 * double, a decimal to the layout of its new precision. Pages that need nothing pass through untouched.
 */
import type { SchemaElement } from 'hyparquet'
import { type Column, decimalType, isBigDecimal } from '../../domain/column-types.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import type { ChunkPage } from './chunk.ts'
import { primitive } from './schema.ts'

/** What a chunk's own file says about its values. */
export type Stored = Pick<SchemaElement, 'type' | 'type_length' | 'scale'>

/** 38 digits take 16 bytes. */
const MOST_BYTES = 16

type Convert = (plain: Uint8Array) => Uint8Array

/**
 * The pages in the layout of the column's type; of a decimal of more than 18 digits in 64-bit integers or fixed-length bytes, as
 * the file has them. @throws Error where values are stored as what the type cannot take
 */
export function promotePages(pages: Iterable<ChunkPage>, stored: Stored, column: Column): Iterable<ChunkPage> {
  const convert = conversion(stored, column)
  const found = convert ? converted(pages, convert) : pages
  const isWide = isBigDecimal(column.type) && stored.type === 'FIXED_LEN_BYTE_ARRAY'
  return isWide ? ofLength(found, stored.type_length ?? 0) : found
}

function* ofLength(pages: Iterable<ChunkPage>, valueBytes: number): Generator<ChunkPage> {
  for (const page of pages) yield { ...page, valueBytes }
}

function* converted(pages: Iterable<ChunkPage>, convert: Convert): Generator<ChunkPage> {
  let known: ChunkPage['dictionary']
  let dictionary: ChunkPage['dictionary']
  for (const page of pages) {
    if (page.dictionary && page.dictionary !== known) {
      known = page.dictionary
      dictionary = { ...known, plain: convert(known.plain) }
    }
    yield { ...page, dictionary, values: page.values instanceof Int32Array ? page.values : convert(page.values) }
  }
}

/** undefined where nothing has to be converted. */
function conversion(stored: Stored, { name, type }: Column): Convert | undefined {
  if (type === 'list<string>' || type === 'map<string,string>') return undefined
  const wanted = primitive(name, type, 0, true)
  const decimal = decimalType(type)
  const refuse = () => {
    throw new Error(`column ${name} is stored as ${stored.type} and cannot be read as ${type}`)
  }
  if (decimal && stored.scale !== undefined && stored.scale !== decimal.scale) refuse()
  if (stored.type === wanted.type && stored.type_length === wanted.type_length) return undefined
  if (stored.type === 'FLOAT' && type === 'double') return doubles
  if (type !== 'long' && !decimal) return refuse()
  if (stored.type === 'INT32') return longs
  if (stored.type === 'INT64' && isBigDecimal(type)) return undefined
  const bytes = stored.type === 'FIXED_LEN_BYTE_ARRAY' ? (stored.type_length ?? 0) : 0
  if (bytes === 0 || bytes > (isBigDecimal(type) ? MOST_BYTES : 8)) return refuse()
  return isBigDecimal(type) ? undefined : plain => longsOf(plain, bytes)
}

function longs(plain: Uint8Array): Uint8Array {
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length)
  const values = BigInt64Array.from({ length: plain.length >> 2 }, (_, i) => BigInt(view.getInt32(i * 4, true)))
  return new Uint8Array(values.buffer)
}

/** Fixed-length bytes with the highest first, as 64-bit integers. */
function longsOf(plain: Uint8Array, bytes: number): Uint8Array {
  const value = (at: number) => decimalFromBytes(plain.subarray(at, at + bytes)) as bigint
  const values = BigInt64Array.from({ length: Math.floor(plain.length / bytes) }, (_, i) => value(i * bytes))
  return new Uint8Array(values.buffer)
}

function doubles(plain: Uint8Array): Uint8Array {
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length)
  return new Uint8Array(Float64Array.from({ length: plain.length >> 2 }, (_, i) => view.getFloat32(i * 4, true)).buffer)
}
