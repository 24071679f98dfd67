/** Amounts as Binance prints them: eight digits after the point, and more only where the lake has more. */
import { divideHalfEven, PRICE_SCALE, QUANTITY_SCALE, QUOTE_SCALE, trimmedDecimal } from '../../domain/decimal.ts'

const DIGITS = 8

export const priceText = (units: bigint) => trimmedDecimal(units, PRICE_SCALE, DIGITS)
export const quantityText = (units: bigint) => trimmedDecimal(units, QUANTITY_SCALE, DIGITS)
export const quoteText = (units: bigint) => trimmedDecimal(units, QUOTE_SCALE, DIGITS)

/** Quote volume over volume, rounded half to even to eight digits. */
export function averageText(quote: bigint, quantity: bigint): string {
  const divisor = quantity * 10n ** BigInt(QUOTE_SCALE - QUANTITY_SCALE - DIGITS)
  return trimmedDecimal(divisor === 0n ? 0n : divideHalfEven(quote, divisor), DIGITS, DIGITS)
}

export const milliseconds = (micros: bigint) => Number(micros / 1000n)
