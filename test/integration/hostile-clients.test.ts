/**
 * Clients that leave, never read, or ask for what nobody may, beside one that means well: it is answered all the while, the same as before,
 * no request fails the server, and when they have gone nothing is left of them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServedMarkets, servedMarkets } from './market-lake.ts'

const ROUNDS = 4
const ROUND_MS = 5_000
/** Each kind of hostile client is so many at once. */
const AT_ONCE = 8
/** What three rounds may add to the memory of one: a request that left 100 KB behind would add far more. */
const MOST_GROWTH_BYTES = 120 * 1024 * 1024

let lake: ServedMarkets
let server: ChildProcess
let url: URL
const complaints: string[] = []
beforeAll(async () => {
  lake = await servedMarkets()
  const main = new URL('../../bin/tradelake.js', import.meta.url).pathname
  server = spawn(process.execPath, [main, 'serve', '--data', lake.directory, '--port', '0'])
  server.stderr?.on('data', text => complaints.push(String(text)))
  const [greeting] = await once(server.stdout as NodeJS.ReadableStream, 'data')
  url = new URL('/', /http:\S+/.exec(String(greeting))?.[0] ?? '')
})
afterAll(async () => {
  server?.kill('SIGINT')
  await lake?.close()
})

const ALL = 'start=2000-01-01&end=2100-01-01'
const statuses = new Map<number, number>()

/** Asks, and leaves so many milliseconds after the answer has begun; undefined: reads it to its end. */
function ask(path: string, headers: Record<string, string> = {}, leaveAfter?: number, body?: Buffer): Promise<void> {
  return new Promise(resolve => {
    const sent = request(new URL(path, url), { headers, agent: false, method: body ? 'POST' : 'GET' }, answer => {
      const status = answer.statusCode ?? 0
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      answer.on('error', () => {})
      if (leaveAfter === undefined) answer.resume()
      else setTimeout(() => sent.destroy(), leaveAfter)
    })
    sent.on('error', () => resolve())
    sent.on('close', () => resolve())
    if (leaveAfter !== undefined) setTimeout(() => sent.destroy(), leaveAfter + 50)
    sent.end(body)
  })
}

/** Writes bytes to a connection, and ends it so many milliseconds later if the server has not. */
function write(bytes: Buffer | string, leaveAfter: number): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(Number(url.port), url.hostname)
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.write(bytes)
    setTimeout(() => socket.destroy(), leaveAfter)
  })
}

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`

let file = ''
const HOSTILE: Readonly<Record<string, (n: number) => Promise<void>>> = {
  'leave a stream': n => ask('/v1/stream?candles=1m', { accept: 'text/event-stream' }, n % 20),
  'leave a replay': n => ask(`/v1/replay?speed=max&${ALL}`, {}, n % 20),
  'leave an average': n => ask(`/v1/twap?symbols=BTCUSDT&${ALL}`, {}, n % 3),
  'leave a long answer': n =>
    ask(`/v1/candles?timeframe=1m&fill=previous&limit=all&format=ndjson&${ALL}`, { 'accept-encoding': 'zstd' }, n % 30),
  'never read': () => write(`GET /v1/replay?speed=max&${ALL} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`.repeat(20), 200),
  'never end a request': () => write(`GET /v1/symbols HTTP/1.1\r\nhost: ${url.host}\r\nx-a: `, 200),
  'speak no HTTP': () => write(Buffer.alloc(20_000, 255), 50),
  'send endless headers': () => write(`GET / HTTP/1.1\r\nhost: ${url.host}\r\n${'a: b\r\n'.repeat(20_000)}`, 100),
  'send a header that is too long': () => ask('/v1/symbols', { 'x-long': 'x'.repeat(60_000) }),
  'ask in 15,000 characters': n => ask(`/v1/trades?symbols=${Array(3_000 + (n % 5)).fill('BTCU')}`),
  'ask for odd ranges': n =>
    ask(file, { range: ['bytes=-0', 'bytes=9-1', 'bytes=a-b', 'bytes=0-0,5-6', 'bytes=5-99999999999999999'][n % 5] }),
  'leave a WebSocket': n => write(upgrade('/v1/stream'), n % 20),
  'send garbage to a WebSocket': () =>
    write(Buffer.concat([Buffer.from(upgrade('/v1/stream')), Buffer.alloc(300_000, 0x81)]), 100),
  'ask WebSockets of what is none': () => write(upgrade('/v1/symbols'), 100),
  'send 34 MB': n =>
    n % 40 === 0
      ? ask('/iceberg/v1/namespaces', { 'content-type': 'application/json' }, undefined, Buffer.alloc(34 * 1024 * 1024))
      : new Promise(resolve => setTimeout(resolve, 20)),
}

async function attack(until: number): Promise<void> {
  let n = 0
  await Promise.all(
    Object.values(HOSTILE).flatMap(act =>
      Array.from({ length: AT_ONCE }, async () => {
        while (Date.now() < until) await act(n++)
      }),
    ),
  )
}

const GOOD = [`/v1/candles?timeframe=5m&include_open=false&limit=50&${ALL}`, '/v1/trades?symbols=BTCUSDT&limit=100']

/** A metric of the server, by its name. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

async function settle(files: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const [running, open] = [await metric('tradelake_http_requests_running'), await metric('process_open_fds')]
    if (running === 1 && open <= files + 5) return metric('process_resident_memory_bytes')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(
    `${await metric('tradelake_http_requests_running')} requests run on, ${await metric('process_open_fds')} files are open of ${files} before.`,
  )
}

test('hostile clients fail nothing, delay nobody for long, and leave nothing behind', async () => {
  const wanted = await Promise.all(GOOD.map(async path => (await fetch(new URL(path, url))).text()))
  const { data } = (await (await fetch(new URL('/v1/exports?table=gold_crypto_trades', url))).json()) as {
    data: { url: string }[]
  }
  file = new URL(data[0].url).pathname
  const files = await metric('process_open_fds')
  const memory: number[] = []
  let answered = 0
  for (let round = 0; round < ROUNDS; round++) {
    const until = Date.now() + ROUND_MS
    const attacked = attack(until)
    while (Date.now() < until)
      for (const [i, path] of GOOD.entries()) {
        const answer = await fetch(new URL(path, url))
        expect([answer.status, await answer.text()]).toEqual([200, wanted[i]])
        answered++
      }
    await attacked
    memory.push(await settle(files))
  }
  expect(answered).toBeGreaterThan(ROUNDS * 20)
  console.log(
    `${answered} answers beside ${[...statuses].map(([status, count]) => `${count} of ${status}`).join(', ')};`,
    `memory ${memory.map(bytes => `${Math.round(bytes / 1024 / 1024)} MB`).join(', ')}`,
  )
  expect([...statuses.keys()].filter(status => status >= 500)).toEqual([])
  expect([...statuses.keys()].sort()).toEqual([200, 206, 400, 413, 416, 431])
  expect(memory[ROUNDS - 1] - memory[0]).toBeLessThan(MOST_GROWTH_BYTES)
  expect(complaints).toEqual([])
})
