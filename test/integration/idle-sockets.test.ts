/** Ten thousand clients that only listen: each gets what is committed, the tables are looked at for all of them at once, and all is freed. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openHttpServer } from '../../adapters/http-server.ts'
import { systemTimers } from '../../adapters/system.ts'
import { createApi } from '../../api/app.ts'
import { commit, someTrades } from '../api/live/live-lake.ts'
import { memoryLake, testEngine } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'

/** Both ends of a connection are files of this process. */
const FILES = Number(spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout)
const CLIENTS = Math.min(10_000, Math.floor(((Number.isNaN(FILES) ? 30_000 : FILES) - 500) / 2))
const AT_ONCE = 500
/** A client takes less, both ends of it and all that belongs to them here. */
const MOST_BYTES_A_CLIENT = 60_000

test(`${CLIENTS} clients that only listen`, async () => {
  const lake = memoryLake({ engine: await testEngine() })
  await commit(lake, someTrades(lake, 3, 1_000))
  let looks = 0
  const state = {
    ...lake.ports.state,
    get: (key: Parameters<typeof lake.ports.state.get>[0]) => {
      looks++
      return lake.ports.state.get(key)
    },
  }
  const api = createApi({
    ...{ ports: { ...lake.ports, state }, log: SILENT, auth: 'none' },
    live: { timers: systemTimers(), isStreaming: true },
  })
  const server = await openHttpServer((request, connection) => api.fetch(request, connection), {
    host: '127.0.0.1',
    port: 0,
  })
  const port = Number(new URL(server.url).port)
  const before = process.memoryUsage().rss
  const clients: { readonly socket: Socket; trades: number; heartbeats: number }[] = []
  const open = async () => {
    const socket = connect(port, '127.0.0.1')
    const client = { socket, trades: 0, heartbeats: 0 }
    socket.on('data', data => {
      client.trades += data.toString('latin1').split('{"type":"trade"').length - 1
      client.heartbeats += data.toString('latin1').split('{"type":"heartbeat"').length - 1
    })
    await once(socket, 'connect')
    socket.write('GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n')
    clients.push(client)
  }
  for (let n = 0; n < CLIENTS; n += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, CLIENTS - n) }, open))
  const until = async (condition: () => boolean, what: string) => {
    for (let i = 0; i < 1_200 && !condition(); i++) await new Promise(resolve => setTimeout(resolve, 50))
    expect(condition(), what).toBe(true)
  }
  await until(() => clients.every(({ heartbeats }) => heartbeats > 0), 'each has a cursor')
  expect((process.memoryUsage().rss - before) / CLIENTS).toBeLessThan(MOST_BYTES_A_CLIENT)

  const quiet = looks
  await new Promise(resolve => setTimeout(resolve, 2_000))
  expect(looks - quiet).toBeLessThanOrEqual(9)
  await commit(lake, someTrades(lake, 5, 1_000))
  await until(() => clients.every(({ trades }) => trades === 5), 'each has the trades')

  for (const { socket } of clients) socket.destroy()
  await new Promise(resolve => setTimeout(resolve, 2_000))
  const left = looks
  await new Promise(resolve => setTimeout(resolve, 1_000))
  expect(looks).toBe(left)
  await server.close()
})
