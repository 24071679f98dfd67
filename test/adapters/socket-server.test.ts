/** The web server's WebSockets: what the application says of a request becomes one, or an answer. */
import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type HttpServer, openHttpServer } from '../../adapters/http-server.ts'
import type { ServerSocket } from '../../domain/server-ports.ts'

let server: HttpServer
let made: PromiseWithResolvers<ServerSocket>
const asked: string[] = []

beforeAll(async () => {
  server = await openHttpServer(
    (asking, { upgrade }) => {
      const { pathname, searchParams } = new URL(asking.url)
      asked.push(`${pathname} ${searchParams.get('q')} ${asking.headers.get('x-asked')}`)
      if (pathname === '/refused') return new Response('{"detail":"no"}', { status: 403, headers: { 'x-why': 'no' } })
      if (pathname === '/fails') throw new Error('broken')
      if (pathname === '/echo') return asking.text().then(text => new Response(`${asking.method} ${text}`))
      if (pathname === '/live') upgrade?.(socket => made.resolve(socket))
      return new Response('plain')
    },
    { host: '127.0.0.1', port: 0 },
  )
})
afterAll(() => server.close())

const connect = (path: string) =>
  new WebSocket(`${server.url.replace('http', 'ws')}${path}`, { headers: { 'x-asked': 'yes' } })

async function session(): Promise<{ client: WebSocket; socket: ServerSocket }> {
  made = Promise.withResolvers()
  const client = connect('/live?q=a%20b')
  const [socket] = await Promise.all([made.promise, once(client, 'open')])
  return { client, socket }
}

describe('a request for a WebSocket', () => {
  test('that the application takes gets its messages as text, in order, and its goodbye', async () => {
    const { client, socket } = await session()
    expect(asked).toContain('/live a b yes')
    const got: string[] = []
    client.on('message', (data, isBinary) => got.push(`${isBinary} ${data}`))
    await socket.send(['one', 'zwölf'].map(text => Buffer.from(text)))
    socket.close(1000, 'over')
    const [code, reason] = await once(client, 'close')
    expect([got, code, String(reason)]).toEqual([['false one', 'false zwölf'], 1000, 'over'])
    if (!socket.gone.aborted) await once(socket.gone, 'abort')
  })

  test('hears what its client says: text as it is, and that something was binary', async () => {
    const { client, socket } = await session()
    const heard: (string | undefined)[] = []
    const all = new Promise<void>(resolve => {
      socket.listen(text => {
        if (heard.push(text) === 3) resolve()
      })
    })
    client.send('zwölf')
    client.send(Buffer.from('bytes'))
    client.send('')
    await all
    expect(heard).toEqual(['zwölf', undefined, ''])
    client.terminate()
  })

  test('is told when the client has left, and sending then settles', async () => {
    const { client, socket } = await session()
    client.terminate()
    await once(socket.gone, 'abort')
    await socket.send([Buffer.from('nobody')])
  })

  test('is answered as any other where the application takes none', async () => {
    for (const [path, status] of [
      ['/refused', 403],
      ['/elsewhere', 426],
    ] as const) {
      const client = connect(path)
      const [, response] = await once(client, 'unexpected-response')
      client.on('error', () => {})
      expect(response.statusCode).toBe(status)
      client.terminate()
    }
  })

  test('breaks off where the application fails, and the next is answered', async () => {
    await once(connect('/fails'), 'error')
    const { client } = await session()
    client.terminate()
  })

  test('that is not read waits, and is ended at once where the server says so', async () => {
    const { client, socket } = await session()
    client.pause()
    const message = Buffer.alloc(1 << 20, 65)
    let sent = 0
    const sending = (async () => {
      for (; sent < 64 && !socket.gone.aborted; sent++) await socket.send([message])
    })()
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(sent).toBeLessThan(64)
    socket.destroy()
    await sending
    client.terminate()
  })
})

describe('a request that offers another protocol', () => {
  // What Java's HttpClient and `curl --http2` send to http://, and Apache's HttpClient 5.4.
  test.each([
    { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' },
    { connection: 'Upgrade', upgrade: 'TLS/1.2' },
  ])('as $upgrade is answered as if it had not, its method and body too', async headers => {
    const asking = request(`${server.url}/echo`, { method: 'PUT', headers })
    asking.end('body')
    const [answer] = await once(asking, 'response')
    expect([answer.statusCode, String(Buffer.concat(await answer.toArray()))]).toEqual([200, 'PUT body'])
  })
})
