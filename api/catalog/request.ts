/** What a request says, and how it is answered: the same for all routes of the catalog. */
import type { Context } from 'hono'
import type { Access } from '../access.ts'
import { badRequest } from '../errors.ts'
import { codingIn } from '../http/compression.ts'
import { type Body, plainOf, type Snapshots } from './answers.ts'
import { repeatable } from './mutate.ts'
import { type Identifier, type Namespace, parseNamespace, requireForUsers, requireName } from './names.ts'

/** What a request's context holds. */
export interface Variables {
  readonly Variables: { access: Access; requestId: string }
}

/** HEAD comes to a route for GET: it asks whether there is one, and gets no body. */
export function isHead(context: Context): boolean {
  return context.req.method === 'HEAD'
}

export function namespaceIn(context: Context): Namespace {
  return parseNamespace(context.req.param('namespace') ?? '')
}

export function identifierIn(context: Context): Identifier {
  return { namespace: namespaceIn(context), name: requireName(context.req.param('name') ?? '') }
}

/** `tags`: the pipeline's tables too, where the change is one that is allowed there. @throws ApiError 403 */
export function mayWrite(context: Context<Variables>, namespace: Namespace, tags = false): void {
  if (!tags) requireForUsers(namespace)
  context.get('access').requireWrite(namespace)
}

export function requestIn(context: Context, text: string) {
  return repeatable(context.req.header('idempotency-key'), context.req.method, context.req.path, text)
}

export function snapshotsIn(context: Context): Snapshots {
  const asked = context.req.query('snapshots') ?? 'all'
  if (asked !== 'all' && asked !== 'refs') throw badRequest(`snapshots is ${asked}: give all or refs.`)
  return asked
}

/** Where a client that pages is; undefined at the beginning. */
export function tokenOf(context: Context): string | undefined {
  const token = context.req.query('pageToken')
  return token === undefined || token === '' ? undefined : Buffer.from(token, 'base64url').toString('utf8')
}

/** Only clients that page are given tokens; null ends the list. */
export function nextOf(context: Context, next: string | undefined): string | null | undefined {
  const pages = context.req.query('pageToken') !== undefined || context.req.query('pageSize') !== undefined
  return next === undefined ? (pages ? null : undefined) : Buffer.from(next).toString('base64url')
}

export function json(context: Context, text: string): Response {
  return context.body(text, 200, { 'content-type': 'application/json' })
}

export function sendBody(context: Context, body: Body): Response {
  const headers = {
    ...{ 'content-type': 'application/json', vary: 'accept-encoding' },
    ...(body.etag === undefined ? { 'cache-control': 'no-store' } : { etag: body.etag }),
  }
  return codingIn(context.req.header('accept-encoding'), ['gzip'])
    ? context.body(body.gzip as Uint8Array<ArrayBuffer>, 200, { ...headers, 'content-encoding': 'gzip' })
    : context.body(plainOf(body) as Uint8Array<ArrayBuffer>, 200, headers)
}
