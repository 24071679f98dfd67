/** A web application on a port of this machine. */
import { createAdaptorServer } from '@hono/node-server'
import { type Address, endServer, listen } from './listening.ts'

export interface HttpServer {
  /** Where it is reached, without a slash at its end. */
  readonly url: string
  /** Takes no more requests, and ends those that are under way. */
  close(): Promise<void>
}

/** What answers a request: the Fetch API's shape. */
export type Application = (request: Request) => Response | Promise<Response>

/** Port 0 takes a free one. @throws BadInput where it cannot be had */
export async function openHttpServer(application: Application, address: Address): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: application })
  const port = await listen(server, address)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return { url: `http://${host}:${port}`, close: () => endServer(server) }
}
