/** Answers that go on, through the real server: the same messages by SSE and WebSocket, and clients that are slow or leave. */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type HttpServer, openHttpServer } from '../../../adapters/http-server.ts'
import { createApi } from '../../../api/app.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { feed } from '../../functions/gold-support.ts'
import { type MemoryLake, memoryLake, testEngine, tradeOf, unifyAll } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { countedTimers, type Json, type Message } from './support.ts'

const lake: MemoryLake = memoryLake({ engine: await testEngine() })
let server: HttpServer
let next = 0

const timers = countedTimers()

async function commit(count: number): Promise<void> {
  await feed(
    lake,
    Array.from({ length: count }, () => tradeOf(++next)),
  )
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise(resolve => setTimeout(resolve, 25))
  expect(condition(), what).toBe(true)
}

beforeAll(async () => {
  await commit(50)
  const live = { timers, isStreaming: true, pollMs: 20, slowMs: 300 }
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', live })
  server = await openHttpServer((request, connection) => api.fetch(request, connection), { host: '127.0.0.1', port: 0 })
})
afterAll(() => server.close())

interface Client {
  readonly messages: Message[]
  leave(): void
}

async function events(path: string): Promise<Client> {
  const controller = new AbortController()
  const answer = await fetch(`${server.url}/v1/${path}`, { signal: controller.signal })
  const messages: Message[] = []
  let rest = ''
  void (async () => {
    for await (const bytes of answer.body ?? []) {
      const parts = (rest + Buffer.from(bytes)).split('\n\n')
      rest = parts.pop() ?? ''
      messages.push(...parts.map(part => JSON.parse(part.split('\ndata: ')[1])))
    }
  })().catch(() => {})
  return { messages, leave: () => controller.abort() }
}

async function frames(path: string): Promise<Client & { readonly socket: WebSocket }> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/${path}`)
  const messages: Message[] = []
  socket.on('message', data => messages.push(JSON.parse(String(data))))
  await once(socket, 'open')
  return { messages, socket, leave: () => socket.terminate() }
}

/** A cursor with more behind it than the network keeps for who does not read. */
let longAgo: Promise<string> | undefined
async function muchSince(): Promise<string> {
  const start = await events(LIVE)
  await until(() => start.messages.length > 0, 'a cursor')
  start.leave()
  for (let i = 0; i < 3; i++) await commit(20_000)
  return start.messages[0].cursor
}

const LIVE = 'stream?channels=trades,candles&timeframe=1m'
const plain = (messages: readonly Message[]) => messages.filter(({ type }) => type !== 'heartbeat')

describe('through the server', () => {
  test('live messages are the same by server-sent events and by WebSocket, and those who leave leave nothing', async () => {
    const clients = [await events(LIVE), await frames(LIVE)]
    await until(() => clients.every(({ messages }) => messages.length > 0), 'the first heartbeat')
    await commit(30)
    await until(() => clients.every(({ messages }) => plain(messages).length > 30), 'trades and candles')
    expect(plain(clients[0].messages)).toEqual(plain(clients[1].messages))
    expect(clients[0].messages.filter(({ type }) => type === 'trade')).toHaveLength(30)
    for (const { leave } of clients) leave()
    await until(() => timers.waiting() === 0, 'no timer is left')
  })

  test('a replay is the same by server-sent events and by WebSocket, which then says goodbye', async () => {
    const path = `replay?start=2026-11-20T10:00:00Z&end=2026-11-20T12:00:00Z&speed=max`
    const socket = await frames(path)
    const [code] = await once(socket.socket, 'close')
    const sent = await events(path)
    await until(() => sent.messages.at(-1)?.type === 'end', 'the end')
    expect([code, socket.messages]).toEqual([1000, sent.messages])
    const { data } = (await (await fetch(`${server.url}/v1/trades?start=2026-11-20T10:00:00Z`)).json()) as Json
    expect(sent.messages.slice(0, -1).map(message => message.data)).toEqual(data)
  })

  test('what is wrong is answered before a WebSocket is made', async () => {
    for (const [path, headers, status] of [
      ['replay', {}, 400],
      [LIVE, { origin: 'https://elsewhere.example' }, 403],
      ['nowhere', {}, 404],
    ] as const) {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/${path}`, { headers })
      socket.on('error', () => {})
      const [, response] = await once(socket, 'unexpected-response')
      expect(response.statusCode).toBe(status)
      socket.terminate()
    }
  })

  test('a client that does not read is told and cut, and nothing piles up for it', async () => {
    const path = `/v1/${LIVE}&cursor=${await (longAgo ??= muchSince())}`
    const { port } = new URL(server.url)
    const tcp = connectTcp({ port: Number(port), host: '127.0.0.1', readableHighWaterMark: 1024 } as never)
    tcp.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    tcp.pause()
    const socket = await frames(`${LIVE}&cursor=${await (longAgo ??= muchSince())}`)
    socket.socket.pause()
    const before = process.memoryUsage().rss
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6)
    // They read on now: what was sent before the cut, and then why.
    let text = ''
    tcp.on('data', data => {
      text = (text + data).slice(-2_000)
    })
    tcp.resume()
    socket.socket.resume()
    const [code, reason] = await once(socket.socket, 'close')
    expect([code, String(reason)]).toEqual([1008, expect.stringMatching(/^This client takes longer/)])
    expect(socket.messages.at(-1)).toMatchObject({ type: 'error', data: { status: 503 } })
    await until(() => text.includes('"type":"error"'), 'the error event')
    expect(socket.messages.length).toBeLessThan(60_000)
    tcp.destroy()
    await until(() => timers.waiting() === 0, 'no timer is left')
  })

  test('a client that never reads again is cut for good', async () => {
    const socket = await frames(`${LIVE}&cursor=${await (longAgo ??= muchSince())}`)
    socket.socket.pause()
    const { port } = new URL(server.url)
    const tcp = connectTcp({ port: Number(port), host: '127.0.0.1' })
    tcp.write(`GET /v1/${LIVE}&cursor=${await (longAgo ??= muchSince())} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    tcp.pause()
    await until(() => timers.waiting() > 0, 'something waits')
    await until(() => timers.waiting() === 0, 'no timer is left')
    socket.leave()
    tcp.destroy()
  })

  test('hundreds of clients that only listen cost one look at an interval, and each gets what comes', async () => {
    const before = timers.waiting()
    const clients = await Promise.all(Array.from({ length: 300 }, () => frames('stream?channels=trades')))
    await until(() => clients.every(({ messages }) => messages.length > 0), 'the first heartbeats')
    // Each waits for its own heartbeat, and all together for the next look.
    expect(timers.waiting() - before).toBeLessThanOrEqual(clients.length + 1)
    await commit(5)
    await until(() => clients.every(({ messages }) => plain(messages).length === 5), 'the trades')
    for (const { leave } of clients) leave()
    await until(() => timers.waiting() === 0, 'no timer is left')
  })
})
