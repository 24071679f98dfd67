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
