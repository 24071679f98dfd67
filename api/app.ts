/** The one web application: its routes over ports, served by Node, by Lambda, and asked directly by tests. */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { every } from 'hono/combine'
import { cors } from 'hono/cors'
import type { Registry } from 'prom-client'
import type { Lineage } from '../adapters/openlineage.ts'
import { Corrupt, Misplaced, messageOf, NotFound } from '../domain/errors.ts'
import { metricNames } from '../domain/metrics.ts'
import { USER_PREFIX } from '../domain/names.ts'
import type { Log } from '../domain/ports.ts'
import type { FeedReport, RunAudit } from '../domain/server-ports.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import type { SchemaIds } from '../domain/wire.ts'
import { findTable } from '../iceberg/catalog.ts'
import { filesIn, type Place } from '../iceberg/updates/files.ts'
import { Invalid, RequirementFailed } from '../iceberg/updates/refusals.ts'
import { byKeys, credentialsIn, EVERYTHING } from './access.ts'
import { binanceRoutes } from './binance/routes.ts'
import type { FileService } from './catalog/delegation.ts'
import type { CatalogPorts } from './catalog/entries.ts'
import type { Variables } from './catalog/request.ts'
import { catalogRoutes } from './catalog/routes.ts'
import { coinbaseRoutes } from './coinbase/routes.ts'
import { ApiError, forbidden } from './errors.ts'
import { bounded } from './http/bounded.ts'
import { brieflyKept } from './http/brief-state.ts'
import { limited, type RateLimit } from './http/limits.ts'
import { logged, measured, numbered } from './http/requests.ts'
import { takingTurns } from './http/turns.ts'
import { krakenRoutes } from './kraken/routes.ts'
import { type LiveOptions, openLive } from './live/live.ts'
import { createAuditDesk } from './market/audit-desk.ts'
import { isForLater, noteFailure } from './market/failures.ts'
import type { OpenSql } from './market/route.ts'
import { marketRoutes } from './market/routes.ts'
import { oauthRoutes } from './oauth.ts'
import { type OpenPage, pageRoutes } from './page-routes.ts'
import { tardisRoutes } from './tardis/routes.ts'
import { udfRoutes } from './udf/routes.ts'

export interface ApiOptions {
  readonly ports: Omit<CatalogPorts, 'files'>
  /** Where users' tables may be besides the lake's own folder for them. */
  readonly places?: readonly Place[]
  /** S3, for clients without credentials of their own. */
  readonly service?: FileService
  readonly log: Log
  /** `none` is for this machine's own users: a request that names another host, or comes from a page of one, is refused. */
  readonly auth: 'keys' | 'none'
  /** Whether tags may be set on the pipeline's tables (default: yes). */
  readonly tags?: boolean
  readonly counted?: (metric: string) => void
  /** How often a key may ask `/v1`; without keys nobody is counted. */
  readonly rate?: RateLimit
  /** Pages of these origins may ask, as `https://example.com`. */
  readonly origins?: readonly string[]
  /** Milliseconds for which what the state store answered to readers is used again; 0 where asking costs nothing. */
  readonly stateAgeMs?: number
  /** A larger answer is refused; without it none is too large. The catalog's are what its clients take. */
  readonly maxAnswerBytes?: number
  /** Whether each request has its line in the log. */
  readonly isLogged?: boolean
  /** Where requests are counted, and answered under `/metrics`. */
  readonly registry?: Registry
  /** Where a data file is had from by its key, for who asks on the same machine; by default it is a route. */
  readonly urlOf?: ((key: string) => string) | undefined
  /** Told of every commit of a table. */
  readonly lineage?: Lineage | undefined
  /** Opens an engine for a query in SQL; there is none without. */
  readonly sql?: OpenSql | undefined
  /** The schemas that the records of the lake name, where they are known. */
  readonly schemaIds?: SchemaIds | undefined
  /** For answers that go on: live trades and candles, and recorded ones; there are none without. */
  readonly live?: LiveOptions
  /** The feeds that run in this process; undefined where they run elsewhere. */
  readonly feeds?: (() => readonly FeedReport[]) | undefined
  /** Audits the lake, where it may be asked for that. */
  readonly audit?: RunAudit | undefined
  /** For browsers that ask `/`; there is none without. */
  readonly page?: OpenPage
}

/** For DynamoDB: a reading takes some milliseconds and costs money. */
export const STATE_AGE_MS = 250

/** All that is not the catalog. */
const ROUTED = ['/v1/*', '/binance/*', '/kraken/*', '/coinbase/*', '/udf/*', '/replay-normalized']

/** Enough for a page of charts at once. */
const RATE: RateLimit = { perSecond: 100, burst: 400 }

