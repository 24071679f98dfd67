/** `GET /v1/symbols`: the markets of a lake. */
import type { Context } from 'hono'
import { assetsOf } from '../../domain/pairs.ts'
import { asOfIn } from './as-of.ts'
import type { RowColumn } from './formats.ts'
import { chooseMarkets, type Market, marketsOf, openMarkets } from './markets.ts'
import { readRequest } from './requests.ts'
import type { MarketOptions, Route } from './route.ts'
import { sendRows } from './send.ts'

const PARAMETERS = ['exchanges', 'symbols', 'as_of', 'format'] as const

const COLUMNS: readonly RowColumn<Market>[] = [
  { name: 'exchange', type: 'text', doc: "The exchange's code.", value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', doc: 'Base asset, then quote asset.', value: ({ symbol }) => symbol },
  { name: 'base', type: 'text', doc: 'The asset that is traded.', value: ({ symbol }) => assetsOf(symbol).base },
  {
    ...{ name: 'quote', type: 'text', value: ({ symbol }) => assetsOf(symbol).quote },
    doc: 'The asset that it is priced in; UNKNOWN where the symbol does not tell.',
  },
  { name: 'first_trade', type: 'time', doc: 'Time of the first trade.', value: ({ firstTrade }) => firstTrade },
  { name: 'last_trade', type: 'time', doc: 'Time of the last trade.', value: ({ lastTrade }) => lastTrade },
]

export const SYMBOLS: Route = {
  ...{ method: 'get', path: '/symbols', parameters: PARAMETERS, columns: COLUMNS },
  summary: 'The markets that there are, with their first and last trade.',
  answer,
}

async function answer(context: Context, { ports }: MarketOptions): Promise<Response> {
  const { read, format, numbers } = readRequest(context, PARAMETERS)
  const daily = await openMarkets(ports)
  const asOf = await asOfIn(ports, read, daily ? [daily] : [])
  const markets = chooseMarkets(await marketsOf(ports, asOf), read.codes('exchanges'), read.codes('symbols'))
  return sendRows(context, {
    ...{ columns: COLUMNS, rows: [...markets.values()], format, numbers },
    ...{ next: undefined, isFixed: asOf.isFixed, about: {} },
  })
}
