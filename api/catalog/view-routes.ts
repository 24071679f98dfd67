/** The routes of views (Apache Iceberg, open-api/rest-catalog-open-api.yaml). */
import type { Hono } from 'hono'
import { viewBody } from './answers.ts'
import { type CatalogPorts, requireEntry } from './entries.ts'
import { identifierIn, isHead, json, mayWrite, namespaceIn, requestIn, type Variables } from './request.ts'
import { bodies, parseBody } from './requests.ts'
import { dropView, makeView, registerView, replaceView } from './views.ts'

export function viewRoutes(routes: Hono<Variables>, ports: CatalogPorts): void {
  routes.post('/v1/namespaces/:namespace/views', async context => {
    const namespace = namespaceIn(context)
    const text = await context.req.text()
    mayWrite(context, namespace)
    const { name, ...wanted } = parseBody(bodies.createView, text)
    const location = await makeView(ports, { namespace, name }, wanted, requestIn(context, text))
    return json(context, await viewBody(ports, location))
  })
  routes.get('/v1/namespaces/:namespace/views/:name', async context => {
    const { location } = await requireEntry(ports, identifierIn(context), 'view')
    if (isHead(context)) return context.body(null, 204)
    return json(context, await viewBody(ports, location))
  })
  routes.post('/v1/namespaces/:namespace/views/:name', async context => {
    const identifier = identifierIn(context)
    const text = await context.req.text()
    mayWrite(context, identifier.namespace)
    const { requirements, updates } = parseBody(bodies.replaceView, text)
    const change = { requirements: requirements ?? [], updates }
    const location = await replaceView(ports, identifier, change, requestIn(context, text))
    return json(context, await viewBody(ports, location))
  })
  routes.delete('/v1/namespaces/:namespace/views/:name', async context => {
    const identifier = identifierIn(context)
    mayWrite(context, identifier.namespace)
    await dropView(ports, identifier, requestIn(context, ''))
    return context.body(null, 204)
  })
  routes.post('/v1/namespaces/:namespace/register-view', async context => {
    const namespace = namespaceIn(context)
    const text = await context.req.text()
    mayWrite(context, namespace)
    const { name, 'metadata-location': from } = parseBody(bodies.register, text)
    const location = await registerView(ports, { namespace, name }, from, requestIn(context, text))
    return json(context, await viewBody(ports, location))
  })
}
