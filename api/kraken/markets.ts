/** The lake's markets of Kraken by any of the names that Kraken has for a pair. */
import { assetsOf, type KrakenNames, krakenNames } from '../../domain/pairs.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { type Market, marketsOf } from '../market/markets.ts'
import { Refusal, UNKNOWN_PAIR } from './refusals.ts'

const EXCHANGE = 'KRAKEN'

export interface KrakenPair {
  readonly market: Market
  readonly names: KrakenNames
}

/** @throws Corrupt */
export async function krakenPairs({ ports }: ReadAt): Promise<KrakenPair[]> {
  return [...(await marketsOf(ports)).values()]
    .filter(({ exchange }) => exchange === EXCHANGE)
    .map(market => ({ market, names: krakenNames(assetsOf(market.symbol)) }))
}

/** Those named, with commas between them, or all. @throws Refusal where there is no such pair; Corrupt */
export async function pairsNamed(at: ReadAt, text: string | undefined): Promise<KrakenPair[]> {
  const pairs = await krakenPairs(at)
  if (text === undefined || text === '') return pairs
  return text.split(',').map(name => {
    const wanted = name.trim().toUpperCase()
    const found = pairs.find(({ market, names: { v2, wsname, altname, name } }) =>
      [market.symbol, v2, wsname, altname, name].includes(wanted),
    )
    if (!found) throw new Refusal(UNKNOWN_PAIR)
    return found
  })
}
