/** What clients say to Binance's streams is answered in Binance's words; what is none of it harms nobody. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../../api/app.ts'
import { createFakeTimers } from '../../feeds/fake-timers.ts'
import { SILENT } from '../../silent-log.ts'
import { commit } from '../live/live-lake.ts'
import { type Client, connect, refused, type StreamServer, serveStreams, tradeAgo } from './stream-server.ts'

let server: StreamServer
let number = 100
beforeAll(async () => {
  server = await serveStreams()
})
afterAll(() => server.close())

/** Commits one trade of each market. */
const trades = () =>
  commit(server.lake, [
    tradeAgo(server.lake, ++number, 0),
    tradeAgo(server.lake, number, 0, { symbol: 'ETHUSDT', tradeId: `BINANCE-${number}` }),
  ])
/** The connection still answers, and has sent nothing else. */
async function isWell(client: Client): Promise<void> {
  expect(await client.ask({ method: 'GET_PROPERTY', params: ['combined'], id: 9 })).toBe('{"result":false,"id":9}')
  expect(client.got).toEqual([])
}

describe('a command', () => {
  test('begins streams, ends them, lists them and wraps them, each answered before its events', async () => {
    const client = await connect(server, 'ws')
    const done = (id: number) => `{"result":null,"id":${id}}`
    expect(await client.ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 })).toBe('{"result":[],"id":1}')
    expect(await client.ask({ method: 'SUBSCRIBE', params: ['btcusdt@trade', 'ethusdt@trade'], id: 2 })).toBe(done(2))
    await trades()
    await client.until(2)
    expect(client.got.map(({ e, s, t }) => [e, s, t])).toEqual([
      ['trade', 'BTCUSDT', number],
      ['trade', 'ETHUSDT', number],
    ])
    expect(await client.ask({ method: 'UNSUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@depth'], id: 3 })).toBe(done(3))
    expect(await client.ask({ method: 'SUBSCRIBE', params: ['ethusdt@kline_1d', 'ethusdt@trade'], id: 4 })).toBe(
      done(4),
    )
    expect(await client.ask({ method: 'LIST_SUBSCRIPTIONS', id: 5 })).toBe(
      '{"result":["ethusdt@trade","ethusdt@kline_1d"],"id":5}',
    )
    expect(await client.ask({ method: 'SET_PROPERTY', params: ['combined', true], id: 6 })).toBe(done(6))
    expect(await client.ask({ method: 'GET_PROPERTY', params: ['combined'], id: 7 })).toBe('{"result":true,"id":7}')
    client.got.length = 0
    await trades()
    await client.until(2)
    expect(client.got.map(({ stream, data }) => [stream, data.s, data.t ?? data.k.L]).sort()).toEqual([
      ['ethusdt@kline_1d', 'ETHUSDT', number],
      ['ethusdt@trade', 'ETHUSDT', number],
    ])
    // Nothing is left of what has been ended, and it begins again.
    await client.ask({ method: 'UNSUBSCRIBE', params: ['ethusdt@kline_1d', 'ethusdt@trade'], id: 8 })
    client.got.length = 0
    await trades()
    await client.ask({ method: 'SUBSCRIBE', params: ['ethusdt@trade'], id: 9 })
    await trades()
    await client.until(1)
    expect(client.got.map(({ data }) => data.t)).toEqual([number])
    client.socket.terminate()
  })

  test.each(['9223372036854775807', '-9223372036854775808', '9007199254740993', '"a-1_Z"', 'null'])(
    'has its id %s back as it is',
    async id => {
      const client = await connect(server, 'ws')
      expect(await client.ask(`{"method":"LIST_SUBSCRIPTIONS","id":${id}}`)).toBe(`{"result":[],"id":${id}}`)
      client.socket.terminate()
    },
  )

  const wrongs: readonly [name: string, said: unknown, code: number, words: RegExp, id?: unknown][] = [
    ['no JSON', 'hello', 3, /^Invalid JSON: /],
    ['half of JSON', '{"method":"SUBSCRIBE",', 3, /^Invalid JSON: /],
    ['a binary message', Buffer.from('{"method":"LIST_SUBSCRIPTIONS","id":1}'), 3, /^Invalid JSON: .*binary/],
    ['a deep nest', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 3, /^Invalid JSON: it is nested too deeply/],
    ['a list', '[]', 2, /^Invalid request: expected an object/],
    ['a word', '"SUBSCRIBE"', 2, /^Invalid request: expected an object/],
    ['no method', { id: 1 }, 2, /^Invalid request: missing field `method`/, 1],
    ['another method', { method: 'DANCE', id: 1 }, 2, /^Invalid request: unknown variant `DANCE`, expected one of/, 1],
    ['a method of Object', { method: 'constructor', id: 1 }, 2, /unknown variant `constructor`/, 1],
    ['prototypes', '{"__proto__":{"method":"LIST_SUBSCRIPTIONS","id":1}}', 2, /request ID must be/],
    ['no id', { method: 'LIST_SUBSCRIPTIONS' }, 2, /^Invalid request: request ID must be an unsigned integer/],
    ['an id of 65 bits', '{"method":"LIST_SUBSCRIPTIONS","id":9223372036854775808}', 2, /request ID must be/],
    ['half an id', { method: 'LIST_SUBSCRIPTIONS', id: 1.5 }, 2, /request ID must be/],
    ['a long id', { method: 'LIST_SUBSCRIPTIONS', id: 'a'.repeat(37) }, 2, /request ID must be/],
    ['params of LIST', { method: 'LIST_SUBSCRIPTIONS', params: ['a'], id: 1 }, 2, /too many parameters/, 1],
    ['no params', { method: 'SUBSCRIBE', id: 1 }, 2, /params must be names of streams/, 1],
    ['params that are none', { method: 'SUBSCRIBE', params: 'btcusdt@trade', id: 1 }, 2, /params must be an array/, 1],
    ['numbers for names', { method: 'SUBSCRIBE', params: [1], id: 1 }, 2, /params must be names of streams/, 1],
    ['another property', { method: 'GET_PROPERTY', params: ['colour'], id: 1 }, 0, /^Unknown property$/, 1],
    ['a property without a name', { method: 'GET_PROPERTY', id: 1 }, 2, /property name must be a string/, 1],
    ['a value that is none', { method: 'SET_PROPERTY', params: ['combined', 1], id: 1 }, 1, /expected Boolean$/, 1],
    ['a book', { method: 'SUBSCRIBE', params: ['btcusdt@depth'], id: 1 }, 2, /invalid stream btcusdt@depth\. There/, 1],
    ['all markets', { method: 'SUBSCRIBE', params: ['!ticker@arr'], id: 1 }, 2, /invalid stream !ticker@arr/, 1],
    ['seconds', { method: 'SUBSCRIBE', params: ['btcusdt@kline_1s'], id: 1 }, -1120, /^Invalid interval\./, 1],
    ['capitals', { method: 'SUBSCRIBE', params: ['BTCUSDT@trade'], id: 1 }, -1121, /lower case: btcusdt@trade\.$/, 1],
    [
      'a symbol that there is not',
      { method: 'SUBSCRIBE', params: ['ethusdt@trade', 'btcusdx@trade'], id: 1 },
      -1121,
      /^Invalid symbol\. BTCUSDX of btcusdx@trade is not here: the nearest is BTCUSDT\.$/,
      1,
    ],
    [
      'a prototype as a symbol',
      { method: 'SUBSCRIBE', params: ['__proto__@trade'], id: 1 },
      -1121,
      /^Invalid symbol/,
      1,
    ],
    [
      'three thousand streams',
      { method: 'SUBSCRIBE', params: Array.from({ length: 3_000 }, (_, n) => `s${n}@trade`), id: 1 },
      2,
      /too many streams; a connection takes 1024\.$/,
      1,
    ],
  ]
  test.each(wrongs)('that is %s is refused, and the connection goes on', async (_, said, code, words, id) => {
    const client = await connect(server, 'ws')
    const { error, ...rest } = JSON.parse(await client.ask(said))
    expect([error, rest]).toEqual([{ code, msg: expect.stringMatching(words) }, id === undefined ? {} : { id }])
    expect(await client.ask({ method: 'LIST_SUBSCRIPTIONS', id: 2 })).toBe('{"result":[],"id":2}')
    await isWell(client)
    client.socket.terminate()
  })
})

