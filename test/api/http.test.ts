/** What every answer has whatever it answers: its number, its line in the log, its limits, its coding, and who may read it. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { type ApiOptions, createApi } from '../../api/app.ts'
import { addKey } from '../../domain/access-keys.ts'
import { SILENT } from '../silent-log.ts'
import { marketLake } from './market/market-lake.ts'

const lake = await marketLake()
const URL_ = 'http://localhost:8080'
function served(options: Partial<ApiOptions> = {}) {
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', ...options })
  return async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    api.request(`${URL_}${path}`, { method, headers: { host: 'localhost:8080', ...headers } })
}
const CANDLES = '/v1/candles?timeframe=1h&start=2026-11-01&fill=null&limit=500'

test('a request has a number of its own, or the one that it brings', async () => {
  const ask = served()
  expect((await ask('/v1/symbols')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect((await ask('/v1/symbols', { 'x-request-id': 'mine:7' })).headers.get('x-request-id')).toBe('mine:7')
  expect((await ask('/v1/nothing', { 'x-request-id': 'bad one' })).headers.get('x-request-id')).toMatch(
    /^[0-9a-f-]{36}$/,
  )
})

test('a request has its line in the log, with its number, and none of its key', async () => {
  const lines: unknown[] = []
  const ask = served({ isLogged: true, log: { ...SILENT, info: (message, fields) => lines.push([message, fields]) } })
  await ask('/v1/symbols?format=csv', { 'x-request-id': 'a' })
  await ask('/v1/candles?timeframe=7x', { 'x-request-id': 'b' })
  expect(lines).toEqual([
    ['request', { method: 'GET', path: '/v1/symbols', status: 200, milliseconds: 0, request: 'a', key: '' }],
    ['request', { method: 'GET', path: '/v1/candles', status: 400, milliseconds: 0, request: 'b', key: '' }],
  ])
})

describe('an answer is compressed', () => {
  test.each([
    ['zstd', zstdDecompressSync],
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('with %s where its client takes that, to the same bytes', async (coding, unpack) => {
    const ask = served()
    for (const path of [CANDLES, `${CANDLES.replace('limit=500', 'limit=all')}&format=csv`]) {
      const [plain, packed] = [await ask(path), await ask(path, { 'accept-encoding': coding })]
      expect(packed.headers.get('content-encoding')).toBe(coding)
      const bytes = Buffer.from(await packed.arrayBuffer())
      expect(unpack(bytes).equals(Buffer.from(await plain.arrayBuffer()))).toBe(true)
    }
  })

  test('by the weights that its client gives, and not where it is small', async () => {
    const ask = served()
    const coding = async (accept: string, path = CANDLES) =>
      (await ask(path, { 'accept-encoding': accept })).headers.get('content-encoding')
    expect(await coding('gzip, deflate, br, zstd')).toBe('zstd')
    expect(await coding('gzip;q=1.0, br;q=0.5')).toBe('gzip')
    expect(await coding('identity, gzip;q=0.5')).toBe(null)
    expect(await coding('br;q=0, *')).toBe('zstd')
    expect(await coding('gzip', '/v1/symbols')).toBe(null)
  })

  test('under an ETag that is known again, compressed or not', async () => {
    const ask = served()
    const [plain, packed] = [await ask(CANDLES), await ask(CANDLES, { 'accept-encoding': 'gzip' })]
    expect(packed.headers.get('etag')).toBe(`W/${plain.headers.get('etag')}`)
    const again = await ask(CANDLES, { 'if-none-match': packed.headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
  })
})

describe('a key that asks too often', () => {
  test('is told how long to wait, and others are not slowed', async () => {
    const add = (secret: string) =>
      addKey(lake.ports, { secret: secret.repeat(43), name: 'test', scopes: ['read'], expiresAt: undefined })
    const [one, other] = [await add('a'), await add('b')]
    const ask = served({ auth: 'keys', rate: { perSecond: 2, burst: 3 } })
    const as = async ({ text }: { text: string }) => ask('/v1/symbols', { authorization: `Bearer ${text}` })
    const answers = [await as(one), await as(one), await as(one), await as(one)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['2', '1', '0', '0'])
    expect(answers[3].headers.get('retry-after')).toBe('1')
    expect(((await answers[3].json()) as { detail: string }).detail).toBe(
      `The key ${one.id} asks more often than 2 times a second: wait 1 s, or ask for more rows at once.`,
    )
    expect((await as(other)).status).toBe(200)
    lake.clock.advance(600)
    expect([(await as(one)).status, (await as(one)).status]).toEqual([200, 429])
  })
})

describe('a page of another origin', () => {
  test('may read the answers where its origin is named', async () => {
    const ask = served({ origins: ['https://charts.example'] })
    const answer = await ask('/v1/symbols', { origin: 'https://charts.example' })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, 'https://charts.example'])
    const asked = await ask(
      '/v1/symbols',
      { origin: 'https://charts.example', 'access-control-request-method': 'GET' },
      'OPTIONS',
    )
    expect(asked.status).toBe(204)
  })

  test('is refused where it is not', async () => {
    const answer = await served()('/v1/symbols', { origin: 'https://charts.example' })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })
})

describe('the description', () => {
  test('has every route with its parameters, and asks for no key', async () => {
    const document = (await (await served({ auth: 'keys' })('/v1/openapi.json')).json()) as {
      openapi: string
      paths: Record<string, Record<string, { parameters: { name: string }[] }>>
    }
    expect(document.openapi).toBe('3.1.0')
    for (const path of ['/candles', '/trades', '/symbols', '/snapshots', '/pins', '/pins/{name}'])
      expect(Object.keys(document.paths)).toContain(path)
    const names = document.paths['/candles'].get.parameters.map(({ name }) => name)
    expect(names).toEqual([
      ...['symbols', 'exchanges', 'timeframe', 'start', 'end', 'fill', 'include_open', 'as_of'],
      ...['limit', 'cursor', 'format', 'numbers'],
    ])
  })

  test('is a page that loads nothing from elsewhere', async () => {
    const page = await (await served()('/v1/docs')).text()
    expect(page).toContain('GET /v1/candles')
    expect(page).not.toMatch(/(?:src|href)="?(?:https?:)?\/\//)
  })
})

test('the server says whether it is ready, and counts what it answered', async () => {
  const registry = new Registry()
  const ask = served({ registry })
  expect((await ask('/readyz')).status).toBe(200)
  await ask('/v1/symbols')
  await ask('/v1/candles?limit=0')
  const metrics = await (await ask('/metrics')).text()
  expect(metrics).toContain('tradelake_http_requests_total{route="/v1/symbols",status="200"} 1')
  expect(metrics).toContain('tradelake_http_requests_total{route="/v1/candles",status="400"} 1')
})

test('a method that a route does not take is refused with those that it takes', async () => {
  const answer = await served()('/v1/pins/x', {}, 'POST')
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'PUT, DELETE'])
  for (const path of ['/v1/docs', '/v1/openapi.json']) {
    const other = await served()(path, {}, 'POST')
    expect([path, other.status, other.headers.get('allow')]).toEqual([path, 405, 'GET'])
  }
})

test('a slash at the end of the beginning makes no difference', async () => {
  const ask = served()
  expect(await (await ask('/v1/')).text()).toBe(await (await ask('/v1')).text())
  expect((await ask('/v1/')).status).toBe(200)
})

describe('where an answer has to be small', () => {
  test('a larger one is refused in words, whether it has pages or not', async () => {
    const ask = served({ maxAnswerBytes: 20_000 })
    for (const more of ['limit=400', 'limit=all&format=csv']) {
      const answer = await ask(`/v1/trades?start=2026-10-01&${more}`, { 'x-request-id': 'a' })
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([413, 'a'])
      expect(((await answer.json()) as { detail: string }).detail).toMatch(
        /^The answer has more than the 20000 bytes that this server can send at once: ask for fewer rows a page/,
      )
    }
    const plain = await (await served()('/v1/trades?limit=40')).text()
    const answer = await ask('/v1/trades?limit=40', { 'accept-encoding': 'gzip' })
    expect(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).toBe(plain)
    expect((await ask('/v1/nothing')).status).toBe(404)
    expect((await ask('/binance/api/v3/ping')).status).toBe(200)
  })
})
