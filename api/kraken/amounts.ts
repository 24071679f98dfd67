/** Amounts as Kraken prints them, and more digits only where the lake has more. */
import { PRICE_SCALE, QUANTITY_SCALE, trimmedDecimal } from '../../domain/decimal.ts'

export const priceText = (units: bigint) => trimmedDecimal(units, PRICE_SCALE, 5)
export const quantityText = (units: bigint) => trimmedDecimal(units, QUANTITY_SCALE, 8)
