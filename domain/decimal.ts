/**
 * Exact decimals: a bigint of units of 10^-scale. No price ever passes through a float.
 */

/** Digits after the point of every price: Kraken trades SHIB/USD in steps of 10^-9. */
export const PRICE_SCALE = 10
/** All digits of a price: it is below 10^10. */
export const PRICE_DIGITS = 20
/** Digits after the point of every quantity. */
export const QUANTITY_SCALE = 8
/** All digits of a quantity: it is below 10^14, for $5,000 buy 10^10 of the cheapest coins. */
export const QUANTITY_DIGITS = 22
/** Digits after the point of price times quantity. */
export const QUOTE_SCALE = PRICE_SCALE + QUANTITY_SCALE

const PLAIN = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Reads a decimal number written as text (`0.00000638`, `1e-7`) as units of 10^-scale, exactly.
 * Gives undefined where the text is not a number or needs more digits after the point than the scale has.
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = PLAIN.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const shift = scale - fraction.length + Number(exponent)
  if (shift >= 0) {
    const units = BigInt(digits) * 10n ** BigInt(shift)
    return sign === '-' ? -units : units
  }
  const cut = digits.length + shift
  // Digits beyond the scale may only be zeros: rounding a price would not be exact.
  if (/[1-9]/.test(cut > 0 ? digits.slice(cut) : digits)) return undefined
  const units = cut > 0 ? BigInt(digits.slice(0, cut)) : 0n
  return sign === '-' ? -units : units
}

/** Writes units of 10^-scale with all digits after the point: `12.50000000` at scale 8. */
export function formatDecimal(units: bigint, scale: number): string {
  const negative = units < 0n
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0')
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return negative ? `-${text}` : text
}

/** Without zeros at the end, but with so many digits after the point at least: `64000.1`, `12`; `12.50` with two. */
export function trimmedDecimal(units: bigint, scale: number, least = 0): string {
  const text = formatDecimal(units, scale)
  if (scale <= least)
    return scale === 0 && least > 0 ? `${text}.${'0'.repeat(least)}` : text.padEnd(text.length + least - scale, '0')
  const kept = text.length - scale + least
  const rest = text.slice(kept).replace(/0+$/, '')
  return rest === '' && least === 0 ? text.slice(0, kept - 1) : text.slice(0, kept) + rest
}

/** Any number of so many digits fits a 64-bit integer. */
export const LONG_DIGITS = 18

/** 10^digits: the first number that takes more digits. */
const LIMITS = Array.from({ length: 39 }, (_, digits) => 10n ** BigInt(digits))

/** Whether the units take at most this many digits, which are 38 at most. */
export function fitsDigits(units: bigint, digits: number): boolean {
  return units < LIMITS[digits] && units > -LIMITS[digits]
}

/** Minimal big-endian two's complement, as Avro's decimal logical type wants it (one zero byte for zero). */
export function decimalToBytes(units: bigint): Uint8Array {
  let length = 1
  while (units < -(1n << BigInt(8 * length - 1)) || units >= 1n << BigInt(8 * length - 1)) length++
  const bytes = new Uint8Array(length)
  for (let i = length - 1, rest = units; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 255n)
  return bytes
}

/** Reads big-endian two's complement of any length; undefined for no bytes at all. */
export function decimalFromBytes(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0) return undefined
  if (bytes.length === 16) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return (view.getBigInt64(0) << 64n) | view.getBigUint64(8)
  }
  let units = bytes[0] > 127 ? -1n : 0n
  for (const byte of bytes) units = (units << 8n) | BigInt(byte)
  return units
}

/** numerator / denominator rounded half to even; both may be negative, the denominator not zero. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n
  const n = numerator < 0n ? -numerator : numerator
  const d = denominator < 0n ? -denominator : denominator
  let quotient = n / d
  const twice = (n % d) * 2n
  if (twice > d || (twice === d && quotient % 2n === 1n)) quotient += 1n
  return negative ? -quotient : quotient
}
