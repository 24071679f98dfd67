/** A simulated exchange with one fault, and what a client sees of it. */
import type { Trade } from '../../../domain/trade.ts'
import { MalformedFrame } from '../../../feeds/decoder.ts'
import type { FaultKind } from '../../../feeds/simulator/types.ts'
import { createScene, decode, essence, idOf, SIMULATED, START_MS } from './support.ts'

export const NAMES = SIMULATED.map(({ name }) => name)
const PATHS: Readonly<Record<string, string>> = {
  binance: '/stream?streams=btcusdt@trade/ethusdt@trade/solusdt@trade',
  kraken: '/v2',
  coinbase: '/',
}
const SUBSCRIBE: Readonly<Record<string, object>> = {
  kraken: { method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD', 'ETH/USD', 'SOL/USD'] } },
  coinbase: { type: 'subscribe', product_ids: ['BTC-USD', 'ETH-USD', 'SOL-USD'], channels: ['matches'] },
}
/** The rate that gives each exchange about 300 trades a second. */
const RATES: Readonly<Record<string, number>> = { binance: 375, kraken: 2_500, coinbase: 3_750 }

/** A fault two seconds after a client has subscribed to three symbols. */
export async function scene(exchange: string, fault: FaultKind, options = {}) {
  const all = createScene(exchange, { ratePerSecond: RATES[exchange], ...options })
  const connect = async () => {
    const client = all.connect(PATHS[exchange])
    await all.timers.advance(10)
    if (SUBSCRIBE[exchange]) client.send(SUBSCRIBE[exchange])
    await all.timers.advance(10)
    return client
  }
  const client = await connect()
  all.simulator.addFault({ exchange, at: START_MS + 2_000, ...fault })
  return { ...all, client, join: connect }
}

/** Trades of the three symbols, by id. */
export function bySymbol(trades: readonly Trade[]) {
  return Map.groupBy(
    essence(trades).filter(({ symbol }) => /^(BTC|ETH|SOL)USDT?$/.test(symbol)),
    ({ symbol }) => symbol,
  )
}

/** The ids between the first and the last of a symbol's trades that are not there. */
export function missing(trades: readonly Trade[]): Map<string, number[]> {
  const groups = Map.groupBy(trades, ({ symbol }) => symbol)
  return new Map(
    [...groups].flatMap(([symbol, group]) => {
      const ids = new Set(group.map(idOf))
      const [first, last] = [Math.min(...ids), Math.max(...ids)]
      const gone = Array.from({ length: last - first }, (_, i) => first + i).filter(id => !ids.has(id))
      return gone.length > 0 ? [[symbol, gone]] : []
    }),
  )
}

/** The trades of the frames that can be read. */
export const tradesIn = (exchange: string, frames: readonly string[]) =>
  frames.flatMap(frame => {
    try {
      return decode(exchange, [frame])
    } catch (error) {
      if (error instanceof MalformedFrame) return []
      throw error
    }
  })
