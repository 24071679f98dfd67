/** Text as bytes, number by number: no string is made of a number that a column holds. */
import { reservePlain } from '../../domain/columns.ts'
import { formatDecimal } from '../../domain/decimal.ts'

/** A growing buffer. What writes into it must have room: see `reserve`. */
export interface Bytes {
  bytes: Buffer
  length: number
}

export function newBytes(size: number): Bytes {
  return { bytes: Buffer.allocUnsafe(size), length: 0 }
}

export const reserve = reservePlain

const [ZERO, POINT] = [48, 46]

/** Copies; there is room. Short pieces are copied by hand: cheaper than a call into native code. */
export function putBytes(writer: Bytes, source: Uint8Array, start = 0, end = source.length): void {
  const { bytes } = writer
  const at = writer.length
  if (end - start > 64) bytes.set(source.subarray(start, end), at)
  else for (let i = start; i < end; i++) bytes[at + i - start] = source[i]
  writer.length = at + end - start
}

/** A whole number from 0 to 2^53, with so many digits at least; there is room. */
export function putNumber(writer: Bytes, value: number, digits = 1): void {
  const { bytes } = writer
  let count = digits
  while (count < 16 && value >= POWERS[count]) count++
  let at = writer.length + count
  writer.length = at
  let rest = value
  // 32-bit arithmetic is several times faster than that of doubles.
  while (rest > 0x7fff_ffff) {
    const higher = Math.floor(rest / 10_000)
    let low = (rest - higher * 10_000) | 0
    for (let i = 0; i < 4; i++) {
      const next = (low / 10) | 0
      bytes[--at] = ZERO + low - next * 10
      low = next
    }
    rest = higher
  }
  let small = rest | 0
  for (const end = writer.length - count; at > end; ) {
    const next = (small / 10) | 0
    bytes[--at] = ZERO + small - next * 10
    small = next
  }
}

const POWERS = Array.from({ length: 17 }, (_, power) => 10 ** power)
/** Units below this are exact as numbers. */
const EXACT = 2 ** 53

/** Units of 10^-scale, not below zero, without zeros at the end: `64000.1`, `12`. There is room for 48 bytes. */
export function putDecimal(writer: Bytes, low: number, high: number, scale: number): void {
  const units = high * 4294967296 + (low >>> 0)
  if (high < 0 || units >= EXACT) {
    putBigDecimal(writer, (BigInt(high) << 32n) | BigInt(low >>> 0), scale)
    return
  }
  const whole = Math.floor(units / POWERS[scale])
  putNumber(writer, whole)
  const rest = units - whole * POWERS[scale]
  if (rest === 0) return
  writer.bytes[writer.length++] = POINT
  putNumber(writer, rest, scale)
  while (writer.bytes[writer.length - 1] === ZERO) writer.length--
}

/** The same of units of any size. */
export function putBigDecimal(writer: Bytes, units: bigint, scale: number): void {
  const text = formatDecimal(units, scale).replace(/\.?0+$/, '')
  writer.length += writer.bytes.write(text, writer.length, 'latin1')
}

/** Writes times, as `2026-11-20T10:00:00Z` or with six digits after the point; trades of a second share its text. */
export function timeWriter(): (writer: Bytes, micros: number) => void {
  let second = Number.NaN
  const text = Buffer.alloc(19)
  return (writer, micros) => {
    const seconds = Math.floor(micros / 1_000_000)
    if (seconds !== second) {
      second = seconds
      text.write(new Date(seconds * 1000).toISOString(), 0, 19, 'latin1')
    }
    putBytes(writer, text)
    const rest = micros - seconds * 1_000_000
    if (rest !== 0) {
      writer.bytes[writer.length++] = POINT
      putNumber(writer, rest, 6)
    }
    writer.bytes[writer.length++] = 90
  }
}
