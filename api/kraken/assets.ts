/** Assets and pairs, as far as the lake knows them. Source: Kraken "Get Asset Info", "Get Tradable Asset Pairs". */
import { trimmedDecimal } from '../../domain/decimal.ts'
import { assetsOf, krakenName } from '../../domain/pairs.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { stepsOf } from '../market/steps.ts'
import { krakenPairs, pairsNamed } from './markets.ts'
import { Refusal, UNKNOWN_ASSET } from './refusals.ts'

/** @throws Refusal; Corrupt */
export async function assets(at: ReadAt, query: URLSearchParams): Promise<object> {
  const all = new Map(
    (await krakenPairs(at)).flatMap(({ market, names }) => {
      const { base, quote } = assetsOf(market.symbol)
      return [
        [names.base, krakenName(base)],
        [names.quote, krakenName(quote)],
      ] as const
    }),
  )
  const asked = query.get('asset')
  const names = asked
    ? asked.split(',').map(text => {
        const name = krakenName(text.trim().toUpperCase())
        const found = [...all].find(asset => asset.includes(name))
        if (!found) throw new Refusal(UNKNOWN_ASSET)
        return found
      })
    : [...all]
  const about = { aclass: 'currency', decimals: 10, display_decimals: 5, status: 'enabled' }
  return Object.fromEntries(names.map(([name, altname]) => [name, { ...about, altname }]))
}

/** @throws Refusal; Corrupt */
export async function assetPairs(at: ReadAt, query: URLSearchParams): Promise<object> {
  const found = await Promise.all(
    (await pairsNamed(at, query.get('pair') ?? undefined)).map(async ({ market, names }) => {
      const { price, quantity } = await stepsOf(at, market)
      const about = {
        ...{ altname: names.altname, wsname: names.wsname, aclass_base: 'currency', base: names.base },
        ...{ aclass_quote: 'currency', quote: names.quote, lot: 'unit', pair_decimals: price, cost_decimals: price },
        ...{ lot_decimals: quantity, lot_multiplier: 1, leverage_buy: [], leverage_sell: [], fees: [], fees_maker: [] },
        ...{
          fee_volume_currency: 'ZUSD',
          ordermin: trimmedDecimal(1n, quantity),
          tick_size: trimmedDecimal(1n, price),
        },
        status: 'online',
      }
      return [names.name, about] as const
    }),
  )
  return Object.fromEntries(found)
}
