/** Kraken's public REST API over the lake's markets of Kraken (docs/clients/kraken.md). Source: Kraken "Market Data". */
import type { Hono } from 'hono'
import { messageOf } from '../../domain/errors.ts'
import type { Variables } from '../catalog/request.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { givenOnce, readNow, type ShapeOptions, sendJson, shapeRoutes } from '../market/shapes.ts'
import { assetPairs, assets } from './assets.ts'
import { ohlc } from './ohlc.ts'
import { Refusal } from './refusals.ts'
import { tickers } from './ticker.ts'
import { tradesText } from './trades.ts'

/** JSON of the field `result`. */
type Answer = (at: ReadAt, query: URLSearchParams) => Promise<string>
const json =
  (make: (at: ReadAt, query: URLSearchParams) => Promise<object>): Answer =>
  async (at, query) =>
    JSON.stringify(await make(at, query))

const ROUTES: Readonly<Record<string, Answer>> = {
  Time: json(async ({ now }) => {
    const date = new Date(Number(now / 1000n))
    return { unixtime: Number(now / 1_000_000n), rfc1123: date.toUTCString().replace('GMT', '+0000') }
  }),
  SystemStatus: json(async ({ now }) => ({
    status: 'online',
    timestamp: `${new Date(Number(now / 1000n)).toISOString().slice(0, 19)}Z`,
  })),
  Assets: json(assets),
  AssetPairs: json(assetPairs),
  OHLC: json(ohlc),
  Ticker: json(tickers),
  Trades: tradesText,
}

const FAILURES: Readonly<Record<number, string>> = {
  400: 'EGeneral:Invalid arguments',
  401: 'EAPI:Invalid key',
  403: 'EGeneral:Permission denied',
  429: 'EAPI:Rate limit exceeded',
  503: 'EService:Unavailable',
}

export function krakenRoutes(options: ShapeOptions): Hono<Variables> {
  const routes = shapeRoutes(options, (error, status) => ({
    error: [`${FAILURES[status] ?? 'EGeneral:Internal error'}: ${messageOf(error)}`],
  }))
  routes.use(givenOnce)
  for (const [name, answer] of Object.entries(ROUTES))
    routes.get(`/0/public/${name}`, async context => {
      try {
        const result = await answer(readNow(options), new URL(context.req.url).searchParams)
        return sendJson(context, `{"error":[],"result":${result}}`)
      } catch (error) {
        if (error instanceof Refusal) return sendJson(context, JSON.stringify({ error: [error.message] }))
        throw error
      }
    })
  routes.all('*', context =>
    context.json(
      { error: [`EGeneral:Unknown method: there are, with GET, /0/public/${Object.keys(ROUTES).join(', ')}.`] },
      404,
    ),
  )
  return routes
}
