/**
 * Binance's public REST API over the lake's markets of Binance, for clients that are made for it (docs/clients/binance.md).
 * Source: Binance "Public Rest API", "Error Codes".
 */
import { Hono, type MiddlewareHandler } from 'hono'
import { messageOf, Throttled } from '../../domain/errors.ts'
import type { Log, Ports } from '../../domain/ports.ts'
import { ApiError } from '../errors.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { exchangeInfo } from './exchange-info.ts'
import { klines } from './klines.ts'
import { type Parameters, parametersOf } from './parameters.ts'
import { Refusal } from './refusals.ts'
import { averagePrice, dayTickers, prices } from './tickers.ts'
import { aggTrades, trades } from './trades.ts'

export interface ShapeOptions {
  readonly ports: Pick<Ports, 'store' | 'state' | 'clock'>
  readonly log: Log
  /** Lets a request pass. @throws ApiError */
  readonly admit: MiddlewareHandler
}

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

export function binanceRoutes({ ports, log, admit }: ShapeOptions): Hono {
  const routes = new Hono()
  routes.onError((error, context) => {
    const { status, code } = errorOf(error)
    if (status === 500) log.error('a request failed', { path: context.req.path, reason: messageOf(error) })
    return context.json({ code, msg: messageOf(error) }, status)
  })
  // Binance's clients send a key in a header of their own.
  routes.use(async (context, next) => {
    const key = context.req.header('x-mbx-apikey')
    if (key !== undefined && context.req.header('authorization') === undefined)
      context.req.raw.headers.set('authorization', `Bearer ${key}`)
    await next()
  })
  routes.use(admit)
  for (const [path, { parameters, answer }] of Object.entries(ROUTES))
    routes.get(`/api/v3/${path}`, async context => {
      const read = parametersOf(new URL(context.req.url).searchParams, parameters)
      const body = await answer({ ports, now: BigInt(ports.clock.now()) * 1000n }, read)
      return context.json(body as object, 200, { 'cache-control': 'no-cache' })
    })
  routes.all('*', () => {
    throw new Refusal(
      -1020,
      `This operation is not supported. Of /api/v3 there are here, with GET: ${Object.keys(ROUTES).join(', ')}.`,
      404,
    )
  })
  return routes
}

function errorOf(error: unknown): { readonly status: 400 | 401 | 403 | 404 | 500 | 503; readonly code: number } {
  if (error instanceof Refusal) return error
  if (error instanceof ApiError && error.status === 401) return { status: 401, code: -2015 }
  if (error instanceof ApiError && error.status === 403) return { status: 403, code: -1002 }
  if (error instanceof Throttled) return { status: 503, code: -1008 }
  return { status: 500, code: -1000 }
}
