/** The routes of tables (Apache Iceberg, open-api/rest-catalog-open-api.yaml). */
import type { Context, Hono } from 'hono'
import { stringifyExact } from '../../domain/exact-json.ts'
import type { Log } from '../../domain/ports.ts'
import { toStored } from '../../iceberg/updates/any-file.ts'
import { badRequest } from '../errors.ts'
import { createAnswers, etagOf, metadataAt, requireThere, type Snapshots } from './answers.ts'
import { type Delegation, delegate, type FileAccess, type FileService, signFor } from './delegation.ts'
import type { CatalogPorts } from './entries.ts'
import { type Identifier, isMarket, pathPart } from './names.ts'
import {
  identifierIn,
  isHead,
  json,
  mayWrite,
  namespaceIn,
  requestIn,
  sendBody,
  snapshotsIn,
  type Variables,
} from './request.ts'
import { bodies, parseBody } from './requests.ts'
import {
  commitTables,
  createTable,
  dropTable,
  folderOf,
  type Made,
  registerTable,
  requireTable,
  stageTable,
} from './tables.ts'

export interface CatalogOptions {
  readonly ports: CatalogPorts
  /** Where there are files in S3; undefined: clients reach files by themselves. */
  readonly service?: FileService
  /** Whether tags may be set on the pipeline's tables. */
  readonly tags: boolean
  readonly log: Log
  /** Is told of each scan or commit that a client reports. */
  readonly reported: () => void
}

export function tableRoutes(routes: Hono<Variables>, { ports, service, tags, reported }: CatalogOptions): void {
  const answers = createAnswers(ports)
  /** What the client is given for a table's files. */
  async function delegationFor(
    context: Context<Variables>,
    identifier: Identifier,
    folder: string,
  ): Promise<Delegation> {
    const access = accessOf(context, identifier)
    const signer = `v1/namespaces/${pathPart(identifier.namespace)}/tables/${encodeURIComponent(identifier.name)}/sign`
    return delegate(service, context.req.header('x-iceberg-access-delegation'), { folder, access, signer })
  }
  async function loadAnswer(context: Context<Variables>, entry: Made, snapshots: Snapshots = 'all') {
    const { identifier, location } = entry
    const folder = service ? await folderOf(ports, entry) : ''
    return sendBody(context, await answers.load(location, snapshots, await delegationFor(context, identifier, folder)))
  }

  routes.post('/v1/namespaces/:namespace/tables', async context => {
    const namespace = namespaceIn(context)
    const text = await context.req.text()
    mayWrite(context, namespace)
    const { name, 'stage-create': staged, ...wanted } = parseBody(bodies.createTable, text)
    const identifier = { namespace, name }
    if (staged) {
      const metadata = await stageTable(ports, identifier, wanted)
      const { members } = await delegationFor(context, identifier, metadata.location)
      return json(context, `{${members}"metadata":${stringifyExact(toStored(metadata))}}`)
    }
    return loadAnswer(context, await createTable(ports, identifier, wanted, requestIn(context, text)))
  })
  routes.get('/v1/namespaces/:namespace/tables/:name', async context => {
    const identifier = identifierIn(context)
    const entry = await requireTable(ports, identifier)
    if (isHead(context)) return context.body(null, 204)
    const snapshots = snapshotsIn(context)
    const tag = etagOf(entry.location, snapshots)
    if (context.req.header('if-none-match') === tag) return context.body(null, 304, { etag: tag })
    await requireThere(ports, entry.location)
    return loadAnswer(context, entry, snapshots)
  })
  routes.get('/v1/namespaces/:namespace/tables/:name/credentials', async context => {
    const identifier = identifierIn(context)
    const folder = await folderOf(ports, await requireTable(ports, identifier))
    const { members } = await delegationFor(context, identifier, folder)
    const { 'storage-credentials': credentials = [] } = JSON.parse(`{${members.slice(0, -1)}}`)
    return context.json({ 'storage-credentials': credentials })
  })
  routes.post('/v1/namespaces/:namespace/tables/:name/sign', async context => {
    if (!service) throw badRequest('Nothing is signed here: the files are not in S3.')
    const identifier = identifierIn(context)
    const { method, uri, headers } = parseBody(bodies.sign, await context.req.text())
    const folder = await folderOf(ports, await requireTable(ports, identifier))
    const plain = Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.join(',')]),
    )
    return context.json(
      await signFor(service, { method, uri, headers: plain }, { folder, access: accessOf(context, identifier) }),
    )
  })
  routes.post('/v1/namespaces/:namespace/tables/:name', async context => {
    const identifier = identifierIn(context)
    const text = await context.req.text()
    const change = parseBody(bodies.commitTable, text)
    mayWrite(context, identifier.namespace, tags)
    const [location] = await commitTables(ports, [{ identifier, ...change }], requestIn(context, text))
    const metadata = toStored(await metadataAt(ports, location))
    return json(context, stringifyExact({ 'metadata-location': location, metadata }))
  })
  routes.delete('/v1/namespaces/:namespace/tables/:name', async context => {
    const identifier = identifierIn(context)
    mayWrite(context, identifier.namespace)
    const purge = (context.req.query('purgeRequested') ?? 'false').toLowerCase() === 'true'
    await dropTable(ports, identifier, purge, requestIn(context, String(purge)))
    return context.body(null, 204)
  })
  routes.post('/v1/namespaces/:namespace/tables/:name/metrics', async context => {
    await context.req.text()
    identifierIn(context)
    // Spark reports a commit before it makes the table that it staged: a report about a table that is not there is none the worse.
    reported()
    return context.body(null, 204)
  })
  routes.post('/v1/namespaces/:namespace/register', async context => {
    const namespace = namespaceIn(context)
    const text = await context.req.text()
    mayWrite(context, namespace)
    const { name, 'metadata-location': from, overwrite } = parseBody(bodies.register, text)
    const wanted = { location: from, overwrite: overwrite ?? false }
    return loadAnswer(context, await registerTable(ports, { namespace, name }, wanted, requestIn(context, text)))
  })
  routes.post('/v1/transactions/commit', async context => {
    const text = await context.req.text()
    const { 'table-changes': changes } = parseBody(bodies.transaction, text)
    for (const { identifier } of changes) mayWrite(context, identifier.namespace, tags)
    if (changes.length > 0) await commitTables(ports, changes, requestIn(context, text))
    return context.body(null, 204)
  })
}

/** What a client may do with a table's files. */
function accessOf(context: Context<Variables>, { namespace }: Identifier): FileAccess {
  return context.get('access').mayWrite(namespace) && !isMarket(namespace) ? 'write' : 'read'
}
