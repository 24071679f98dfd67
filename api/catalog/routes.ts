/** The routes of an Iceberg REST catalog (Apache Iceberg, open-api/rest-catalog-open-api.yaml) over a lake. */
import { type Context, Hono } from 'hono'
import { listEntries, pageSize, renameEntry, requireNamespaceItem } from './entries.ts'
import { KEY_LIFETIME } from './mutate.ts'
import { isMarket, type Namespace, parseNamespace, textOf } from './names.ts'
import {
  createNamespace,
  describeNamespace,
  dropNamespace,
  listNamespaces,
  marketTables,
  updateProperties,
} from './namespaces.ts'
import { latePurges } from './purges.ts'
import { isHead, mayWrite, namespaceIn, nextOf, tokenOf, type Variables } from './request.ts'
import { bodies, parseBody } from './requests.ts'
import { type CatalogOptions, tableRoutes } from './table-routes.ts'
import { viewRoutes } from './view-routes.ts'

const TABLE = '/v1/{prefix}/namespaces/{namespace}/tables/{table}'
const VIEW = '/v1/{prefix}/namespaces/{namespace}/views/{view}'
const NAMESPACE = '/v1/{prefix}/namespaces/{namespace}'
/** Clients use a route that not every catalog has only where it is listed. */
const ENDPOINTS = [
  ...['GET /v1/{prefix}/namespaces', 'POST /v1/{prefix}/namespaces', `GET ${NAMESPACE}`, `HEAD ${NAMESPACE}`],
  ...[`DELETE ${NAMESPACE}`, `POST ${NAMESPACE}/properties`, `GET ${NAMESPACE}/tables`, `POST ${NAMESPACE}/tables`],
  ...[
    `GET ${TABLE}`,
    `HEAD ${TABLE}`,
    `POST ${TABLE}`,
    `DELETE ${TABLE}`,
    `POST ${TABLE}/metrics`,
    `GET ${TABLE}/credentials`,
    `POST ${TABLE}/sign`,
  ],
  ...[`POST ${NAMESPACE}/register`, 'POST /v1/{prefix}/tables/rename', 'POST /v1/{prefix}/transactions/commit'],
  ...[`GET ${NAMESPACE}/views`, `POST ${NAMESPACE}/views`, `GET ${VIEW}`, `HEAD ${VIEW}`, `POST ${VIEW}`],
  ...[`DELETE ${VIEW}`, 'POST /v1/{prefix}/views/rename', `POST ${NAMESPACE}/register-view`],
]

export function catalogRoutes(options: CatalogOptions): Hono<Variables> {
  const { ports } = options
  const routes = new Hono<Variables>()
  const goOnWithPurges = latePurges(ports, options.log)
  routes.use(async (_, next) => {
    await next()
    await goOnWithPurges()
  })

  routes.get('/v1/config', context =>
    context.json({ defaults: {}, overrides: {}, endpoints: ENDPOINTS, 'idempotency-key-lifetime': KEY_LIFETIME }),
  )

  routes.get('/v1/namespaces', async context => {
    const parent = context.req.query('parent')
    const levels = parent === undefined || parent === '' ? [] : parseNamespace(parent)
    const page = await listNamespaces(ports, levels, tokenOf(context), pageSize(context.req.query('pageSize')))
    const namespaces = page.names.map(name => [...levels, name])
    return context.json({ namespaces, 'next-page-token': nextOf(context, page.next) })
  })
  routes.post('/v1/namespaces', async context => {
    const { namespace, properties } = parseBody(bodies.createNamespace, await context.req.text())
    mayWrite(context, namespace)
    await createNamespace(ports, namespace, properties ?? {})
    return context.json({ namespace, properties: properties ?? {} })
  })
  routes.get('/v1/namespaces/:namespace', async context => {
    const namespace = namespaceIn(context)
    const properties = await describeNamespace(ports, namespace)
    return isHead(context) ? context.body(null, 204) : context.json({ namespace, properties })
  })
  routes.delete('/v1/namespaces/:namespace', async context => {
    const namespace = namespaceIn(context)
    mayWrite(context, namespace)
    await dropNamespace(ports, namespace)
    return context.body(null, 204)
  })
  routes.post('/v1/namespaces/:namespace/properties', async context => {
    const namespace = namespaceIn(context)
    mayWrite(context, namespace)
    const { updates, removals } = parseBody(bodies.updateProperties, await context.req.text())
    return context.json(await updateProperties(ports, namespace, { updates: updates ?? {}, removals: removals ?? [] }))
  })

  for (const kind of ['table', 'view'] as const) {
    routes.get(`/v1/namespaces/:namespace/${kind}s`, async context => {
      const namespace = namespaceIn(context)
      const { names, next } = isMarket(namespace)
        ? {
            names: kind === 'table' && textOf(namespace) === namespace[0] ? await marketTables(ports) : [],
            next: undefined,
          }
        : await listInNamespace(context, namespace, kind)
      const identifiers = names.map(name => ({ namespace, name }))
      return context.json({ identifiers, 'next-page-token': nextOf(context, next) })
    })
    routes.post(`/v1/${kind}s/rename`, async context => {
      const { source, destination } = parseBody(bodies.rename, await context.req.text())
      for (const { namespace } of [source, destination]) mayWrite(context, namespace)
      await renameEntry(ports, source, destination, kind)
      return context.body(null, 204)
    })
  }
  async function listInNamespace(context: Context, namespace: Namespace, kind: 'table' | 'view') {
    await requireNamespaceItem(ports, namespace)
    return listEntries(ports, namespace, kind, tokenOf(context), pageSize(context.req.query('pageSize')))
  }

  tableRoutes(routes, options)
  viewRoutes(routes, options.ports)
  return routes
}
