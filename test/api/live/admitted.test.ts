/** Answers that go on are for who has a key, which a browser's WebSocket gives as a subprotocol; and they end when the key does. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type HttpServer, openHttpServer } from '../../../adapters/http-server.ts'
import { systemTimers } from '../../../adapters/system.ts'
import { createApi } from '../../../api/app.ts'
import { addKey, revokeKey } from '../../../domain/access-keys.ts'
import { Throttled } from '../../../domain/errors.ts'
import { type MemoryLake, memoryLake, START_MICROS, testEngine, tradeOf } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { commit } from './live-lake.ts'

const lake: MemoryLake = memoryLake({ engine: await testEngine() })
/** Keys are looked at again two hundred times as often. */
const hurried = { ...systemTimers(), after: (ms: number, run: () => void) => systemTimers().after(ms / 200, run) }
let isThrottled = false
let server: HttpServer

beforeAll(async () => {
  await commit(
    lake,
    [1, 2, 3].map(number => tradeOf(number, { timestamp: START_MICROS - BigInt(number) * 1_000_000n })),
  )
  const state: typeof lake.ports.state = {
    ...lake.ports.state,
    get: async (...asked) => {
      if (isThrottled) throw new Throttled('the store asks to back off')
      return lake.ports.state.get(...asked)
    },
  }
  const live = { timers: hurried, isStreaming: true, pollMs: 2_000 }
  const ports = { ...lake.ports, state }
  const api = createApi({ ports, log: SILENT, auth: 'keys', live, rate: { perSecond: 1000, burst: 1000 } })
  server = await openHttpServer((request, connection) => api.fetch(request, connection), { host: '127.0.0.1', port: 0 })
})
afterAll(() => server.close())

let made = 0
const newKey = () =>
  addKey(lake.ports, {
    ...{ secret: String(++made).padStart(43, 'S'), name: 'a test', scopes: ['read'], expiresAt: undefined },
  })
const connect = (path: string, protocols: string[], headers = {}) =>
  new WebSocket(`${server.url.replace('http', 'ws')}${path}`, protocols, { headers })
const OPTIONS = encodeURIComponent('{"exchange":"binance","dataTypes":["trade"],"from":"2026-11-20","to":"2026-11-21"}')
const SOCKETS = [
  '/v1/stream',
  // A trade of the last seconds comes in an hour.
  `/v1/replay?start=${START_MICROS - 3_600_000_000n}`,
  `/ws-stream-normalized?options=${OPTIONS}`,
  '/binance/ws/btcusdt@trade',
  '/binance/stream?streams=btcusdt@kline_1m',
]

describe.each(SOCKETS)('a WebSocket at %s', path => {
  test('takes a key as a subprotocol, which is not sent back, and ends when the key is revoked', async () => {
    const { id, text } = await newKey()
    const socket = connect(path, ['bearer', text])
    const last: string[] = []
    socket.on('message', data => last.push(String(data)))
    const [response] = await Promise.all([once(socket, 'upgrade').then(([first]) => first), once(socket, 'open')])
    expect(response.headers['sec-websocket-protocol']).toBe('bearer')
    expect(JSON.stringify(response.headers)).not.toContain(text)
    // It goes on beyond several looks.
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(socket.readyState).toBe(WebSocket.OPEN)
    await revokeKey(lake.ports, id)
    lake.clock.advance(5_001)
    const [code, reason] = await once(socket, 'close')
    expect([code, String(reason)]).toEqual([1008, expect.stringMatching(/^There is no such key, or it has expired/)])
    const told = JSON.parse(last.at(-1) ?? '')
    if (path.startsWith('/binance')) expect(told.error).toMatchObject({ code: -2015 })
    else expect(told).toMatchObject({ type: 'error', data: { status: 401 } })
  })

  test('is refused without a key, with another, and with one in its address', async () => {
    const { text } = await newKey()
    for (const [asked, protocols] of [
      [path, []],
      [path, ['bearer']],
      [path, ['bearer', `${text.slice(0, -1)}x`]],
      [path, [text, 'bearer']],
      [`${path}${path.includes('?') ? '&' : '?'}key=${text}`, []],
    ] as const) {
      const socket = connect(asked, [...protocols])
      socket.on('error', () => {})
      const [, response] = await once(socket, 'unexpected-response')
      expect(response.statusCode).toBe(401)
      socket.terminate()
    }
  })
})

test('a replay of tardis-machine’s shape takes a key as a subprotocol too', async () => {
  const { text } = await newKey()
  const socket = connect(`/ws-replay-normalized?options=${OPTIONS}`, ['bearer', text])
  let count = 0
  socket.on('message', () => count++)
  await once(socket, 'close')
  expect(count).toBe(3)
})

test('the header counts where both are given, and the subprotocol is for WebSockets alone', async () => {
  const { text } = await newKey()
  const socket = connect('/v1/stream', ['bearer', text], { authorization: 'Bearer wrong' })
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  expect(response.statusCode).toBe(401)
  const answer = await fetch(`${server.url}/v1/symbols`, { headers: { 'sec-websocket-protocol': `bearer, ${text}` } })
  expect(answer.status).toBe(401)
})

test('server-sent events end with their key, in words, and go on while the store says nothing of it', async () => {
  const { id, text } = await newKey()
  const answer = await fetch(`${server.url}/v1/stream`, { headers: { authorization: `Bearer ${text}` } })
  lake.clock.advance(5_001)
  isThrottled = true
  await new Promise(resolve => setTimeout(resolve, 500))
  isThrottled = false
  await revokeKey(lake.ports, id)
  const body = await answer.text()
  expect(body.split('\n\n').at(-2)).toMatch(/^data: \{"type":"error","data":\{.*"status":401,/)
})
