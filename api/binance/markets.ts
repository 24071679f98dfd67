/** The lake's markets of Binance. */
import { marketKey } from '../../domain/candles.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { type Market, marketsOf } from '../market/markets.ts'
import type { Parameters } from './parameters.ts'
import { invalidSymbol } from './refusals.ts'

export const EXCHANGE = 'BINANCE'

/** @throws Refusal where there is no such symbol; Corrupt */
export async function binanceMarket({ ports }: ReadAt, symbol: string): Promise<Market> {
  const market = (await marketsOf(ports)).get(marketKey(EXCHANGE, symbol))
  if (!market) throw invalidSymbol()
  return market
}

/** Those that `symbol` or `symbols` names, or all; in its order. @throws Refusal; Corrupt */
export async function binanceMarkets(at: ReadAt, read: Parameters): Promise<Market[]> {
  const asked = read.symbols()
  if (asked) return Promise.all(asked.names.map(symbol => binanceMarket(at, symbol)))
  return [...(await marketsOf(at.ports)).values()].filter(({ exchange }) => exchange === EXCHANGE)
}
