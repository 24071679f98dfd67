/** A web application on a port of this machine, over HTTP and WebSockets. */
import { maxHeaderSize, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
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

/**
 * Node cuts small buffers out of pieces of 64 KiB, and one that is kept, as a remembered answer is, keeps the whole piece: a server that
 * remembers hundreds of them would hold tens of megabytes that nobody uses. Node's pieces were of this size before.
 */
const BUFFER_POOL_BYTES = 8 * 1024

/** Port 0 takes a free one. @throws BadInput where it cannot be had */
export async function openHttpServer(application: Application, address: Address): Promise<HttpServer> {
  Buffer.poolSize = BUFFER_POOL_BYTES
  const server = createAdaptorServer({
    fetch: (request, env) => {
      const { outgoing } = env as { readonly outgoing: ServerResponse }
      return application(request, { destroy: () => outgoing.destroy() })
    },
    // Java's HttpClient and others offer HTTP/2 or TLS in the same header: a server may overlook that (RFC 9110, "Upgrade"), and answers.
    serverOptions: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
  })
  // A server of http, which is what this makes without options.
  Object.assign(server, { keepAliveTimeout: IDLE_MS })
  server.on('clientError', refuseUnread)
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

/** What cannot be read as a request is no application's matter: by the parser's codes. Node's own answers have no words. */
const UNREAD: Readonly<Record<string, readonly [status: number, title: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    `The address and the headers have more than ${maxHeaderSize} bytes together: ask for less at once, with several requests.`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large', 'The extensions of a chunk are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not come to its end in time: send it again.'],
}
const UNREADABLE = [400, 'Bad Request', 'This is no request of HTTP/1.1.'] as const

function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, title, detail] = UNREAD[error.code ?? ''] ?? UNREADABLE
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  const headers = [
    `HTTP/1.1 ${status} ${title}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`)
}
