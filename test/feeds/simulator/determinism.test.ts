import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { faultSchedule } from '../../../feeds/simulator/faults.ts'
import { memoryNetwork } from '../../../feeds/simulator/memory.ts'
import { createSimulator } from '../../../feeds/simulator/simulator.ts'
import { createFakeTimers } from '../fake-timers.ts'
import { createScene, decode, SIMULATED, START_MS } from './support.ts'

const MINUTES = 3
const PATHS: Readonly<Record<string, readonly [string, ...object[]]>> = {
  binance: [
    '/stream?streams=btcusdt@trade/ethusdt@aggTrade',
    { method: 'SUBSCRIBE', params: ['adausdt@trade'], id: 1 },
  ],
  kraken: [
    '/v2',
    { method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD', 'ADA/USD'], snapshot: true } },
  ],
  coinbase: ['/', { type: 'subscribe', product_ids: ['BTC-USD', 'ADA-USD'], channels: ['matches', 'heartbeat'] }],
}

/** All that three clients get that come again whenever they are cut off. */
async function run(seed: number): Promise<{ digest: string; frames: number }> {
  const timers = createFakeTimers(START_MS)
  const to = START_MS + MINUTES * 60_000
  const exchanges = SIMULATED.map(({ name }) => name)
  const simulator = createSimulator({
    ...{ seed, timers, startMicros: BigInt(START_MS - 60_000) * 1000n, ratePerSecond: 200, exchanges: SIMULATED },
    faults: faultSchedule({ seed, from: START_MS, to, exchanges, perMinute: 10 }),
    invalidShare: 0.01,
  })
  const hosts = Object.fromEntries(simulator.exchanges.map(exchange => [`${exchange.name}.sim`, exchange]))
  const network = memoryNetwork({ hosts, timers })
  const hash = createHash('sha256')
  let frames = 0

  function connect(name: string): void {
    const [path, ...messages] = PATHS[name]
    const socket = network.connect(`ws://${name}.sim${path}`, {
      open() {
        for (const message of messages) socket.send(JSON.stringify(message))
      },
      message(text) {
        frames++
        hash.update(`${name} ${timers.now()} ${text}\n`)
      },
      closed(code, reason) {
        hash.update(`${name} ${timers.now()} ${code} ${reason}\n`)
        timers.after(500, () => connect(name))
      },
    })
  }

  for (const name of exchanges) connect(name)
  await timers.runUntil(to)
  simulator.endTrading()
  for (const exchange of simulator.exchanges)
    hash.update(JSON.stringify(exchange.trades(), (_, value) => (typeof value === 'bigint' ? `${value}` : value)))
  simulator.stop()
  return { digest: hash.digest('hex'), frames }
}

test('the same seed, faults and clients give the same bytes', async () => {
  const first = await run(11)
  expect(first.frames).toBeGreaterThan(5_000)
  expect(await run(11)).toEqual(first)
  expect((await run(12)).digest).not.toBe(first.digest)
})

test('an ordinary day has a few mild faults, the same ones each time', async () => {
  const day = async () => {
    const { timers, connect, exchange } = createScene('binance', { ratePerSecond: 50, faultsPerMinute: 4 })
    const logs = [connect('/stream?streams=btcusdt@trade').log]
    for (let second = 0; second < 300; second++) {
      await timers.advance(1_000)
      if (logs.at(-1)?.at(-1)?.startsWith('closed')) logs.push(connect('/stream?streams=btcusdt@trade').log)
    }
    return { logs, trades: exchange.trades() }
  }
  const { logs, trades } = await day()
  expect(logs.length).toBeGreaterThan(1)
  expect(trades.lost).toEqual([])
  const frames = logs.flat().filter(line => line.startsWith('{') && !line.includes('null'))
  const ids = decode('binance', frames).map(({ messageId }) => messageId)
  expect(new Set(ids).size).toBeLessThan(ids.length)
  expect((await day()).logs).toEqual(logs)
})