describe('a connection', () => {
  test.each([
    [
      'ten thousand streams',
      JSON.stringify({ method: 'SUBSCRIBE', params: Array(10_000).fill('btcusdt@trade'), id: 1 }),
    ],
    ['a megabyte', 'a'.repeat(1 << 20)],
  ])('that says %s in a message is cut as too large', async (_, text) => {
    const client = await connect(server, 'ws/btcusdt@trade')
    client.say(text)
    const [code] = await once(client.socket, 'close')
    expect(code).toBe(1009)
  })

  test('that says more than it may is cut, also where it reads nothing', async () => {
    const client = await connect(server, 'ws')
    client.socket.pause()
    for (let n = 0; n < 400; n++) client.say({ method: 'LIST_SUBSCRIPTIONS', id: n })
    client.socket.resume()
    const [code, reason] = await once(client.socket, 'close')
    expect([code, String(reason)]).toEqual([1008, 'Too many requests'])
    expect(client.got.length).toBeLessThan(150)
  })

  test('begins with the streams of its address, in their order', async () => {
    const names = ['btcusdt', 'ethusdt'].flatMap(symbol => ['trade', 'aggTrade'].map(kind => `${symbol}@${kind}`))
    const client = await connect(server, `stream?streams=${names.join('/')}`)
    expect(JSON.parse(await client.ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 })).result).toEqual(names)
    client.socket.terminate()
  })

  test('may be numbered, as ccxt does, and its streams may be coded for an address', async () => {
    for (const [path, names] of [
      ['ws/0', []],
      ['ws/', []],
      ['stream', []],
      ['ws/btcusdt%40trade', ['btcusdt@trade']],
      ['ws/3/ethusdt@kline_1M@+08:00', ['ethusdt@kline_1M@+08:00']],
    ] as const) {
      const client = await connect(server, path)
      expect(JSON.parse(await client.ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 })).result, path).toEqual(names)
      client.socket.terminate()
    }
  })

  test.each([
    ['ws/nonesuch@trade', 400, -1121, /^Invalid symbol\. NONESUCH of nonesuch@trade is not here/],
    ['ws/btcusdt@trade/btcusdt@depth20', 400, 2, /invalid stream btcusdt@depth20/],
    ['ws/abcdefghijklmnopqrstuvwxyz', 400, 2, /invalid stream abc/],
    ['stream?streams=btcusdt@kline_7m', 400, -1120, /^Invalid interval/],
    ['ws/btcusdt@trade?timeUnit=NANOSECOND', 400, -1194, /^Invalid value for time unit/],
    ['ws/btcusdt@trade?colour=red', 400, -1104, /^Not all sent parameters were read/],
    ['ws/%E0%A4%A', 400, -1100, /^Illegal characters found in parameter 'stream'/],
  ])('to %s is refused before it is made', async (path, status, code, msg) => {
    expect(await refused(server, path)).toEqual({ status, code, msg: expect.stringMatching(msg) })
  })

  test('that is none is told so, and where answers cannot go on what to ask instead', async () => {
    const answer = await fetch(`${server.url}/binance/ws/btcusdt@trade`)
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { code: -1000, msg: 'Streams are WebSockets: connect with ws:// in the place of http://.' },
    ])
    const { ports } = server.lake
    for (const [live, status, msg] of [
      [{ timers: createFakeTimers(0), isStreaming: false }, 400, /ask \/v1\/stream again and again with wait=20/],
      [undefined, 404, /ask tradelake serve/],
    ] as const) {
      const api = createApi({ ports, log: SILENT, auth: 'none', ...(live && { live }) })
      const url = 'http://localhost:8080/binance/ws/btcusdt@trade'
      const other = await api.request(url, { headers: { host: 'localhost:8080' } })
      expect([other.status, await other.json()]).toEqual([status, { code: -1000, msg: expect.stringMatching(msg) }])
    }
  })

  test('of which nobody is left leaves nothing behind', async () => {
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => connect(server, 'ws/btcusdt@trade/btcusdt@kline_1m/btcusdt@kline_1d')),
    )
    await trades()
    for (const client of clients) await client.until(3)
    for (const { socket } of clients) socket.terminate()
    await expect.poll(() => server.timers.waiting()).toBe(0)
  })
})

test('a slow client is told so in Binance’s shape, and cut', async () => {
  const slow = await serveStreams({}, 200)
  const client = await connect(slow, 'ws/btcusdt@trade/btcusdt@aggTrade')
  client.socket.pause()
  for (let n = 0; n < 3; n++)
    await commit(
      slow.lake,
      Array.from({ length: 20_000 }, () => tradeAgo(slow.lake, ++number, 0)),
    )
  // It is cut when the last message has five seconds to arrive.
  await expect.poll(() => slow.timers.lengths.includes(5_000), { timeout: 60_000 }).toBe(true)
  client.socket.resume()
  const [code] = await once(client.socket, 'close')
  expect(code).toBe(1008)
  expect(client.got.at(-1)).toEqual({ error: { code: -1008, msg: expect.stringMatching(/^This client takes longer/) } })
  expect(client.got.length).toBeLessThan(100_000)
  await expect.poll(() => slow.timers.waiting()).toBe(0)
  await slow.close()
})
