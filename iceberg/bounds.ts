/**
 * Column bounds: single values as bytes (spec, "Appendix D: Single-value serialization"), their order, and how long
 * ones are cut so that the bounds still enclose them. Pure, no I/O.
 */
import { decimalType, type PrimitiveType } from '../domain/column-types.ts'
import { decimalFromBytes, decimalToBytes, fitsDigits } from '../domain/decimal.ts'
import { compare } from '../domain/order.ts'

/**
 * int and date (days since 1970), long, timestamptz (microseconds since 1970) and decimals (units of 10^-scale) are
 * bigints or whole numbers; float and double are numbers; a string is a string, binary is bytes.
 */
export type ScalarValue = bigint | number | string | Uint8Array

/** Strings and binaries are cut to this many code points or bytes (Iceberg's default, `truncate(16)`). */
const TRUNCATE_LENGTH = 16

const IEEE_BYTES = { float: 4, double: 8 } as const

function isFloating(type: PrimitiveType): type is keyof typeof IEEE_BYTES {
  return type in IEEE_BYTES
}

/** Serializes one value. @throws RangeError or TypeError where the value is not of the type */
export function encodeValue(type: PrimitiveType, value: ScalarValue): Uint8Array {
  if (type === 'string') return Buffer.from(value as string)
  if (type === 'binary') return value as Uint8Array
  if (isFloating(type)) {
    const bytes = Buffer.alloc(IEEE_BYTES[type])
    if (type === 'float') bytes.writeFloatLE(Number(value))
    else bytes.writeDoubleLE(Number(value))
    return bytes
  }
  const units = BigInt(value as bigint | number)
  const decimal = decimalType(type)
  if (decimal) {
    if (!fitsDigits(units, decimal.precision)) throw new RangeError(`${units} has more digits than ${type}`)
    return decimalToBytes(units)
  }
  if (type === 'int' || type === 'date') {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(Number(units))
    return bytes
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(units)
  return bytes
}

/** Reads a serialized value: whole numbers and decimals as bigint. Undefined where the bytes cannot be of that type. */
export function decodeValue(type: PrimitiveType, bytes: Uint8Array): ScalarValue | undefined {
  if (type === 'binary') return bytes
  const buffer = view(bytes)
  if (type === 'string') return buffer.toString('utf8')
  return decodeNumber(type, buffer)
}

function decodeNumber(type: PrimitiveType, buffer: Buffer): bigint | number | undefined {
  if (decimalType(type)) return decimalFromBytes(buffer)
  // Files from before a promotion keep the bounds they were written with: a long's as int, a double's as float (spec,
  // "Schema Evolution").
  if (isFloating(type))
    return buffer.length === 4 ? buffer.readFloatLE() : buffer.length === 8 ? buffer.readDoubleLE() : undefined
  if (buffer.length === 4) return BigInt(buffer.readInt32LE())
  if (buffer.length === 8) return buffer.readBigInt64LE()
  return undefined
}

/**
 * Orders two serialized values of a type: negative, zero or positive; undefined where either cannot be read.
 * Strings order by code point, which is the order of their UTF-8 bytes.
 */
export function compareEncoded(type: PrimitiveType, a: Uint8Array, b: Uint8Array): number | undefined {
  if (type === 'string' || type === 'binary') return Buffer.compare(a, b)
  const left = decodeNumber(type, view(a))
  const right = decodeNumber(type, view(b))
  if (left === undefined || right === undefined) return undefined
  return compare(left, right)
}

/**
 * A lower bound made short. The input may itself be a cut value that ends inside a code point, as Parquet writers
 * leave it; the result is never above the input.
 */
export function truncateLower(type: PrimitiveType, bytes: Uint8Array): Uint8Array {
  if (type === 'binary') return bytes.subarray(0, TRUNCATE_LENGTH)
  if (type !== 'string') return bytes
  return Buffer.from(cutCodePoints(validPrefix(bytes).text).join(''))
}

/**
 * An upper bound made short: it is cut, then its last code point or byte that can be raised is raised by one, so that
 * it stays above every value that began like it. Undefined where nothing can be raised (the bound is then left out).
 */
export function truncateUpper(type: PrimitiveType, bytes: Uint8Array): Uint8Array | undefined {
  if (type === 'binary') return bytes.length <= TRUNCATE_LENGTH ? bytes : raiseBytes(bytes.subarray(0, TRUNCATE_LENGTH))
  if (type !== 'string') return bytes
  const { text, whole } = validPrefix(bytes)
  const points = cutCodePoints(text)
  if (whole && points.join('').length === text.length) return bytes
  return raiseCodePoints(points)
}

function raiseBytes(bytes: Uint8Array): Uint8Array | undefined {
  for (let i = bytes.length - 1; i >= 0; i--) {
    if (bytes[i] === 0xff) continue
    const raised = bytes.slice(0, i + 1)
    raised[i]++
    return raised
  }
  return undefined
}

function raiseCodePoints(points: readonly string[]): Uint8Array | undefined {
  for (let i = points.length - 1; i >= 0; i--) {
    const point = points[i].codePointAt(0)!
    if (point === 0x10ffff) continue
    // U+D800 to U+DFFF are surrogates, not characters.
    const next = point === 0xd7ff ? 0xe000 : point + 1
    return Buffer.from(points.slice(0, i).join('') + String.fromCodePoint(next))
  }
  return undefined
}

function cutCodePoints(text: string): string[] {
  // 16 code points are at most 32 UTF-16 units; cutting first spares splitting a long text.
  return Array.from(text.slice(0, 2 * TRUNCATE_LENGTH)).slice(0, TRUNCATE_LENGTH)
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The longest beginning of the bytes that is UTF-8, and whether that is all of them. */
function validPrefix(bytes: Uint8Array): { text: string; whole: boolean } {
  try {
    return { text: strict.decode(bytes), whole: true }
  } catch {
    let low = 0
    const cut = bytes.subarray(0, 4 * TRUNCATE_LENGTH + 4)
    for (let end = cut.length; end > 0 && low === 0; end--) {
      try {
        strict.decode(cut.subarray(0, end))
        low = end
      } catch {}
    }
    return { text: strict.decode(cut.subarray(0, low)), whole: false }
  }
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
