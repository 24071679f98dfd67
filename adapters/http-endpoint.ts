/** A small HTTP endpoint for probes and metrics: only GET, a handful of paths. */
import { createServer } from 'node:http'
import { messageOf } from '../domain/errors.ts'
import { type Address, endServer, listen } from './listening.ts'

export interface Answer {
  readonly status: number
  readonly type: 'application/json' | 'text/plain; version=0.0.4; charset=utf-8'
  readonly body: string
}

export interface Endpoint {
  readonly port: number
  close(): Promise<void>
}

/** Port 0 takes a free one. @throws BadInput where the port is taken */
export async function openEndpoint(
  address: Address,
  routes: Readonly<Record<string, () => Answer | Promise<Answer>>>,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0]
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (request.method !== 'GET' || !route) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`${Object.keys(routes).join(' ')}\n`)
      return
    }
    // A route that fails is answered too: a probe must not hang.
    Promise.resolve()
      .then(route)
      .catch(error => ({
        status: 500,
        type: 'application/json' as const,
        body: JSON.stringify({ problem: messageOf(error) }),
      }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body))
  })
  const bound = await listen(server, address)
  return { port: bound, close: () => endServer(server) }
}
