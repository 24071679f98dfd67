/** What the routes have in common that answer in the shape of somebody else's API: who is let in, and how it fails. */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { TradelakeError } from '../../domain/errors.ts'
import type { Log, Ports } from '../../domain/ports.ts'
import type { Variables } from '../catalog/request.ts'
import { asProblem } from './failures.ts'
import type { ReadAt } from './market-candles.ts'
import { type Problem, problem } from './problems.ts'

export interface ShapeOptions {
  readonly ports: Pick<Ports, 'store' | 'state' | 'clock'>
  readonly log: Log
  /** Lets a request pass. @throws ApiError; Problem */
  readonly admit: MiddlewareHandler<Variables>
}

type Status = Problem['status']

/** `bodyOf`: an error as the shape's clients know them. `first` runs before anybody is let in. */
export function shapeRoutes(
  { log, admit }: ShapeOptions,
  bodyOf: (error: unknown, status: Status) => object,
  first: MiddlewareHandler<Variables> = (_, next) => next(),
): Hono<Variables> {
  const routes = new Hono<Variables>()
  routes.onError((error, context) => {
    const known = asProblem(context, log, error)
    // Errors of a shape's own have more to say than a problem.
    const isOwn = error instanceof TradelakeError && known.status < 500
    return context.json(bodyOf(isOwn ? error : known, known.status), known.status)
  })
  routes.use(first, admit)
  return routes
}

/** For shapes that have no word of their own for it. @throws Problem 400 for a parameter that is given twice: which of them is meant nobody knows */
export const givenOnce: MiddlewareHandler = (context, next) => {
  const names = [...new URL(context.req.url).searchParams.keys()]
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) throw problem(400, `${twice} is given twice: give it once.`, twice)
  return next()
}

export function readNow({ ports }: ShapeOptions): ReadAt {
  return { ports, now: BigInt(ports.clock.now()) * 1000n }
}

/** Sends JSON text; what is answered may be other a moment later. */
export function sendJson(context: Context, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return context.body(text, 200, { 'content-type': 'application/json', 'cache-control': 'no-cache', ...headers })
}
