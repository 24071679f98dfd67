/** The lake's markets of Coinbase by their products: `BTC-USD`. */
import { marketKey } from '../../domain/candles.ts'
import { assetsOf, symbolOf } from '../../domain/pairs.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { type Market, marketsOf } from '../market/markets.ts'
import { problem } from '../market/problems.ts'

const EXCHANGE = 'COINBASE'

/** @throws Corrupt */
export async function coinbaseMarkets({ ports }: ReadAt): Promise<Market[]> {
  return [...(await marketsOf(ports)).values()].filter(({ exchange }) => exchange === EXCHANGE)
}

/** @throws Problem 404 where there is no such product; Corrupt */
export async function marketOf({ ports }: ReadAt, product: string): Promise<Market> {
  const market = (await marketsOf(ports)).get(marketKey(EXCHANGE, symbolOf(product)))
  if (!market || !product.includes('-')) throw problem(404, 'NotFound')
  return market
}

export function productOf({ symbol }: Market): string {
  const { base, quote } = assetsOf(symbol)
  return `${base}-${quote}`
}
