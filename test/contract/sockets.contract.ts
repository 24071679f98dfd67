/** What every pair of Sockets and Http does to a simulated exchange at the other end; run against memory and a real port. */
import { afterEach, describe, expect, test } from 'vitest'
import { TradelakeError } from '../../domain/errors.ts'
import type { Http, Sockets } from '../../domain/feed-ports.ts'
import type { FaultKind } from '../../feeds/simulator/types.ts'

/** Binance's simulator under the adapter in question. */
export interface NetworkUnderTest {
  readonly sockets: Sockets
  readonly http: Http
  /** The exchange's address, without a slash at its end. */
  address(protocol: 'ws' | 'http'): string
  /** Where nobody answers. */
  readonly nowhere: string
  addFault(fault: FaultKind): void
  /** Lets time pass until it is so. */
  until(condition: () => boolean): Promise<void>
  /** Lets time pass, milliseconds. */
  pass(milliseconds: number): Promise<void>
  /** Waits for what was asked for. */
  settle<T>(promise: Promise<T>): Promise<T>
  close(): Promise<void>
}

const isClosed = (log: readonly string[]) => log.some(line => line.startsWith('closed'))

export function socketsContract(name: string, open: () => Promise<NetworkUnderTest>): void {
  describe(name, () => {
    let network: NetworkUnderTest
    afterEach(async () => network.close())

    function connect(path: string, base = network.address('ws')) {
      const log: string[] = []
      const socket = network.sockets.connect(base + path, {
        open: () => log.push('open'),
        message: text => log.push(text),
        closed: (code, reason) => log.push(`closed ${code} ${reason}`),
      })
      expect(log).toEqual([])
      return { log, socket }
    }

    test('a connection opens, carries frames both ways in their order, and closes once', async () => {
      network = await open()
      const { log, socket } = connect('/ws')
      socket.send('{"method":"LIST_SUBSCRIPTIONS","id":0}')
      await network.until(() => log.length > 0)
      expect(log).toEqual(['open'])
      socket.send('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}')
      socket.send('{"method":"LIST_SUBSCRIPTIONS","id":2}')
      // A trade may go out between the two answers, but none before the first.
      const answers = () => log.filter(text => text.includes('"id":'))
      await network.until(() => answers().length > 1 && log.length > 12)
      expect(answers()).toEqual(['{"result":null,"id":1}', '{"result":["btcusdt@trade"],"id":2}'])
      expect(log[1]).toBe(answers()[0])
      const ids = log.slice(1).flatMap(text => JSON.parse(text).t ?? [])
      expect(ids).toEqual(Array.from({ length: log.length - 3 }, (_, i) => ids[0] + i))
      socket.close()
      const { length } = log
      await network.until(() => isClosed(log))
      await network.pass(100)
      expect(log).toHaveLength(length + 1)
      expect(log.at(-1)).toMatch(/^closed 1000/)
      socket.close()
      socket.send('nobody hears this')
    })

    test('a connection that breaks is closed with 1006, once', async () => {
      network = await open()
      const { log } = connect('/stream?streams=btcusdt@trade')
      await network.until(() => log.length > 1)
      network.addFault({ kind: 'drop' })
      await network.until(() => isClosed(log))
      await network.pass(50)
      expect(log.at(-1)).toMatch(/^closed 1006 \S/)
      expect(log.filter(line => line.startsWith('closed'))).toHaveLength(1)
    })

    test('the other side closes with its code and reason', async () => {
      network = await open()
      const { log } = connect('/stream?streams=btcusdt@trade')
      await network.until(() => log.length > 1)
      network.addFault({ kind: 'close', code: 1012 })
      await network.until(() => isClosed(log))
      expect(log.at(-1)).toBe('closed 1012 simulated')
    })

    test('a refused connection never opens and says why', async () => {
      network = await open()
      network.addFault({ kind: 'refuse', milliseconds: 60_000 })
      await network.pass(50)
      const { log } = connect('/ws')
      await network.until(() => log.length > 0)
      await network.pass(50)
      expect(log).toEqual([expect.stringMatching(/^closed 1006 .*503/)])
    })

    test('where there is no such path, or nobody at all, no connection opens', async () => {
      network = await open()
      const lost = [connect('/no-such-path'), connect('/ws', `ws://${network.nowhere}`)]
      await network.until(() => lost.every(({ log }) => log.length > 0))
      await network.pass(50)
      for (const { log } of lost) expect(log).toEqual([expect.stringMatching(/^closed 1006 \S/)])
    })

    test('a connection given up while it is made ends too', async () => {
      network = await open()
      const { log, socket } = connect('/ws')
      socket.close()
      await network.until(() => log.length > 0)
      await network.pass(50)
      expect(log).toEqual([expect.stringMatching(/^closed 1006/)])
    })

    test('any status is an answer, with its headers and body', async () => {
      network = await open()
      const get = (path: string) => network.settle(network.http.get(network.address('http') + path))
      expect(await get('/api/v3/ping')).toMatchObject({ status: 200, body: '{}' })
      const info = await get('/api/v3/exchangeInfo?symbol=BTCUSDT')
      expect(JSON.parse(info.body).symbols[0].symbol).toBe('BTCUSDT')
      expect(info.headers['content-type']).toContain('application/json')
      expect(await get('/api/v3/exchangeInfo?symbol=NOSUCH')).toMatchObject({ status: 400 })
      expect(await get('/nothing')).toMatchObject({ status: 404 })
      network.addFault({ kind: 'too-many-requests', milliseconds: 60_000 })
      await network.pass(50)
      const limited = await get('/api/v3/ping')
      expect(limited.status).toBe(429)
      expect(Number(limited.headers['retry-after'])).toBeGreaterThan(50)
    })

    test('where nobody answers, a request fails and names its URL', async () => {
      network = await open()
      const url = `http://${network.nowhere}/api/v3/ping`
      const failed = await network.settle(network.http.get(url).catch((error: unknown) => error))
      expect(failed).toBeInstanceOf(TradelakeError)
      expect((failed as Error).message).toContain(url)
      expect((failed as Error).message).not.toContain('\n')
    })
  })
}
