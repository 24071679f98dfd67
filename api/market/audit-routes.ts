/** `GET /v1/audit`: whether the laws hold, as the last audit found; `POST /v1/audit` makes one. */
import type { Context } from 'hono'
import { NAMESPACE } from '../../domain/tables.ts'
import type { Variables } from '../catalog/request.ts'
import { parametersOf } from './parameters.ts'
import { problem } from './problems.ts'
import type { MarketOptions, Route } from './route.ts'

const moment = { type: 'string', format: 'date-time' }
const BODY = {
  type: 'object',
  required: ['can', 'running', 'last'],
  properties: {
    can: { type: 'boolean', description: 'Whether this server makes audits.' },
    running: {
      type: ['object', 'null'],
      properties: {
        ...{ started: moment, step: { type: 'string' }, done: { type: 'integer' }, of: { type: 'integer' } },
      },
    },
    last: {
      type: ['object', 'null'],
      properties: {
        ...{ started: moment, seconds: { type: 'number' }, problem: { type: ['string', 'null'] } },
        verdict: { type: ['object', 'null'], description: 'As `tradelake audit --json` prints it.' },
      },
    },
  },
}

export const AUDIT_ROUTES: readonly Route[] = [
  {
    ...{ method: 'get', path: '/audit', parameters: [], body: BODY },
    summary: 'The verdict of the last audit that was asked for over HTTP, and how far one is that is under way.',
    async answer(context, options) {
      parametersOf(new URL(context.req.url).searchParams, [])
      return context.json(await bodyOf(options), 200, { 'cache-control': 'no-cache' })
    },
  },
  {
    ...{ method: 'post', path: '/audit', parameters: [], body: BODY, successes: [202] },
    summary: 'Begins an audit, unless one is under way.',
    answer: begin,
  },
]

/** Reads all of the lake, so that a key has to have more than the right to read. @throws ApiError 403; Problem 403, 409 */
async function begin(context: Context<Variables>, options: MarketOptions): Promise<Response> {
  parametersOf(new URL(context.req.url).searchParams, [])
  const { audit, log } = options
  if (!audit) throw problem(403, 'This server makes no audits: use tradelake audit.')
  context.get('access').requireWrite([NAMESPACE])
  if (!audit.begin(log)) throw problem(409, 'An audit is under way: GET /v1/audit says how far it is.')
  return context.json(await bodyOf(options), 202)
}

async function bodyOf({ audit }: MarketOptions) {
  const running = audit?.running
  const last = await audit?.last()
  const iso = (ms: number) => new Date(ms).toISOString()
  return {
    can: audit !== undefined,
    running: running
      ? { started: iso(running.startedAt), step: running.step, done: running.done, of: running.of }
      : null,
    last: last
      ? {
          ...{ started: iso(last.startedAt), seconds: last.tookMs / 1000 },
          ...{ problem: last.problem ?? null, verdict: last.verdict ?? null },
        }
      : null,
  }
}
