/**
 * Binance's public REST API and WebSocket streams over the lake's markets of Binance, for clients that are made for it (docs/clients/binance.md).
 * Source: Binance "Public Rest API", "Error Codes".
 */
import type { Hono, MiddlewareHandler } from 'hono'
import { messageOf } from '../../domain/errors.ts'
import type { Variables } from '../catalog/request.ts'
import { liveOf } from '../live/answer.ts'
import type { ReadAt } from '../market/market-candles.ts'
import type { MarketOptions } from '../market/route.ts'
import { readNow, type ShapeOptions, sendJson, shapeRoutes } from '../market/shapes.ts'
import { exchangeInfo } from './exchange-info.ts'
import { klines } from './klines.ts'
import { type Parameters, parametersOf } from './parameters.ts'
import { codeOf, Refusal } from './refusals.ts'
import { openStreams } from './stream-routes.ts'
import { createStreamMemory } from './stream-texts.ts'
import { averagePrice, dayTickers, prices } from './tickers.ts'
import { aggTrades, trades } from './trades.ts'

interface Route {
  readonly parameters: readonly string[]
  answer(at: ReadAt, read: Parameters): Promise<unknown>
}

const KLINES: Route = {
  parameters: ['symbol', 'interval', 'startTime', 'endTime', 'timeZone', 'limit'],
  answer: klines,
}
const TICKERS = ['symbol', 'symbols', 'symbolStatus']

const ROUTES: Readonly<Record<string, Route>> = {
  ping: { parameters: [], answer: async () => ({}) },
  time: { parameters: [], answer: async ({ now }) => ({ serverTime: Number(now / 1000n) }) },
  exchangeInfo: { parameters: [...TICKERS, 'permissions', 'showPermissionSets'], answer: exchangeInfo },
  klines: KLINES,
  uiKlines: KLINES,
  aggTrades: { parameters: ['symbol', 'fromId', 'startTime', 'endTime', 'limit'], answer: aggTrades },
  trades: { parameters: ['symbol', 'limit'], answer: trades },
  historicalTrades: { parameters: ['symbol', 'limit', 'fromId'], answer: trades },
  'ticker/price': { parameters: TICKERS, answer: prices },
  'ticker/24hr': { parameters: [...TICKERS, 'type'], answer: dayTickers },
  avgPrice: { parameters: ['symbol'], answer: averagePrice },
}

export function binanceRoutes(options: ShapeOptions & Pick<MarketOptions, 'live'>): Hono<Variables> {
  const routes = shapeRoutes(options, errorBody, takeKey)
  for (const [path, { parameters, answer }] of Object.entries(ROUTES))
    routes.get(`/api/v3/${path}`, async context => {
      const read = parametersOf(new URL(context.req.url).searchParams, parameters)
      return sendJson(context, JSON.stringify(await answer(readNow(options), read)))
    })
  const memory = createStreamMemory()
  for (const path of ['/ws', '/ws/:streams{.*}', '/stream'])
    routes.get(path, context => openStreams(context, { ports: options.ports, live: liveOf(options), memory }))
  routes.all('*', () => {
    throw new Refusal(
      -1020,
      `This operation is not supported. Of /api/v3 there are here, with GET: ${Object.keys(ROUTES).join(', ')}.`,
      404,
    )
  })
  return routes
}

/** Binance's clients send a key in a header of their own. */
const takeKey: MiddlewareHandler<Variables> = async (context, next) => {
  const key = context.req.header('x-mbx-apikey')
  if (key !== undefined && context.req.header('authorization') === undefined)
    context.req.raw.headers.set('authorization', `Bearer ${key}`)
  await next()
}

function errorBody(error: unknown, status: number) {
  return { code: codeOf(error, status), msg: messageOf(error) }
}
