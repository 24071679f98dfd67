/** The web server on a port: what its connections do between requests. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { openHttpServer } from '../../adapters/http-server.ts'

test('a connection outlasts what load balancers keep idle ones for', async () => {
  const server = await openHttpServer(() => new Response('here'), { host: '127.0.0.1', port: 0 })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  try {
    const answer = new Promise<string>(resolve => socket.once('data', bytes => resolve(bytes.toString('latin1'))))
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
    expect(await answer).toMatch(/\r\nkeep-alive: timeout=65\r\n/i)
  } finally {
    socket.destroy()
    await server.close()
  }
})

test.each([
  [
    'an address that is too long',
    `GET /?symbols=${'BTCUSDT,'.repeat(10_000)} HTTP/1.1\r\nhost: here\r\n\r\n`,
    431,
    'The address and the headers have more than 16384 bytes together: ask for less at once, with several requests.',
  ],
  ['no request', 'hello\r\n\r\n', 400, 'This is no request of HTTP/1.1.'],
])('%s is refused in words', async (_, text, status, detail) => {
  const server = await openHttpServer(() => new Response('here'), { host: '127.0.0.1', port: 0 })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  try {
    const answer = new Promise<string>((resolve, reject) => {
      let all = ''
      socket.on('data', bytes => {
        all += bytes.toString('latin1')
      })
      socket.on('end', () => resolve(all)).on('error', reject)
    })
    socket.write(text)
    const [head, body] = (await answer).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toContain('content-type: application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ status, detail })
  } finally {
    socket.destroy()
    await server.close()
  }
})
