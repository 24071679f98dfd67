/** Products and currencies, as far as the lake knows them. Source: Coinbase Exchange "Get all known trading pairs", "Get all known currencies". */
import { trimmedDecimal } from '../../domain/decimal.ts'
import { assetsOf } from '../../domain/pairs.ts'
import type { ReadAt } from '../market/market-candles.ts'
import type { Market } from '../market/markets.ts'
import { stepsOf } from '../market/steps.ts'
import { coinbaseMarkets, marketOf, productOf } from './markets.ts'

/** @throws Corrupt */
export async function products(at: ReadAt): Promise<object> {
  return Promise.all((await coinbaseMarkets(at)).map(market => describe(at, market)))
}

/** @throws Problem; Corrupt */
export async function product(at: ReadAt, id: string): Promise<object> {
  return describe(at, await marketOf(at, id))
}

/** @throws Corrupt */
export async function currencies(at: ReadAt): Promise<object> {
  const assets = (await coinbaseMarkets(at)).flatMap(({ symbol }) => Object.values(assetsOf(symbol)))
  return [...new Set(assets)].sort().map(id => ({
    ...{ id, name: id, min_size: '0.00000001', max_precision: '0.00000001', status: 'online', message: '' },
    ...{ convertible_to: [], details: {}, supported_networks: [] },
  }))
}

async function describe(at: ReadAt, market: Market) {
  const { base, quote } = assetsOf(market.symbol)
  const { price, quantity } = await stepsOf(at, market)
  return {
    ...{ id: productOf(market), base_currency: base, quote_currency: quote, display_name: `${base}/${quote}` },
    ...{ quote_increment: trimmedDecimal(1n, price), base_increment: trimmedDecimal(1n, quantity) },
    ...{ status: 'online', status_message: '', margin_enabled: false, trading_disabled: false },
    ...{ post_only: false, limit_only: false, cancel_only: false, auction_mode: false, fx_stablecoin: false },
    ...{ min_market_funds: '0', max_slippage_percentage: '0' },
  }
}
