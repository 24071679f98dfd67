/** What trades add up to, exactly, from their columns: without a bigint for each where 64 bits hold its price and quantity. */
import { productSum } from '../../domain/limbs.ts'
import type { Decimals, TradeColumns } from '../../tables/gold-columns.ts'

/** Volume in units of 10^-8, quote volume of 10^-18. */
export interface TradeSums {
  add(trades: TradeColumns, row: number): void
  totals(): { readonly volume: bigint; readonly quoteVolume: bigint; readonly trades: bigint }
}

export function tradeSums(): TradeSums {
  const [volume, quoteVolume] = [productSum(), productSum()]
  const wide = { volume: 0n, quoteVolume: 0n }
  let count = 0
  return {
    add({ price, quantity }, row) {
      count++
      const [a, b] = [price.halves, quantity.halves]
      if (a && b && (a[2 * row + 1] | b[2 * row + 1]) >= 0) {
        quoteVolume.add(a[2 * row], a[2 * row + 1], b[2 * row], b[2 * row + 1])
        volume.add(b[2 * row], b[2 * row + 1], 1, 0)
      } else {
        wide.volume += quantity.values[row]
        wide.quoteVolume += price.values[row] * quantity.values[row]
      }
    },
    totals: () => ({
      volume: volume.total() + wide.volume,
      quoteVolume: quoteVolume.total() + wide.quoteVolume,
      trades: BigInt(count),
    }),
  }
}

/** Prices times the lengths for which they held, in microseconds below 2^53. */
export interface PriceTimes {
  add(price: Decimals, row: number, length: number): void
  total(): bigint
}

export function priceTimes(): PriceTimes {
  const products = productSum()
  let wide = 0n
  return {
    add({ halves, values }, row, length) {
      if (halves && halves[2 * row + 1] >= 0)
        products.add(halves[2 * row], halves[2 * row + 1], length >>> 0, Math.floor(length / 2 ** 32))
      else wide += values[row] * BigInt(length)
    },
    total: () => products.total() + wide,
  }
}
