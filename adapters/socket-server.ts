/** WebSockets on the port of a web server, by the package ws: the application says of each request whether it becomes one. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServerType } from '@hono/node-server'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Connection, ServerSocket } from '../domain/server-ports.ts'

type Application = (request: Request, connection: Connection) => Response | Promise<Response>

/** What clients send here is short. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** A client that has left without a word is noticed by a ping that stays unanswered. */
const PING_MS = 30_000

/** Ends with `close`, all its connections too. */
export function openSocketServer(server: ServerType, application: Application): { close(): void } {
  // Compressing keeps a window for every connection.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false })
  const unanswered = new WeakSet<WebSocket>()
  sockets.on('connection', socket => socket.on('pong', () => unanswered.delete(socket)))
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (unanswered.has(socket)) socket.terminate()
      unanswered.add(socket)
      socket.ping()
    }
  }, PING_MS)
  pings.unref()

  server.on('upgrade', (incoming: IncomingMessage, connection: Duplex, head: Buffer) => {
    // A connection that breaks before it is a WebSocket is nobody's matter.
    connection.on('error', () => {})
    void answer(incoming, connection, head).catch(() => connection.destroy())
  })

  async function answer(incoming: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    let session: ((socket: ServerSocket) => void) | undefined
    const response = await application(requestOf(incoming), {
      destroy: () => connection.destroy(),
      upgrade: wanted => {
        session = wanted
      },
    })
    if (!session) return refuse(connection, response)
    sockets.handleUpgrade(incoming, connection, head, socket => {
      sockets.emit('connection', socket, incoming)
      session?.(serverSocket(socket))
    })
  }

  return {
    close() {
      clearInterval(pings)
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }
}

function requestOf({ url, headers }: IncomingMessage): Request {
  const given = new Headers()
  for (const [name, value] of Object.entries(headers))
    for (const each of [value ?? []].flat()) if (!name.startsWith(':')) given.append(name, each)
  return new Request(new URL(url ?? '/', `http://${headers.host ?? 'localhost'}`), { headers: given })
}

/** Answers a request that becomes no WebSocket as HTTP would. */
async function refuse(connection: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const status = response.status === 200 ? 426 : response.status
  const headers = [...response.headers, ['content-length', String(body.length)], ['connection', 'close']]
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  connection.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]))
}

function serverSocket(socket: WebSocket): ServerSocket {
  const gone = new AbortController()
  socket.on('close', () => gone.abort())
  // The close event that follows reports it.
  socket.on('error', () => {})
  // What nobody listens to has to be taken off the connection all the same.
  let take: (text: string | undefined) => void = () => {}
  socket.on('message', (data, isBinary) => take(isBinary ? undefined : String(data)))
  return {
    gone: gone.signal,
    listen(listener) {
      take = listener
    },
    send(messages) {
      return new Promise(resolve => {
        let left = 1
        const one = () => {
          if (--left === 0) resolve()
        }
        for (const message of messages) {
          left++
          socket.send(message, { binary: false }, one)
        }
        one()
      })
    },
    close: (code, reason) => socket.close(code, reason),
    destroy: () => socket.terminate(),
  }
}
