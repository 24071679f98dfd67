import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { fetchHttp } from '../../adapters/http-client.ts'
import { systemTimers } from '../../adapters/system.ts'
import { nodeSockets } from '../../adapters/websocket.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { memoryNetwork } from '../../feeds/simulator/memory.ts'
import { startServer } from '../../feeds/simulator/server.ts'
import { createSimulator } from '../../feeds/simulator/simulator.ts'
import { socketsContract } from '../contract/sockets.contract.ts'
import { createFakeTimers } from '../feeds/fake-timers.ts'

const exchanges = EXCHANGES.slice(0, 1)
const market = { seed: 3, ratePerSecond: 1_000, exchanges }

/** A port of this machine that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

socketsContract('memoryNetwork', async () => {
  const timers = createFakeTimers(1_790_000_000_000)
  const simulator = createSimulator({ ...market, timers, startMicros: BigInt(timers.now()) * 1000n })
  const network = memoryNetwork({ hosts: { 'binance.sim': simulator.exchanges[0] }, timers })
  return {
    sockets: network,
    http: network,
    address: protocol => `${protocol}://binance.sim`,
    nowhere: 'nowhere.sim',
    addFault: fault => simulator.addFault({ exchange: 'binance', at: timers.now(), ...fault }),
    until: async condition => {
      while (!condition()) await timers.advance(5)
    },
    pass: timers.advance,
    settle: async promise => {
      await timers.advance(1_000)
      return promise
    },
    close: async () => simulator.stop(),
  }
})

socketsContract('nodeSockets and fetchHttp at a real port', async () => {
  const timers = systemTimers()
  const simulator = createSimulator({ ...market, timers, startMicros: BigInt(timers.now() - 10_000) * 1000n })
  const server = await startServer({ exchanges: simulator.exchanges, port: 0 })
  return {
    sockets: nodeSockets(),
    http: fetchHttp(),
    address: protocol => server.address(protocol, 'binance'),
    nowhere: `127.0.0.1:${await freePort()}`,
    addFault: fault => simulator.addFault({ exchange: 'binance', at: timers.now(), ...fault }),
    until: async condition => {
      while (!condition()) await delay(5)
    },
    pass: delay,
    settle: promise => promise,
    close: async () => {
      simulator.stop()
      await server.close()
    },
  }
})

test('a server that pings is heard', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', client => client.ping())
  const { port } = server.address() as { port: number }
  const pings = await new Promise<number>(resolve => {
    let pings = 0
    const socket = nodeSockets().connect(`ws://127.0.0.1:${port}`, {
      open() {},
      message() {},
      pinged() {
        pings++
        socket.close()
      },
      closed: () => resolve(pings),
    })
  })
  server.close()
  expect(pings).toBe(1)
})

function logged(url: string) {
  const log: string[] = []
  const socket = nodeSockets().connect(url, {
    open: () => log.push('open'),
    message: text => log.push(text),
    closed: (code, reason) => log.push(`closed ${code} ${reason}`),
  })
  return { log, socket }
}

test('the reason names the cause', async () => {
  const { log } = logged(`ws://127.0.0.1:${await freePort()}/x`)
  const bad = logged('no address')
  while (log.length + bad.log.length < 2) await delay(5)
  expect(log[0]).toMatch(/^closed 1006 .*ECONNREFUSED/)
  expect(bad.log[0]).toMatch(/^closed 1006 .*no address/)
})

test('closing ends where the other side is dead', async () => {
  // Says yes to the handshake and then nothing any more.
  let isEnded = false
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('close', () => {
      isEnded = true
    })
    socket.once('data', data => {
      const key = /sec-websocket-key: (\S+)/i.exec(data.toString())?.[1] ?? ''
      // RFC 6455 section 1.3.
      const hash = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${hash}\r\n\r\n`,
      )
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { log, socket } = logged(`ws://127.0.0.1:${(server.address() as { port: number }).port}/`)
  while (log.length < 1) await delay(5)
  expect(log).toEqual(['open'])
  socket.close()
  while (log.length < 2) await delay(5)
  expect(log[1]).toMatch(/^closed 1006 /)
  // The TCP connection is given back too.
  while (!isEnded) await delay(5)
  await new Promise(resolve => server.close(resolve))
})
