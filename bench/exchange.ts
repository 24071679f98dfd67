/** A simulated exchange in a process of its own, so that what it takes is no part of a feed's figures. Forked by feed.ts. */
import { systemTimers } from '../adapters/system.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { startServer } from '../feeds/simulator/server.ts'
import { createSimulator } from '../feeds/simulator/simulator.ts'

export interface ExchangeOrder {
  readonly name: string
  /** Trades a second of all exchanges together, as everywhere in the simulator. */
  readonly ratePerSecond: number
  /** When trading begins, milliseconds since 1970. */
  readonly startMs: number
}

export interface Addresses {
  readonly ws: string
  readonly http: string
}

process.on('message', async (order: ExchangeOrder | 'end') => {
  if (order === 'end') {
    running?.endTrading()
    process.send?.('ended')
  } else process.send?.(await open(order))
})

let running: ReturnType<typeof createSimulator> | undefined

async function open({ name, ratePerSecond, startMs }: ExchangeOrder): Promise<Addresses> {
  running = createSimulator({
    seed: 1,
    startMicros: BigInt(startMs) * 1000n,
    ratePerSecond,
    timers: systemTimers(),
    exchanges: EXCHANGES.filter(exchange => exchange.name === name),
  })
  const server = await startServer({ exchanges: running.exchanges, port: 0 })
  return { ws: server.address('ws', name), http: server.address('http', name) }
}
