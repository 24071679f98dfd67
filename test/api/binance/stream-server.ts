/** A lake's streams in Binance's shape at a port, and clients that read and speak them. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type HttpServer, openHttpServer } from '../../../adapters/http-server.ts'
import { type ApiOptions, createApi } from '../../../api/app.ts'
import type { Trade } from '../../../domain/trade.ts'
import { type MemoryLake, memoryLake, START_MICROS, testEngine, tradeOf } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { commit } from '../live/live-lake.ts'
import { countedTimers } from '../live/support.ts'

// biome-ignore lint/suspicious/noExplicitAny: messages are whatever was sent
export type Json = any

export interface StreamServer {
  readonly lake: MemoryLake
  readonly timers: ReturnType<typeof countedTimers>
  readonly url: string
  close(): Promise<void>
}

/** Serves a lake with a trade each of BTCUSDT and ETHUSDT, a minute and a half old. */
export async function serveStreams(options: Partial<ApiOptions> = {}, slowMs = 30_000): Promise<StreamServer> {
  const lake = memoryLake({ engine: await testEngine() })
  const timestamp = START_MICROS - 90_000_000n
  await commit(lake, [tradeOf(1, { timestamp }), tradeOf(2, { timestamp, symbol: 'ETHUSDT' })])
  const timers = countedTimers()
  const live = { timers, isStreaming: true, pollMs: 10, slowMs }
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', live, ...options })
  const server: HttpServer = await openHttpServer((request, connection) => api.fetch(request, connection), {
    ...{ host: '127.0.0.1', port: 0 },
  })
  return { lake, timers, url: server.url, close: server.close }
}

export interface Client {
  readonly socket: WebSocket
  readonly got: Json[]
  say(message: unknown): void
  /** The answer to a command, word for word. */
  ask(command: unknown): Promise<string>
  until(count: number): Promise<void>
}

export async function connect({ url }: StreamServer, path: string, protocols: string[] = []): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/binance/${path}`, protocols)
  const got: Json[] = []
  const texts: string[] = []
  let arrived = () => {}
  socket.on('message', data => {
    texts.push(String(data))
    got.push(JSON.parse(String(data)))
    arrived()
  })
  socket.on('close', () => arrived())
  await once(socket, 'open')
  const until = async (count: number) => {
    const late = setTimeout(() => socket.terminate(), 10_000)
    while (got.length < count) {
      if (socket.readyState === WebSocket.CLOSED)
        throw new Error(`${got.length} messages came, not ${count}: ${JSON.stringify(got.slice(-20))}`)
      await new Promise<void>(resolve => {
        arrived = resolve
      })
    }
    clearTimeout(late)
  }
  const say = (message: unknown) =>
    socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  return {
    ...{ socket, got, say, until },
    async ask(command) {
      say(command)
      await until(got.length + 1)
      got.pop()
      return texts.at(-1) ?? ''
    },
  }
}

/** The answer to a request that becomes no WebSocket. */
export async function refused({ url }: StreamServer, path: string): Promise<Json> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/binance/${path}`)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  socket.terminate()
  return { status: response.statusCode, ...JSON.parse(Buffer.concat(parts).toString()) }
}

/** A trade of BTCUSDT with a number, so many milliseconds before the lake's clock. */
export function tradeAgo(lake: MemoryLake, number: number, agoMs: number, more: Partial<Trade> = {}): Trade {
  return tradeOf(number, { timestamp: BigInt(lake.clock.now() - agoMs) * 1000n, ...more })
}
