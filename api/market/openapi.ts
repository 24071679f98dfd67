/** The description of `/v1` as an OpenAPI 3.1 document, made from the routes themselves. */
import type { ColumnShape } from './formats.ts'
import { MEDIA_TYPES } from './formats.ts'
import { PARAMETERS } from './parameter-list.ts'
import { PROBLEM_STATUSES } from './problems.ts'
import type { Route } from './route.ts'

const PROBLEM = {
  description: 'What is wrong (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** `isOpen`: no key is asked for. */
export function openApi(routes: readonly Route[], isOpen: boolean) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replace(NAMED, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'tradelake',
      version: '1',
      description:
        'Candles and trades of crypto exchanges, exactly: decimals are text, start is inclusive, end exclusive, times are UTC.',
    },
    servers: [{ url: '/v1' }],
    ...(!isOpen && { security: [{ key: [] }] }),
    paths,
    components: {
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'detail'],
          properties: {
            ...{ type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' } },
            detail: { type: 'string', description: 'What to change.' },
            parameter: { type: 'string', description: 'The parameter that has to change.' },
          },
        },
      },
      ...(!isOpen && { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } }),
    },
  }
}

/** A part of a path that has a name, and a pattern where it may hold slashes. */
const NAMED = /:(\w+)(?:\{[^}]*\})?/g

function operation({ path, method, summary, parameters, columns, successes, body, stream }: Route) {
  const inPath = [...path.matchAll(NAMED)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string', maxLength: 100 } },
  }))
  const inQuery = parameters.map(name => ({ name, in: 'query', ...PARAMETERS[name] }))
  const content = columns
    ? rowsContent(columns)
    : (body || stream) && {
        ...(body && { 'application/json': { schema: body } }),
        ...Object.fromEntries((stream ?? []).map(type => [type, {}])),
      }
  return {
    operationId: `${method}${path.replace(/[/:]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    parameters: [...inPath, ...inQuery],
    responses: {
      ...Object.fromEntries(
        (successes ?? [200]).map(status => [status, { description: summary, ...(content && { content }) }]),
      ),
      ...(columns && { 304: { description: 'The answer that If-None-Match names.' } }),
      ...Object.fromEntries(PROBLEM_STATUSES.map(status => [status, PROBLEM])),
    },
  }
}

function rowsContent(columns: readonly ColumnShape[]) {
  const row = {
    type: 'object',
    required: columns.map(({ name }) => name),
    properties: Object.fromEntries(columns.map(column => [column.name, valueSchema(column)])),
  }
  const json = {
    type: 'object',
    required: ['data', 'next'],
    properties: { data: { type: 'array', items: row }, next: { type: ['string', 'null'] } },
  }
  return Object.fromEntries(
    Object.entries(MEDIA_TYPES).map(([format, type]) => [type, format === 'json' ? { schema: json } : {}]),
  )
}

function valueSchema({ type, scale, doc }: ColumnShape) {
  const description = scale === undefined ? doc : `${doc} At most ${scale} digits after the point.`
  if (type === 'count') return { type: ['integer', 'null'], description }
  if (type === 'time') return { type: ['string', 'null'], format: 'date-time', description }
  return { type: type === 'decimal' ? ['string', 'number', 'null'] : ['string', 'null'], description }
}
