/** A web application on a port of this machine, over HTTP and WebSockets. */
import type { ServerResponse } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Connection } from '../domain/server-ports.ts'
import { type Address, endServer, listen } from './listening.ts'
import { openSocketServer } from './socket-server.ts'

export interface HttpServer {
  /** Where it is reached, without a slash at its end. */
  readonly url: string
  /** Takes no more requests, and ends those that are under way. */
  close(): Promise<void>
}

/** What answers a request: the Fetch API's shape, and the connection that it came by. */
export type Application = (request: Request, connection: Connection) => Response | Promise<Response>

/**
 * A connection that is closed while its client's next request is on the way fails that request. Load balancers and clients keep idle ones for
 * a minute at most (AWS's "Application Load Balancer: connection idle timeout" is 60 seconds): they shall be the ones to close. Node's
 * own default is five seconds.
 */
const IDLE_MS = 65_000

/** Port 0 takes a free one. @throws BadInput where it cannot be had */
export async function openHttpServer(application: Application, address: Address): Promise<HttpServer> {
  const server = createAdaptorServer({
    fetch: (request, env) => {
      const { outgoing } = env as { readonly outgoing: ServerResponse }
      return application(request, { destroy: () => outgoing.destroy() })
    },
  })
  // A server of http, which is what this makes without options.
  Object.assign(server, { keepAliveTimeout: IDLE_MS })
  const sockets = openSocketServer(server, application)
  const port = await listen(server, address)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return {
    url: `http://${host}:${port}`,
    async close() {
      sockets.close()
      await endServer(server)
    },
  }
}
