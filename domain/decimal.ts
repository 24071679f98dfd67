/**
 * Exact decimals: a bigint of 10^-8 units (price, quantity) or of the scale named in the function.
 * No price ever passes through a float.
 */

/** Digits after the point of every price and quantity. */
export const SCALE = 8
/** First value whose digits do not fit decimal(18,8), in 10^-8 units. */
export const DECIMAL18_LIMIT = 10n ** 18n

const PLAIN = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Reads a decimal number written as text (`0.00000638`, `1e-7`) as units of 10^-scale, exactly.
 * Gives undefined where the text is not a number or needs more digits after the point than the scale has.
 */
export function parseDecimal(text: string, scale = SCALE): bigint | undefined {
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

/** Writes units of 10^-scale with all digits after the point: `12.50000000`. */
export function formatDecimal(units: bigint, scale = SCALE): string {
  const negative = units < 0n
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0')
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return negative ? `-${text}` : text
}

/** Whether the units fit decimal(18,8). */
export function fitsDecimal18(units: bigint): boolean {
  return units < DECIMAL18_LIMIT && units > -DECIMAL18_LIMIT
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
