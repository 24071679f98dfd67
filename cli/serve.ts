/** `tradelake serve`: the lake over HTTP, candles and trades and an Iceberg REST catalog, until Ctrl-C. */
import { collectDefaultMetrics, Registry } from 'prom-client'
import { type HttpServer, openHttpServer } from '../adapters/http-server.ts'
import { askedToEnd, systemScratch, systemTimers } from '../adapters/system.ts'
import { type ApiOptions, createApi, STATE_AGE_MS } from '../api/app.ts'
import { BadInput } from '../domain/errors.ts'
import type { Log, Ports } from '../domain/ports.ts'
import { BUNDLED_IDS } from '../domain/wire.ts'
import { command, LAKE_OPTIONS, type Values } from './command.ts'
import { fileService } from './file-service.ts'
import { LINEAGE_OPTION, toldOf, withLineage } from './lineage.ts'
import { type CatalogPlace, openForCatalog } from './open-lake.ts'
import { openPage } from './page.ts'
import { auditOf } from './run-audit.ts'
import { STDERR } from './stderr-log.ts'
import { parseNumber } from './values.ts'

const DEFAULT_RATE = '100'

/** What `start` has of these too. */
export const SERVE_OPTIONS = {
  port: { type: 'string', value: 'N', help: 'port of the web application; 0 takes a free one', default: '8080' },
  host: { type: 'string', value: 'ADDRESS', help: 'network address that it listens at', default: '127.0.0.1' },
} as const

export const serve = command({
  name: 'serve',
  usage:
    '[--data DIR | --stack NAME [--files-role ARN]] [--port 8080] [--host 127.0.0.1] [--auth none|keys] [--places URI,…] [--lineage URL|FILE]',
  options: {
    ...LAKE_OPTIONS,
    ...SERVE_OPTIONS,
    auth: {
      type: 'string',
      value: 'none|keys',
      help: 'who is answered: everybody on this machine, or who sends a key of tradelake keys (default: none at 127.0.0.1, else keys)',
    },
    rate: {
      type: 'string',
      value: 'N',
      help: 'requests a second that a key may make of /v1, four times as many at once',
      default: DEFAULT_RATE,
    },
    origins: {
      type: 'string',
      value: 'URL,…',
      help: 'web pages of these origins may ask, as https://charts.example',
    },
    'access-log': { type: 'boolean', help: 'a line on stderr for each request' },
    places: {
      type: 'string',
      value: 'URI,…',
      help: "where else users' tables may be, as file:///data/tables or s3://bucket/tables",
    },
    lineage: LINEAGE_OPTION,
    'files-role': {
      type: 'string',
      value: 'ARN',
      help: 'IAM role whose rights, cut down to one table, are given to clients without credentials of their own; without it their requests to S3 are signed here',
    },
  },
  async run(values) {
    const service = await fileService(values)
    return withLineage(toldOf(values), STDERR, async lineage => {
      const place = await openForCatalog(values)
      try {
        const server = await serveCatalog(
          { ...place, lineage },
          { ...values, service, log: STDERR, audit: auditOf(values) },
        )
        console.log(`Iceberg REST catalog: ${server.url}/iceberg`)
        console.log(`candles and trades:   ${server.url}/v1/candles`)
        console.log(`page for browsers:    ${server.url}/`)
        await askedToEnd()
        await server.close()
        return 0
      } finally {
        place.close()
      }
    })
  },
})

/** DuckDB is loaded with the first query. */
function openSql(tempDirectory: string): NonNullable<ApiOptions['sql']> {
  return async views => {
    const { openReader } = await import('../adapters/duckdb-reader.ts')
    return openReader({ ...views, threads: 2, memoryLimit: '256MB', tempDirectory, timeoutMs: 30_000 })
  }
}

/** Places in S3 need AWS's clients, which are loaded with the first place. @throws BadInput */
async function openPlaces(uris: readonly string[], tools: Pick<Ports, 'ids' | 'scratch'>) {
  if (uris.length === 0) return []
  const { placeOf } = await import('../adapters/places.ts')
  return uris.map(uri => placeOf(uri, tools))
}

/** Origins as browsers send them. @throws BadInput */
function parseOrigins(text: string): string[] {
  const origins = text.split(',').flatMap(part => part.trim() || [])
  const wrong = origins.find(origin => !URL.canParse(origin) || new URL(origin).origin !== origin)
  if (wrong !== undefined)
    throw new BadInput(`--origins ${wrong} is no origin: give its protocol and host alone, as https://charts.example.`)
  return origins
}

export interface Serving extends Values<typeof SERVE_OPTIONS> {
  readonly auth?: string
  readonly places?: string
  readonly rate?: string
  readonly origins?: string
  readonly 'access-log'?: boolean | undefined
  /** For a lake in S3. */
  readonly service?: ApiOptions['service']
  readonly log: Log
  /** Audits this lake. */
  readonly audit: ApiOptions['audit']
  /** The feeds that run in this process. */
  readonly feeds?: ApiOptions['feeds']
  /** The page's files; by default they are made when the first browser comes. */
  readonly page?: ApiOptions['page']
}

/** Serves the catalog of a lake until it is closed. @throws BadInput */
export async function serveCatalog(
  { ports, lineage }: Pick<CatalogPlace, 'ports' | 'lineage'>,
  serving: Serving,
): Promise<HttpServer> {
  const { host, places = '', service, log } = serving
  const isLoopback = ['127.0.0.1', '::1', 'localhost'].includes(host)
  const auth = serving.auth ?? (isLoopback ? 'none' : 'keys')
  if (auth !== 'none' && auth !== 'keys') throw new BadInput(`--auth ${auth} is not known: give none or keys.`)
  if (auth === 'none' && !isLoopback)
    throw new BadInput(`--auth none would let everybody who reaches ${host} write and delete: give --auth keys.`)
  const scratch = systemScratch()
  const further = await openPlaces(
    places.split(',').filter(uri => uri !== ''),
    { ids: ports.ids, scratch },
  )
  const perSecond = parseNumber('rate', serving.rate ?? DEFAULT_RATE, 1, false)
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const api = createApi({
    ...{ ports, lineage, places: further, service, log, auth, registry },
    ...{ audit: serving.audit, feeds: serving.feeds },
    live: { timers: systemTimers(), isStreaming: true },
    page: serving.page ?? openPage,
    // A lake in S3 would have to be fetched, table by table.
    sql: service === undefined ? openSql(scratch.path('sql')) : undefined,
    // A deployed lake's registry gives its own.
    schemaIds: service === undefined ? BUNDLED_IDS : undefined,
    rate: { perSecond, burst: perSecond * 4 },
    origins: parseOrigins(serving.origins ?? ''),
    isLogged: serving['access-log'] === true,
    stateAgeMs: service === undefined ? 0 : STATE_AGE_MS,
  })
  return openHttpServer((request, connection) => api.fetch(request, connection), {
    host,
    port: parseNumber('port', serving.port, 0, true),
  })
}
