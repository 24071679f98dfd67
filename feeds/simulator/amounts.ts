/** How exchanges write prices and quantities. */
import { formatDecimal } from '../../domain/decimal.ts'
import { mix } from '../random.ts'
import { AMOUNT_SCALE } from './instruments.ts'
import type { Digits } from './types.ts'

/** Units of 10^-8 with this many digits after the point (up to 8), or as few as it takes. */
export function writeAmount(units: bigint, digits: Digits): string {
  const text = formatDecimal(units, AMOUNT_SCALE)
  return digits === 8 ? text : digits === 'plain' ? plain(text) : text.slice(0, text.length - 8 + digits)
}

/** The same number in an unexpected form that JSON and the exchange's documentation allow. */
export function writeOddly(units: bigint): string {
  const text = plain(formatDecimal(units, AMOUNT_SCALE))
  switch (mix(Number(units % 0x1_0000_0000n)) % 4) {
    case 0:
      return `${units}e-8`
    case 1:
      return `${formatDecimal(units, AMOUNT_SCALE)}000`
    case 2:
      return text.includes('.') ? `${text}0` : `${text}.0`
    default:
      return scientific(text)
  }
}

function plain(text: string): string {
  let end = text.length
  while (text[end - 1] === '0') end--
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end)
}

/** `86432.15` as `8.643215E4`. */
function scientific(text: string): string {
  const [whole, fraction = ''] = text.split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return '0E0'
  const exponent = digits.length - fraction.length - 1
  return digits.length === 1 ? `${digits}E${exponent}` : `${digits[0]}.${digits.slice(1)}E${exponent}`
}
