/** The read API: what a lake knows of the markets, under `/v1`. */
import { Hono, type MiddlewareHandler } from 'hono'
import { nearest } from '../../figures/nearest.ts'
import type { Variables } from '../catalog/request.ts'
import { REPLAY } from '../live/replay-route.ts'
import { STREAM } from '../live/stream-route.ts'
import { AUDIT_ROUTES } from './audit-routes.ts'
import { AVERAGE_ROUTES } from './average-routes.ts'
import { CANDLES } from './candle-routes.ts'
import { CORRECTIONS } from './corrections-route.ts'
import { COVERAGE } from './coverage-route.ts'
import { DEAD_LETTER_ROUTES } from './dead-letter-routes.ts'
import { asProblem } from './failures.ts'
import { FEED_GAPS } from './feed-gaps-route.ts'
import { FEED_ROUTES } from './feed-routes.ts'
import { EXPORTS, FILE } from './files.ts'
import { LARGEST } from './largest-route.ts'
import { SYMBOLS } from './market-routes.ts'
import { MISSING } from './missing-route.ts'
import { openApi } from './openapi.ts'
import { descriptionPage } from './page.ts'
import { PIN_ROUTES } from './pin-routes.ts'
import { problem, problemBody } from './problems.ts'
import { lostSince } from './repairs.ts'
import type { MarketOptions, Route } from './route.ts'
import { SPREAD } from './spread-route.ts'
import { SQL } from './sql-route.ts'
import { STATS } from './stats-route.ts'
import { TABLES } from './tables-route.ts'
import { TRADES } from './trade-routes.ts'

const ROUTES: readonly Route[] = [
  CANDLES,
  TRADES,
  SYMBOLS,
  ...AVERAGE_ROUTES,
  LARGEST,
  SPREAD,
  REPLAY,
  STREAM,
  CORRECTIONS,
  COVERAGE,
  MISSING,
  STATS,
  SQL,
  TABLES,
  ...FEED_ROUTES,
  FEED_GAPS,
  ...AUDIT_ROUTES,
  ...DEAD_LETTER_ROUTES,
  EXPORTS,
  FILE,
  ...PIN_ROUTES,
]

/** What tells nothing of the lake. */
const DESCRIPTIONS = ['/openapi.json', '/docs'].map(path => ({ method: 'get', path }))

/** `admit` lets requests pass, or throws an ApiError or a Problem. */
export function marketRoutes(options: MarketOptions, admit: MiddlewareHandler<Variables>): Hono<Variables> {
  const routes = new Hono<Variables>()
  routes.onError(async (error, context) => {
    const lost = await lostSince(options.ports, name => context.req.query(name), error).catch(() => undefined)
    const known = lost ?? asProblem(context, options.log, error)
    return context.body(JSON.stringify(problemBody(known)), known.status, {
      'content-type': 'application/problem+json',
    })
  })
  // A description tells nothing of the lake.
  routes.get('/openapi.json', context => context.json(openApi(ROUTES, options.isOpen)))
  routes.get('/docs', context => context.html(descriptionPage(ROUTES)))
  routes.use(admit)
  for (const route of ROUTES) routes.on(route.method, route.path, context => route.answer(context, options))
  routes.all('/*', context => {
    const asked = context.req.path.replace(/^\/v1/, '')
    const here = [...ROUTES, ...DESCRIPTIONS].filter(({ path }) =>
      new RegExp(`^${path.replace(/:\w+(?:\{[^}]*\})?/g, '.+')}$`).test(asked),
    )
    if (here.length > 0) {
      const methods = here.map(({ method }) => method.toUpperCase())
      // RFC 9110, "405 Method Not Allowed".
      context.header('allow', methods.join(', '))
      throw problem(405, `${context.req.path} takes ${methods.join(' and ')}.`)
    }
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
