/** The simulated exchanges on a real port: WebSockets and REST, `/binance/…`, `/kraken/…` and `/coinbase/…`. */
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { BadInput, messageOf } from '../../domain/errors.ts'
import type { Peer, SimulatedExchange } from './types.ts'

export interface ServerOptions {
  readonly exchanges: readonly SimulatedExchange[]
  /** 0 takes a free one. */
  readonly port: number
  /** 127.0.0.1 by default: the simulator is for this machine. */
  readonly host?: string
}

export interface SimulatorServer {
  readonly port: number
  /** Without a slash at its end: `ws://127.0.0.1:9001/binance`. */
  address(protocol: 'ws' | 'http', exchange: string): string
  /** Ends all connections and frees the port. */
  close(): Promise<void>
}

/** A client that leaves this much unread is disconnected, as exchanges do: memory stays bounded. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024
const MAX_MESSAGE_BYTES = 1024 * 1024

/** @throws BadInput where the port cannot be used */
export async function startServer({ exchanges, port, host = '127.0.0.1' }: ServerOptions): Promise<SimulatorServer> {
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  const server = createServer((request, response) => answer(exchanges, request, response))
  server.on('upgrade', (request, socket: Duplex, head) => upgrade(exchanges, webSockets, request, socket, head))
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(portProblem(error, host, port)))
    try {
      server.listen(port, host, resolve)
    } catch (error) {
      reject(portProblem(error as Error, host, port))
    }
  })
  const bound = (server.address() as AddressInfo).port

  return {
    port: bound,
    address: (protocol, exchange) => `${protocol}://${host.includes(':') ? `[${host}]` : host}:${bound}/${exchange}`,
    async close() {
      for (const client of webSockets.clients) client.terminate()
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function portProblem(error: Error, host: string, port: number): BadInput {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new BadInput(`Port ${port} of ${host} is in use: stop what uses it or take another.`)
  return new BadInput(`Port ${port} of ${host} cannot be used: ${messageOf(error)}.`, { cause: error })
}

/** The exchange that a path names, and what follows its name. */
function route(exchanges: readonly SimulatedExchange[], url = '/') {
  const [, name, path = '/'] = /^\/([^/?]*)(.*)$/.exec(url) ?? []
  const exchange = exchanges.find(candidate => candidate.name === name)
  return exchange && { exchange, path: path.startsWith('/') ? path : `/${path}` }
}

function answer(exchanges: readonly SimulatedExchange[], request: IncomingMessage, response: ServerResponse): void {
  const found = route(exchanges, request.url)
  if (!found) return void response.writeHead(404).end('{"message":"no such exchange"}')
  if (request.method !== 'GET') return void response.writeHead(405).end()
  const { status, headers, body } = found.exchange.get(found.path)
  response.writeHead(status, headers).end(body)
}

function upgrade(
  exchanges: readonly SimulatedExchange[],
  webSockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  // A connection may break at any time; its close is what counts.
  socket.on('error', () => socket.destroy())
  const found = route(exchanges, request.url)
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  const refused = found ? found.exchange.refuses(found.path, host) : { status: 404 }
  if (!found || refused) {
    const status = refused?.status ?? 404
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    return
  }
  webSockets.handleUpgrade(request, socket, head, client => {
    const session = found.exchange.accept(found.path, peerOf(client, socket))
    client.on('message', data => session.receive(data.toString()))
    client.on('error', () => client.terminate())
    client.on('close', () => session.gone())
  })
}

function peerOf(client: WebSocket, socket: Duplex): Peer {
  let corked = false

  /** The frames of one moment go out in one write. */
  function cork(): void {
    if (corked) return
    corked = true
    socket.cork()
    process.nextTick(() => {
      corked = false
      socket.uncork()
    })
  }

  return {
    send(text) {
      if (client.bufferedAmount > MAX_UNREAD_BYTES) return client.terminate()
      cork()
      client.send(text)
    },
    ping: () => client.ping(),
    close: (code, reason) => client.close(code, reason),
    drop: () => {
      socket.destroy()
    },
  }
}
