import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { BadInput } from '../../../domain/errors.ts'
import { type SimulatorServer, startServer } from '../../../feeds/simulator/server.ts'
import { createSimulator } from '../../../feeds/simulator/simulator.ts'
import { createFakeTimers } from '../fake-timers.ts'
import { SIMULATED, START_MS } from './support.ts'

const open: SimulatorServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

/** Real sockets, on a clock that the test turns. */
async function serve(ratePerSecond = 1_000) {
  const timers = createFakeTimers(START_MS)
  const startMicros = BigInt(START_MS) * 1000n
  const simulator = createSimulator({ seed: 1, startMicros, ratePerSecond, timers, exchanges: SIMULATED })
  const server = await startServer({ exchanges: simulator.exchanges, port: 0 })
  open.push(server)
  return { timers, simulator, server }
}

async function connected(url: string): Promise<WebSocket> {
  const client = new WebSocket(url)
  await once(client, 'open')
  return client
}

test('each exchange stands under its name', async () => {
  const { server, timers } = await serve()
  const greetings = ['/kraken/v2', '/kraken/', '/kraken'].map(async path => {
    const client = new WebSocket(`ws://127.0.0.1:${server.port}${path}`)
    return String((await once(client, 'message'))[0])
  })
  const [v2, v1, bare] = await Promise.all(greetings)
  expect(JSON.parse(v2)).toMatchObject({ channel: 'status' })
  expect(JSON.parse(v1)).toMatchObject({ event: 'systemStatus' })
  expect(JSON.parse(bare)).toMatchObject({ event: 'systemStatus' })
  const coinbase = await connected(server.address('ws', 'coinbase'))
  coinbase.send('{"type":"subscribe","product_ids":["BTC-USD"],"channels":["heartbeat"]}')
  expect(JSON.parse(String((await once(coinbase, 'message'))[0]))).toMatchObject({ type: 'subscriptions' })
  const binance = await connected(`${server.address('ws', 'binance')}/stream?streams=btcusdt@trade`)
  const frame = once(binance, 'message')
  await timers.advance(2_000)
  expect(JSON.parse(String((await frame)[0]))).toMatchObject({ stream: 'btcusdt@trade' })
})

test('a ping is a WebSocket ping', async () => {
  const { server, timers } = await serve(0)
  const client = await connected(`${server.address('ws', 'binance')}/ws`)
  const ping = once(client, 'ping')
  await timers.advance(20_000)
  await ping
})

test('a request for an unknown path is answered with an error', async () => {
  const { server } = await serve()
  const base = `http://127.0.0.1:${server.port}`
  expect((await fetch(`${base}/bybit/v5/market`)).status).toBe(404)
  expect((await fetch(`${base}/binance/api/v3/ping`, { method: 'POST' })).status).toBe(405)
  expect((await fetch(`${base}/coinbase/products/BTC-USD`)).status).toBe(200)
  const client = new WebSocket(`ws://127.0.0.1:${server.port}/bybit/ws`)
  const [error] = await once(client, 'error')
  expect(String(error)).toContain('404')
})

test('a client that does not read is disconnected, and others go on', async () => {
  const { server, timers } = await serve(20_000)
  const url = `${server.address('ws', 'binance')}/stream?streams=btcusdt@trade/ethusdt@trade/btcusdt@aggTrade`
  const [asleep, awake] = await Promise.all([connected(url), connected(url)])
  let received = 0
  awake.on('message', () => received++)
  asleep.pause()
  const ended = once(awake, 'close')
  for (let second = 0; second < 20; second++) await timers.advance(1_000)
  asleep.resume()
  await once(asleep, 'close')
  // The one that reads has all of it; what is under way arrives.
  const before = received
  expect(before).toBeGreaterThan(100_000)
  expect(awake.readyState).toBe(WebSocket.OPEN)
  awake.close()
  await ended
})

test('a message that is too long, or no message at all, ends its own connection only', async () => {
  const { server } = await serve()
  const client = await connected(`${server.address('ws', 'binance')}/ws`)
  client.send('x'.repeat(2_000_000))
  const [code] = await once(client, 'close')
  expect(code).toBe(1009)
  const next = await connected(`${server.address('ws', 'binance')}/ws`)
  next.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
  expect(String((await once(next, 'message'))[0])).toBe('{"result":[],"id":1}')
})

test('a port in use is one clear line', async () => {
  const { server, simulator } = await serve()
  const again = startServer({ exchanges: simulator.exchanges, port: server.port })
  await expect(again).rejects.toThrow(BadInput)
  await expect(again).rejects.toThrow(/^Port \d+ of 127\.0\.0\.1 is in use: [^\n]+$/)
  await expect(startServer({ exchanges: [], port: 70_000 })).rejects.toThrow(BadInput)
})

test('closing ends all connections and frees the port', async () => {
  const { server, simulator } = await serve()
  const client = await connected(`${server.address('ws', 'kraken')}/v2`)
  const ended = once(client, 'close')
  open.length = 0
  await server.close()
  await ended
  await delay(1)
  open.push(await startServer({ exchanges: simulator.exchanges, port: server.port }))
})
