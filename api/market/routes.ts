/** The read API: what a lake knows of the markets, under `/v1`. */
import { Hono, type MiddlewareHandler } from 'hono'
import { Corrupt, messageOf, Paused, Throttled } from '../../domain/errors.ts'
import type { Variables } from '../catalog/request.ts'
import { ApiError } from '../errors.ts'
import { AVERAGE_ROUTES } from './average-routes.ts'
import { CANDLES } from './candle-routes.ts'
import { SYMBOLS } from './market-routes.ts'
import { nearest } from './nearest.ts'
import { openApi } from './openapi.ts'
import { descriptionPage } from './page.ts'
import { PIN_ROUTES } from './pin-routes.ts'
import { Problem, problem, problemBody } from './problems.ts'
import type { MarketOptions, Route } from './route.ts'
import { SPREAD } from './spread-route.ts'
import { TRADES } from './trade-routes.ts'

const ROUTES: readonly Route[] = [CANDLES, TRADES, SYMBOLS, ...AVERAGE_ROUTES, SPREAD, ...PIN_ROUTES]

/** `admit` lets requests pass, or throws an ApiError or a Problem. */
export function marketRoutes(
  options: MarketOptions,
  ...admit: readonly MiddlewareHandler<Variables>[]
): Hono<Variables> {
  const routes = new Hono<Variables>()
  routes.onError((error, context) => {
    const known = asProblem(error)
    if (known.status === 500)
      options.log.error('a request failed', {
        ...{ path: context.req.path, reason: messageOf(error), request: context.get('requestId') },
      })
    return context.body(JSON.stringify(problemBody(known)), known.status, {
      'content-type': 'application/problem+json',
    })
  })
  // A description tells nothing of the lake.
  routes.get('/openapi.json', context => context.json(openApi(ROUTES, options.isOpen)))
  routes.get('/docs', context => context.html(descriptionPage(ROUTES)))
  routes.use(...admit)
  for (const route of ROUTES) routes.on(route.method, route.path, context => route.answer(context, options))
  routes.all('/*', context => {
    const asked = context.req.path.replace(/^\/v1/, '')
    const here = ROUTES.filter(({ path }) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(asked))
    if (here.length > 0)
      throw problem(405, `${context.req.path} takes ${here.map(({ method }) => method.toUpperCase()).join(' and ')}.`)
    const hint = nearest(
      asked,
      ROUTES.map(({ path }) => path),
    )
    throw problem(
      404,
      `There is no route ${context.req.method} ${context.req.path}: ${hint?.replace('is /', 'is /v1/')}.`,
    )
  })
  return routes
}

/** Everything comes from the lake: what is missing or damaged is its matter, and nothing that the request could change. */
function asProblem(error: unknown): Pick<Problem, 'status' | 'message' | 'parameter'> {
  if (error instanceof Problem) return error
  const message = messageOf(error)
  if (error instanceof ApiError) {
    const isKnown = error.status === 401 || error.status === 403 || error.status === 409
    return { status: isKnown ? error.status : 400, message, parameter: undefined }
  }
  if (error instanceof Throttled || error instanceof Paused)
    return { status: 503, message: `${message} Try again in a while.`, parameter: undefined }
  const reason = error instanceof Corrupt ? message : `This failed here: ${message}`
  return { status: 500, message: reason, parameter: undefined }
}
