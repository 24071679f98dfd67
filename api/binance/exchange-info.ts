/** What there is to trade, as far as the lake knows. Source: Binance "Exchange information", "Filters". */
import { trimmedDecimal } from '../../domain/decimal.ts'
import { assetsOf } from '../../domain/pairs.ts'
import type { ReadAt } from '../market/market-candles.ts'
import type { Market } from '../market/markets.ts'
import { stepsOf } from '../market/steps.ts'
import { milliseconds } from './amounts.ts'
import { binanceMarkets } from './markets.ts'
import type { Parameters } from './parameters.ts'
import { Refusal } from './refusals.ts'

/** @throws Refusal; Corrupt */
export async function exchangeInfo(at: ReadAt, read: Parameters): Promise<unknown> {
  const status = read.choice('symbolStatus', ['TRADING', 'HALT', 'BREAK'], new Refusal(-1122, 'Invalid symbolStatus.'))
  const isSpot = (read.text('permissions') ?? 'SPOT').includes('SPOT')
  const found = await binanceMarkets(at, read)
  const markets = status === 'TRADING' && isSpot ? found : []
  return {
    ...{ timezone: 'UTC', serverTime: milliseconds(at.now), rateLimits: [], exchangeFilters: [] },
    symbols: await Promise.all(markets.map(market => symbolOf(at, market))),
  }
}

async function symbolOf(at: ReadAt, market: Market) {
  const { base, quote } = assetsOf(market.symbol)
  const steps = await stepsOf(at, market)
  return {
    ...{ symbol: market.symbol, status: 'TRADING', baseAsset: base, baseAssetPrecision: 8 },
    ...{ quoteAsset: quote, quotePrecision: 8, quoteAssetPrecision: 8 },
    ...{ baseCommissionPrecision: 8, quoteCommissionPrecision: 8 },
    // Nothing can be ordered from a lake.
    orderTypes: [],
    ...{ icebergAllowed: false, ocoAllowed: false, otoAllowed: false, quoteOrderQtyMarketAllowed: false },
    ...{ allowTrailingStop: false, cancelReplaceAllowed: false },
    ...{ isSpotTradingAllowed: true, isMarginTradingAllowed: false },
    filters: [
      // A price of 0 disables its rule.
      {
        ...{ filterType: 'PRICE_FILTER', minPrice: '0.00000000', maxPrice: '0.00000000' },
        tickSize: stepText(steps.price),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: stepText(steps.quantity),
        maxQty: '9000000000.00000000',
        stepSize: stepText(steps.quantity),
      },
    ],
    ...{ permissions: [], permissionSets: [['SPOT']] },
    ...{ defaultSelfTradePreventionMode: 'NONE', allowedSelfTradePreventionModes: ['NONE'] },
  }
}

const stepText = (digits: number) => trimmedDecimal(1n, digits, 8)
