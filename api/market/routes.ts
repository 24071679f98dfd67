/** The read API: what a lake knows of the markets, under `/v1`. */
import { Hono, type MiddlewareHandler } from 'hono'
import { Corrupt, messageOf, Throttled } from '../../domain/errors.ts'
import type { Log, Ports } from '../../domain/ports.ts'
import { ApiError } from '../errors.ts'
import type { LiveOptions } from '../live/answer.ts'
import { addLiveRoutes } from '../live/routes.ts'
import { answerCandles } from './candle-routes.ts'
import { formatIn, type RowColumn } from './formats.ts'
import { chooseMarkets, type Market, marketsOf } from './markets.ts'
import { parametersOf } from './parameters.ts'
import { Problem, problem, problemBody } from './problems.ts'
import { sendRows } from './send.ts'
import { answerTrades } from './trade-routes.ts'

export interface MarketOptions {
  readonly ports: Pick<Ports, 'store' | 'state' | 'clock'>
  readonly log: Log
  /** Lets a request pass. @throws ApiError */
  readonly admit: MiddlewareHandler
  /** For answers that go on; there are none without. */
  readonly live?: LiveOptions
}

const MARKET_COLUMNS: readonly RowColumn<Market>[] = [
  { name: 'exchange', type: 'text', value: ({ exchange }) => exchange },
  { name: 'symbol', type: 'text', value: ({ symbol }) => symbol },
  { name: 'first_trade', type: 'time', value: ({ firstTrade }) => firstTrade },
  { name: 'last_trade', type: 'time', value: ({ lastTrade }) => lastTrade },
]

export function marketRoutes({ ports, log, admit, live }: MarketOptions): Hono {
  const routes = new Hono()
  routes.onError((error, context) => {
    const known = asProblem(error)
    if (known.status === 500) log.error('a request failed', { path: context.req.path, reason: messageOf(error) })
    return context.body(JSON.stringify(problemBody(known)), known.status, {
      'content-type': 'application/problem+json',
    })
  })

  routes.use(admit)
  routes.get('/candles', context => answerCandles(ports, context))
  routes.get('/trades', context => answerTrades(ports, context))

  if (live) addLiveRoutes(routes, { ports, live, asProblem })
  routes.get('/symbols', async context => {
    const read = parametersOf(new URL(context.req.url).searchParams, ['exchanges', 'symbols', 'format'])
    const format = formatIn(read, context.req.header('accept'))
    const markets = chooseMarkets(await marketsOf(ports), read.codes('exchanges'), read.codes('symbols'))
    return sendRows(context, {
      columns: MARKET_COLUMNS,
      rows: [...markets.values()],
      ...{ format, numbers: 'decimal', next: undefined, about: {} },
    })
  })

  routes.all('/*', context => {
    throw problem(
      404,
      `There is no route ${context.req.method} ${context.req.path}: ask with GET for /v1/candles, /v1/trades or /v1/symbols.`,
    )
  })
  return routes
}

/** Everything is read only: what is missing or damaged is the lake's matter, and nothing that the request could change. */
function asProblem(error: unknown): Pick<Problem, 'status' | 'message' | 'parameter'> {
  if (error instanceof Problem) return error
  const message = messageOf(error)
  if (error instanceof ApiError)
    return { status: error.status === 401 || error.status === 403 ? error.status : 400, message, parameter: undefined }
  if (error instanceof Throttled)
    return { status: 503, message: `${message} Try again in a while.`, parameter: undefined }
  const reason = error instanceof Corrupt ? message : `This failed here: ${message}`
  return { status: 500, message: reason, parameter: undefined }
}
