/** The page for browsers, from memory: `/` for who takes HTML, and its files, which are named by what is in them. */
import { createHash } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { accepts } from 'hono/accepts'
import { except } from 'hono/combine'
import { secureHeaders } from 'hono/secure-headers'
import type { PageFile } from '../domain/server-ports.ts'
import type { Variables } from './catalog/request.ts'
import { coded } from './http/compression.ts'

/** The page's files; asked for once, when the first browser comes. */
export type OpenPage = () => Promise<readonly PageFile[]>

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** Nothing comes from elsewhere, nothing is run that is not a file here, and nobody may frame the page. */
const protect: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
  },
  // The server is reached by plain HTTP on loopback; who puts TLS before it says so there.
  strictTransportSecurity: false,
})

/** Programs that ask `/` for JSON, or for anything, are passed on. */
export function pageRoutes(openPage: OpenPage): Hono<Variables> {
  const routes = new Hono<Variables>()
  let opened: Promise<ReadonlyMap<string, PageFile>> | undefined
  const fileAt = async (path: string) => {
    opened ??= openPage().then(all => new Map(all.map(file => [file.path, file])))
    try {
      return (await opened).get(path)
    } catch (error) {
      // Whoever comes next tries again.
      opened = undefined
      throw error
    }
  }
  routes.get('/', except(isProgram, protect), async (context, next) => {
    if (isProgram(context)) return next()
    const file = await fileAt('index.html')
    return file ? send(context, file, 'no-cache') : next()
  })
  routes.get('/assets/*', protect, async (context, next) => {
    const file = await fileAt(context.req.path.slice(1))
    return file ? send(context, file, 'public, max-age=31536000, immutable') : next()
  })
  return routes
}

function isProgram(context: Context): boolean {
  const supports = ['application/json', 'text/html']
  return accepts(context, { header: 'Accept', supports, default: 'application/json' }) !== 'text/html'
}

async function send(context: Context, { path, body: plain }: PageFile, cacheControl: string): Promise<Response> {
  const etag = `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  const headers = { etag, 'cache-control': cacheControl, vary: 'Accept, Accept-Encoding' }
  if (context.req.header('if-none-match') === etag) return context.body(null, 304, headers)
  const { body, coding } = await coded(new Uint8Array(plain), context.req.header('accept-encoding'))
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  return context.body(body, 200, { ...headers, 'content-type': type, ...(coding && { 'content-encoding': coding }) })
}
