/** A simulated exchange with a client that writes down all it gets, on a clock that the test turns. */
import { EXCHANGES, isExchangeName } from '../../../domain/exchanges.ts'
import type { HttpReply } from '../../../domain/feed-ports.ts'
import type { Trade } from '../../../domain/trade.ts'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { isSimulated } from '../../../feeds/simulator/instruments.ts'
import { memoryNetwork } from '../../../feeds/simulator/memory.ts'
import { createSimulator, type SimulatorOptions } from '../../../feeds/simulator/simulator.ts'
import { createFakeTimers } from '../fake-timers.ts'

/** An exchange may be there without a simulated one. */
export const SIMULATED = EXCHANGES.flatMap(({ name, ...more }) => (isSimulated(name) ? [{ name, ...more }] : []))
export const START_MS = 1_790_000_000_000
export const LATENCY_MS = 2

export interface Client {
  /** What happened, in its order: `open`, the frames, `closed CODE REASON`. */
  readonly log: string[]
  frames(): string[]
  send(message: unknown): void
  close(): void
}

export function createScene(exchange: string, options: Partial<SimulatorOptions> = {}) {
  const timers = createFakeTimers(START_MS)
  const simulator = createSimulator({
    seed: 7,
    startMicros: BigInt(START_MS) * 1000n,
    ratePerSecond: 300,
    timers,
    exchanges: EXCHANGES.filter(({ name }) => name === exchange),
    ...options,
  })
  const [simulated] = simulator.exchanges
  const network = memoryNetwork({
    hosts: { 'one.sim': simulated, 'two.sim': simulated },
    timers,
    latency: LATENCY_MS,
  })

  function connect(path: string, host = 'one.sim'): Client {
    const log: string[] = []
    const socket = network.connect(`ws://${host}${path}`, {
      open: () => log.push('open'),
      message: text => log.push(text),
      closed: (code, reason) => log.push(`closed ${code} ${reason}`),
    })
    return {
      log,
      frames: () => log.filter(line => line !== 'open' && !line.startsWith('closed ')),
      send: message => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
      close: () => socket.close(),
    }
  }

  /** Without the way there and back. */
  const get = (path: string): HttpReply => simulated.get(path)
  return {
    timers,
    simulator,
    exchange: simulated,
    network,
    connect,
    get,
    getJson: (path: string) => JSON.parse(get(path).body),
  }
}

/** The trades in frames, by the product's own decoders. */
export function decode(exchange: string, frames: readonly string[]): Trade[] {
  if (!isExchangeName(exchange)) throw new Error(`there is no decoder of ${exchange}`)
  return frames.flatMap(frame => [...DECODERS[exchange].map(frame, 0n)])
}

/** What stream, REST and the exchange's own list must agree on. */
export function essence(trades: readonly Trade[]) {
  return trades.map(({ messageId, tradeId, symbol, currency, timestamp, price, quantity, side }) => ({
    ...{ messageId, tradeId, symbol, currency, timestamp, price, quantity, side },
  }))
}

export const idOf = (trade: Trade) => Number(trade.tradeId.split('-').at(-1))
