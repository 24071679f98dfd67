/** Decimals as the API writes them, kept as text and reckoned exactly: no figure that is shown passes through a float. */

interface Units {
  readonly units: bigint
  readonly scale: number
}

function unitsOf(text: string): Units {
  const [whole, fraction = ''] = text.split('.')
  return { units: BigInt(whole + fraction), scale: fraction.length }
}

const atScale = ({ units, scale }: Units, wanted: number): bigint => units * 10n ** BigInt(wanted - scale)

/** Without zeros at the end. */
function textOf({ units, scale }: Units): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${whole}${fraction && `.${fraction}`}`
}

function pairOf(a: string, b: string): { readonly left: bigint; readonly right: bigint; readonly scale: number } {
  const [first, second] = [unitsOf(a), unitsOf(b)]
  const scale = Math.max(first.scale, second.scale)
  return { left: atScale(first, scale), right: atScale(second, scale), scale }
}

/** Below, at or above zero, as `a` is below, at or above `b`. */
export function compareDecimals(a: string, b: string): number {
  const { left, right } = pairOf(a, b)
  return left < right ? -1 : left > right ? 1 : 0
}

export function addDecimals(a: string, b: string): string {
  const { left, right, scale } = pairOf(a, b)
  return textOf({ units: left + right, scale })
}

export function subtractDecimals(a: string, b: string): string {
  const { left, right, scale } = pairOf(a, b)
  return textOf({ units: left - right, scale })
}

export function multiplyDecimals(a: string, b: string): string {
  const [first, second] = [unitsOf(a), unitsOf(b)]
  return textOf({ units: first.units * second.units, scale: first.scale + second.scale })
}

/** `a` over `b`, rounded once, half to even, to so many digits after the point; undefined over zero. */
export function divideDecimals(a: string, b: string, digits: number): string | undefined {
  const { left, right } = pairOf(a, b)
  if (right === 0n) return undefined
  const negative = left < 0n !== right < 0n
  const [top, bottom] = [(left < 0n ? -left : left) * 10n ** BigInt(digits), right < 0n ? -right : right]
  const [quotient, twice] = [top / bottom, (top % bottom) * 2n]
  const rounded = twice > bottom || (twice === bottom && quotient % 2n === 1n) ? quotient + 1n : quotient
  return textOf({ units: negative ? -rounded : rounded, scale: digits })
}

/** How many digits stand after the point. */
export const digitsAfterPoint = (text: string): number => (text.split('.')[1] ?? '').length

/** For reading: thousands apart, and at least so many digits after the point. None is left out. */
export function readable(text: string, leastDigits = 0): string {
  const [whole, fraction = ''] = text.split('.')
  const digits = fraction.padEnd(leastDigits, '0')
  return whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',') + (digits && `.${digits}`)
}

/** An amount to be glanced at: whole from a hundred on, below that with three digits that say something; `1,234`, `8.21`, `0.00412`. */
export function glanced(text: string): string {
  const [whole, fraction = ''] = text.split('.')
  const zeros = /^0*$/.test(whole) ? (/^0*/.exec(fraction)?.[0].length ?? 0) : -whole.length
  return readable(divideDecimals(text, '1', Math.max(0, zeros + GLANCED_DIGITS)) ?? text)
}
const GLANCED_DIGITS = 3

/** The change from one price to another in percent, with its sign and two digits: `+1.25`. */
export function percentChange(from: string, to: string): string | undefined {
  const part = divideDecimals(multiplyDecimals(subtractDecimals(to, from), '100'), from, 2)
  if (part === undefined) return undefined
  const text = readable(part, 2)
  return compareDecimals(part, '0') > 0 ? `+${text}` : text
}
