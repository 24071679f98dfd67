/** Symbols as TradingView's charts know them, `BINANCE:BTCUSDT`. Source: TradingView "UDF", "Symbology". */
import { assetsOf } from '../../domain/pairs.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { chooseMarkets, type Market, marketsOf } from '../market/markets.ts'
import { problem } from '../market/problems.ts'
import { stepsOf } from '../market/steps.ts'
import { RESOLUTIONS } from './resolutions.ts'

/** `BINANCE:BTCUSDT`, or `BTCUSDT` of the first exchange that has it. @throws Problem; Corrupt */
export async function marketNamed({ ports }: ReadAt, name: string | undefined): Promise<Market> {
  if (!name) throw problem(400, 'symbol is missing: give one as BINANCE:BTCUSDT.', 'symbol')
  const parts = name.trim().toUpperCase().split(':')
  const symbol = parts[parts.length - 1]
  const [market] = chooseMarkets(await marketsOf(ports), parts.slice(0, -1), [symbol]).values()
  return market
}

const tickerOf = ({ exchange, symbol }: Market) => `${exchange}:${symbol}`

function describe({ symbol }: Market): string {
  const { base, quote } = assetsOf(symbol)
  return `${base} / ${quote}`
}

/** @throws Problem; Corrupt */
export async function symbolInfo(at: ReadAt, name: string | undefined) {
  const market = await marketNamed(at, name)
  const steps = await stepsOf(at, market)
  return {
    ...{ name: market.symbol, ticker: tickerOf(market), description: describe(market), type: 'crypto' },
    ...{ exchange: market.exchange, listed_exchange: market.exchange },
    ...{ 'exchange-traded': market.exchange, 'exchange-listed': market.exchange },
    ...{ session: '24x7', timezone: 'Etc/UTC', format: 'price', data_status: 'streaming' },
    ...{ minmov: 1, pricescale: 10 ** steps.price, volume_precision: steps.quantity },
    ...{ has_intraday: true, has_daily: true, has_weekly_and_monthly: true },
    ...{ supported_resolutions: RESOLUTIONS, currency_code: assetsOf(market.symbol).quote },
  }
}

/** Those whose name or description has the text in it. @throws Corrupt */
export async function searchSymbols({ ports }: ReadAt, text: string, exchange: string, limit: number) {
  const wanted = text.trim().toUpperCase()
  return [...(await marketsOf(ports)).values()]
    .filter(market => exchange === '' || market.exchange === exchange.toUpperCase())
    .filter(market => `${tickerOf(market)} ${describe(market)}`.includes(wanted))
    .slice(0, limit)
    .map(market => ({
      ...{ symbol: market.symbol, full_name: tickerOf(market), ticker: tickerOf(market) },
      ...{ description: describe(market), exchange: market.exchange, type: 'crypto' },
    }))
}
