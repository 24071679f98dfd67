/**
 * The simulated exchanges of one run: a seeded market each, its protocol, and the faults. How clients reach them stands in
 * memory.ts (no network, any clock) and server.ts (a real port).
 */
import type { Timers } from '../../domain/feed-ports.ts'
import { binance } from './binance.ts'
import { coinbase } from './coinbase.ts'
import { createExchange } from './exchange.ts'
import { isSimulated, type SimulatedName } from './instruments.ts'
import { kraken } from './kraken.ts'
import { simulatedMarket } from './market.ts'
import type { Book, Fault, Protocol, SimulatedExchange } from './types.ts'

export interface SimulatorOptions {
  /** A whole number from 0: same seed, same faults and same clients give the same bytes. */
  readonly seed: number
  /** Begin of trading, microseconds since 1970. Where it is past, REST knows what was traded since. */
  readonly startMicros: bigint
  /** Trades of all three exchanges together; each has its share of them (instruments.ts). */
  readonly ratePerSecond: number
  /** Tells apart markets of one seed that begin at different times. 0 unless told. */
  readonly market?: number
  readonly timers: Timers
  /** Names and codes as in domain/exchanges.ts. */
  readonly exchanges: readonly { readonly name: string; readonly code: string }[]
  readonly faults?: readonly Fault[]
  /** Share of the trades, of 1, that are valid JSON and break a rule of domain/validation.ts. 0 unless told. */
  readonly invalidShare?: number
  /** Mild faults of each exchange a minute, on average: repeats, a frame that is no JSON, a dropped connection. 0 unless told. */
  readonly faultsPerMinute?: number
}

export interface Simulator {
  /** In the order of the options. */
  readonly exchanges: readonly SimulatedExchange[]
  /** A fault from its time on, or from now where that is past. @throws RangeError where there is no such exchange */
  addFault(fault: Fault): void
  /** From now on there are no new trades. Connections, heartbeats and REST go on. */
  endTrading(): void
  /** Drops all connections; there are no timers left. */
  stop(): void
}

const PROTOCOLS: Readonly<Record<SimulatedName, (book: Book) => Protocol>> = { binance, kraken, coinbase }

/** @throws RangeError where an option is out of range, or an exchange has no protocol here */
export function createSimulator(options: SimulatorOptions): Simulator {
  const exchanges = options.exchanges.map(exchange => {
    const { name } = exchange
    if (!isSimulated(name)) throw new RangeError(`There is no simulated ${name}.`)
    return createExchange({
      ...exchange,
      market: simulatedMarket({ ...options, exchange }),
      timers: options.timers,
      protocol: PROTOCOLS[name],
      invalidShare: options.invalidShare ?? 0,
      faultsPerMinute: options.faultsPerMinute ?? 0,
    })
  })

  function addFault(fault: Fault): void {
    const exchange = exchanges.find(({ name }) => name === fault.exchange)
    if (!exchange) throw new RangeError(`There is no simulated exchange ${fault.exchange} for a fault.`)
    exchange.addFault(fault)
  }

  for (const fault of options.faults ?? []) addFault(fault)
  return {
    exchanges,
    addFault,
    endTrading() {
      for (const exchange of exchanges) exchange.endTrading()
    },
    stop() {
      for (const exchange of exchanges) exchange.stop()
    },
  }
}
