/** What is noted of every request: a number that its answer and its line in the log share, how it was answered, and how long it took. */
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Log, Ports } from '../../domain/ports.ts'
import type { Variables } from '../catalog/request.ts'

const GIVEN = /^[\w.:-]{1,100}$/

/** Gives each request a number, its client's own (`X-Request-Id`) where that is one. */
export function numbered({ ids }: Pick<Ports, 'ids'>): MiddlewareHandler<Variables> {
  return async (context, next) => {
    const given = context.req.header('x-request-id') ?? ''
    const id = GIVEN.test(given) ? given : ids.uuid()
    context.set('requestId', id)
    context.header('x-request-id', id)
    await next()
  }
}

/** A line for each request that has been answered. Keys are named by their public part. */
export function logged({ clock }: Pick<Ports, 'clock'>, log: Log): MiddlewareHandler<Variables> {
  return async (context, next) => {
    const since = clock.steady()
    await next()
    log.info('request', {
      ...{ method: context.req.method, path: context.req.path, status: statusOf(context) },
      ...{ milliseconds: Math.round((clock.steady() - since) * 10) / 10, request: context.get('requestId') },
      key: context.get('access')?.id,
    })
  }
}

/** Nginx's number for a client that left before it was answered: HTTP has none. */
const LEFT = 499

const statusOf = ({ req, res }: Context) => (req.raw.signal.aborted ? LEFT : res.status)

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Counts and times of requests by route and status, in Prometheus form. */
export function measured({ clock }: Pick<Ports, 'clock'>, registry: Registry): MiddlewareHandler<Variables> {
  const registers = [registry]
  const requests = new Counter({
    ...{ name: 'tradelake_http_requests_total', help: 'Requests answered', labelNames: ['route', 'status'], registers },
  })
  const seconds = new Histogram({
    ...{ name: 'tradelake_http_request_seconds', help: 'From a request to the beginning of its answer' },
    ...{ labelNames: ['route'], buckets: SECONDS, registers },
  })
  const running = new Gauge({ name: 'tradelake_http_requests_running', help: 'Requests under way', registers })
  return async (context, next) => {
    const since = clock.steady()
    running.inc()
    try {
      await next()
    } finally {
      running.dec()
      const route = matchedRoutes(context).find(({ path }) => !path.endsWith('*'))?.path ?? 'none'
      requests.inc({ route, status: statusOf(context) })
      seconds.observe({ route }, (clock.steady() - since) / 1000)
    }
  }
}