/** A commit of a table with a thousand snapshots is far smaller. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

export function createApi(options: ApiOptions): Hono<Variables> {
  const {
    places = [],
    service,
    log,
    auth,
    tags = true,
    counted = () => {},
    rate = RATE,
    origins = [],
    registry,
  } = options
  const files = filesIn([{ store: options.ports.store, prefix: USER_PREFIX }, ...places])
  const plain: CatalogPorts = { ...options.ports, files }
  const ports = options.lineage?.watch(plain, 'catalog') ?? plain
  const app = new Hono<Variables>()
  app.onError((error, context) => refuse(context, error, log))
  app.notFound(context =>
    answer(
      context,
      new ApiError(404, 'NotFoundException', `There is no route ${context.req.method} ${context.req.path}.`),
    ),
  )
  app.use(numbered(ports))
  if (options.isLogged) app.use(logged(ports, log))
  if (registry) app.use(measured(ports, registry))
  if (origins.length > 0) app.use(cors({ origin: [...origins], exposeHeaders: EXPOSED, maxAge: 600 }))
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: context =>
        answer(context, new ApiError(413, 'BadRequestException', `A body has at most ${MAX_BODY_BYTES} bytes.`)),
    }),
  )
  if (options.page) app.route('/', pageRoutes(options.page))
  for (const path of ['/', '/iceberg', '/v1', '/v1/'])
    app.get(path, context =>
      context.json({
        catalog: '/iceberg/v1/config',
        candles: '/v1/candles',
        trades: '/v1/trades',
        symbols: '/v1/symbols',
      }),
    )
  app.get('/healthz', context => context.json({ status: 'ok' }))
  app.get('/readyz', async context => {
    // Both stores answer, or the reason why they do not is given.
    await findTable(ports, GOLD_TABLE.name)
    return context.json({ status: 'ready' })
  })
  const authorize = auth === 'keys' ? byKeys(ports) : undefined
  app.route('/iceberg', oauthRoutes(authorize && ports))
  const admit: MiddlewareHandler<Variables> = async (context, next) => {
    if (!authorize) requireLocal(context, origins)
    context.set('access', authorize ? await authorize(credentialsIn(name => context.req.header(name))) : EVERYTHING)
    await next()
  }
  app.use('/iceberg/*', admit)
  const admitCounted = authorize ? every(admit, limited(ports.clock, rate)) : admit
  if (registry)
    app.get('/metrics', admit, async context =>
      context.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
    )
  const { stateAgeMs = 0 } = options
  const reading: CatalogPorts =
    stateAgeMs === 0 ? ports : { ...ports, state: brieflyKept(ports.state, ports.clock, stateAgeMs) }
  const { maxAnswerBytes } = options
  app.use(takingTurns)
  if (maxAnswerBytes !== undefined) for (const path of ROUTED) app.use(path, bounded(maxAnswerBytes))
  const live = options.live && openLive(reading, log, options.live)
  app.route(
    '/v1',
    marketRoutes(
      {
        ...{ ports: reading, writing: ports, tags, isOpen: !authorize },
        ...{ log, service, live, urlOf: options.urlOf, schemaIds: options.schemaIds, sql: options.sql },
        feeds: options.feeds,
        audit: options.audit && createAuditDesk(options.audit, ports),
      },
      admitCounted,
    ),
  )
  const shape = { ports: reading, log, admit: admitCounted }
  app.route('/binance', binanceRoutes({ ...shape, live }))
  app.route('/kraken', krakenRoutes(shape))
  app.route('/coinbase', coinbaseRoutes(shape))
  app.route('/udf', udfRoutes(shape))
  if (live) app.route('/', tardisRoutes({ ...shape, live }))
  app.route(
    '/iceberg',
    catalogRoutes({ ports, service, tags, log, reported: () => counted(metricNames.clientReports) }),
  )
  return app
}

/**
 * Without keys a page of another site could ask in the name of who reads it: by a name that its owner points here, or by its origin.
 * @throws ApiError 403
 */
function requireLocal(context: Context, origins: readonly string[]): void {
  const host = context.req.header('host') ?? ''
  const origin = context.req.header('origin')
  if (
    !LOCAL.test(host) ||
    (origin !== undefined && !origins.includes(origin) && !LOCAL.test(origin.replace(/^https?:\/\//, '')))
  )
    throw forbidden('Without keys only this machine is answered: serve with --auth keys, and send a key.')
}

/** What a page's scripts may read of an answer. */
const EXPOSED = [
  'etag',
  'link',
  'x-request-id',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
]

const LOCAL = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/

function refuse(context: Context, error: unknown, log: Log): Response {
  const known = asApiError(error)
  if (known) {
    if (known.cause !== undefined) noteFailure(context, log, known.cause)
    return answer(context, known)
  }
  const message = noteFailure(context, log, error)
  if (isForLater(error)) return answer(context, new ApiError(503, 'ServiceUnavailableException', message))
  return answer(context, new ApiError(500, 'InternalServerError', message))
}

function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (error instanceof Invalid) return new ApiError(400, error.type, messageOf(error))
  if (error instanceof RequirementFailed) return new ApiError(409, 'CommitFailedException', messageOf(error))
  // A metadata file of users' that is no longer one: nothing that asking again would change.
  if (error instanceof Corrupt) return new ApiError(400, 'BadRequestException', messageOf(error))
  if (error instanceof Misplaced) return new ApiError(400, 'BadRequestException', messageOf(error))
  if (error instanceof NotFound) return new ApiError(404, 'NotFoundException', messageOf(error))
  return undefined
}

/** The specification's IcebergErrorResponse. */
function answer(context: Context, { status, type, message }: ApiError): Response {
  return context.json({ error: { message, type, code: status } }, status)
}
