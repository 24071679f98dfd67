/** A web application on a port of this machine. */
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { BadInput, messageOf } from '../domain/errors.ts'
import { codeOf } from './file-errors.ts'

export interface HttpServer {
  /** Where it is reached, without a slash at its end. */
  readonly url: string
  /** Takes no more requests, and ends those that are under way. */
  close(): Promise<void>
}

/** What answers a request: the Fetch API's shape. */
export type Application = (request: Request) => Response | Promise<Response>

/** Port 0 takes a free one. @throws BadInput where it cannot be had */
export async function openHttpServer(
  application: Application,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: application })
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      const taken = codeOf(error) === 'EADDRINUSE'
      const why = taken ? `Port ${port} is in use` : `Port ${port} of ${host} cannot be used: ${messageOf(error)}`
      reject(new BadInput(`${why}: choose another with --port.`))
    })
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  const shown = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shown}:${bound}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
