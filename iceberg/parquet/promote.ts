/**
 * Converts values of old files to the table's type of today (spec, "Schema Evolution"): an int to a long, a float to a
 * double, a decimal to the bytes that its new precision takes. Pages that need nothing pass through untouched.
 */
import type { SchemaElement } from 'hyparquet'
import { type Column, decimalType } from '../../domain/column-types.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import type { ChunkPage } from './chunk.ts'
import { BIG_DECIMAL_BYTES, primitive } from './schema.ts'

/** What a chunk's own file says about its values. */
export type Stored = Pick<SchemaElement, 'type' | 'type_length' | 'scale'>

type Convert = (plain: Uint8Array) => Uint8Array

/** The pages in the layout of the column's type. @throws Error where values are stored as what the type cannot take */
export function promotePages(pages: Iterable<ChunkPage>, stored: Stored, column: Column): Iterable<ChunkPage> {
  const convert = conversion(stored, column)
  return convert ? converted(pages, convert) : pages
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
  const bytes = { INT32: 4, INT64: 8, FIXED_LEN_BYTE_ARRAY: stored.type_length ?? 0 }[stored.type as string] ?? 0
  const target = wanted.type === 'INT64' ? 8 : BIG_DECIMAL_BYTES
  if (bytes === 0 || bytes > target) return refuse()
  const read = stored.type === 'FIXED_LEN_BYTE_ARRAY' ? bigEndian(bytes) : littleEndian(bytes)
  return plain => rewritten(plain, bytes, target, read)
}

function doubles(plain: Uint8Array): Uint8Array {
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length)
  return new Uint8Array(Float64Array.from({ length: plain.length >> 2 }, (_, i) => view.getFloat32(i * 4, true)).buffer)
}

type ReadInteger = (plain: DataView, at: number) => bigint

function littleEndian(bytes: number): ReadInteger {
  return bytes === 4 ? (view, at) => BigInt(view.getInt32(at, true)) : (view, at) => view.getBigInt64(at, true)
}

function bigEndian(bytes: number): ReadInteger {
  return (view, at) => decimalFromBytes(new Uint8Array(view.buffer, view.byteOffset + at, bytes)) as bigint
}

/** Integers as the engine of the table's type lays them out: 8 bytes with the lowest first, or 16 with the highest first. */
function rewritten(plain: Uint8Array, bytes: number, target: number, read: ReadInteger): Uint8Array {
  const count = Math.floor(plain.length / bytes)
  const from = new DataView(plain.buffer, plain.byteOffset, plain.length)
  const result = new Uint8Array(count * target)
  const to = new DataView(result.buffer)
  for (let i = 0; i < count; i++) {
    const value = read(from, i * bytes)
    if (target === 8) to.setBigInt64(i * 8, value, true)
    else {
      to.setBigInt64(i * target, value >> 64n)
      to.setBigUint64(i * target + 8, BigInt.asUintN(64, value))
    }
  }
  return result
}
