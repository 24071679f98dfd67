/** Binance's WebSocket streams through the real server: each event is of the trades that were put in, worked out here one by one. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type HttpServer, openHttpServer } from '../../../adapters/http-server.ts'
import { systemTimers } from '../../../adapters/system.ts'
import { createApi } from '../../../api/app.ts'
import type { Trade } from '../../../domain/trade.ts'
import { type MemoryLake, memoryLake, START_MICROS, testEngine, tradeOf } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { commit } from '../live/live-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: messages are whatever was sent
type Json = any

const engine = await testEngine()
const NOW_MS = Number(START_MICROS / 1000n)
const SECOND = 1_000_000n

interface Server {
  readonly lake: MemoryLake
  readonly server: HttpServer
}

async function serve(): Promise<Server> {
  const lake = memoryLake({ engine })
  await commit(lake, [tradeOf(1, { timestamp: START_MICROS - 90n * SECOND })])
  const live = { timers: systemTimers(), isStreaming: true, pollMs: 10 }
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', live })
  const server = await openHttpServer((request, connection) => api.fetch(request, connection), {
    ...{ host: '127.0.0.1', port: 0 },
  })
  return { lake, server }
}

interface Client {
  readonly socket: WebSocket
  readonly got: Json[]
  say(message: unknown): void
  /** The answer to a command. */
  ask(command: object): Promise<Json>
  until(count: number): Promise<void>
}

async function connect({ server }: Server, path: string): Promise<Client> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/binance/${path}`)
  const got: Json[] = []
  let arrived = () => {}
  socket.on('message', data => {
    got.push(JSON.parse(String(data)))
    arrived()
  })
  await once(socket, 'open')
  const until = async (count: number) => {
    while (got.length < count)
      await new Promise<void>(resolve => {
        arrived = resolve
      })
  }
  const say = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  return {
    ...{ socket, got, say, until },
    async ask(command) {
      const before = got.length
      say(command)
      await until(before + 1)
      return got.splice(before, 1)[0]
    },
  }
}

/** The answer to a request that becomes no WebSocket. */
async function refused({ server }: Server, path: string): Promise<Json> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/binance/${path}`)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  socket.terminate()
  return { status: response.statusCode, ...JSON.parse(Buffer.concat(parts).toString()) }
}

/** A trade of BTCUSDT with a number, so many milliseconds before the lake's clock. */
function trade(lake: MemoryLake, number: number, agoMs: number, more: Partial<Trade> = {}): Trade {
  return tradeOf(number, { timestamp: BigInt(lake.clock.now() - agoMs) * 1000n, ...more })
}

let open: Server
beforeAll(async () => {
  open = await serve()
})
afterAll(() => open.server.close())

describe('streams', () => {
  test('of trades, aggregates and klines have every field as Binance prints it', async () => {
    const own = await serve()
    const { lake } = own
    const client = await connect(own, 'stream?streams=btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1m')
    const at = { price: 864_321_000_000_000n, quantity: 50_000_000n, side: 'SELL' as const }
    await commit(lake, [
      trade(lake, 10, 4_000, at),
      trade(lake, 11, 4_000, { ...at, quantity: 25_000_000n }),
      trade(lake, 12, 2_000, { ...at, side: 'BUY', price: 864_322_500_000_000n, quantity: 1n }),
    ])
    await client.until(6)
    const of = (name: string) =>
      client.got.filter(({ stream }) => stream === `btcusdt@${name}`).map(({ data }) => data)
    console.log(JSON.stringify(client.got, null, 1))
    expect(of('trade')).toHaveLength(3)
    client.socket.terminate()
    await own.server.close()
  })
})
