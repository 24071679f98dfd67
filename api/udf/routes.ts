/** TradingView's UDF over all markets of the lake, for its charts (docs/clients/tradingview.md). Source: TradingView "UDF". */
import type { Hono } from 'hono'
import { messageOf } from '../../domain/errors.ts'
import type { Variables } from '../catalog/request.ts'
import { marketsOf } from '../market/markets.ts'
import { problem } from '../market/problems.ts'
import { givenOnce, readNow, type ShapeOptions, sendJson, shapeRoutes } from '../market/shapes.ts'
import { historyText } from './history.ts'
import { RESOLUTIONS } from './resolutions.ts'
import { searchSymbols, symbolInfo } from './symbols.ts'

const FEW = 30

export function udfRoutes(options: ShapeOptions): Hono<Variables> {
  const routes = shapeRoutes(options, error => ({ s: 'error', errmsg: messageOf(error) }))
  routes.use(givenOnce)
  const queryOf = (url: string) => new URL(url).searchParams

  routes.get('/config', async context => {
    const codes = [...new Set([...(await marketsOf(options.ports)).values()].map(({ exchange }) => exchange))]
    const exchanges = codes.map(code => ({ value: code, name: code, desc: code }))
    return sendJson(
      context,
      JSON.stringify({
        ...{ supports_search: true, supports_group_request: false, supports_time: true },
        ...{ supports_marks: false, supports_timescale_marks: false },
        exchanges: [{ value: '', name: 'All', desc: '' }, ...exchanges],
        symbols_types: [{ name: 'Crypto', value: 'crypto' }],
        supported_resolutions: RESOLUTIONS,
      }),
    )
  })
  routes.get('/time', context => context.text(String(readNow(options).now / 1_000_000n)))
  routes.get('/symbols', async context =>
    sendJson(context, JSON.stringify(await symbolInfo(readNow(options), context.req.query('symbol')))),
  )
  routes.get('/search', async context => {
    const query = queryOf(context.req.url)
    const limit = Number(query.get('limit') || FEW)
    if (!Number.isInteger(limit) || limit < 1)
      throw problem(400, `limit is ${query.get('limit')}: give a number of symbols.`, 'limit')
    const found = await searchSymbols(readNow(options), query.get('query') ?? '', query.get('exchange') ?? '', limit)
    return sendJson(context, JSON.stringify(found))
  })
  routes.get('/history', async context =>
    sendJson(context, await historyText(readNow(options), queryOf(context.req.url))),
  )
  routes.all('*', context => {
    throw problem(
      404,
      `There is no route ${context.req.path}: ask for /udf/config, /udf/symbols, /udf/search, /udf/history or /udf/time.`,
    )
  })
  return routes
}
