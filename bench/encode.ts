/**
 * What a feed computes for each trade, on one core: a decoded trade to its Kafka value, and a WebSocket frame to the values of
 * its trades. CPU time, not wall-clock time: other work on the machine does not count.
 */
import { pairOf } from '../domain/pairs.ts'
import type { Trade } from '../domain/trade.ts'
import { encodeTrade } from '../domain/wire.ts'
import { DECODERS } from '../feeds/exchanges/decoders.ts'
import { VENUES } from '../feeds/exchanges/venues.ts'
import { isSimulated, MARKETS, type SimulatedName } from '../feeds/simulator/instruments.ts'
import { createSimulator } from '../feeds/simulator/simulator.ts'
import { createFakeTimers } from '../test/feeds/fake-timers.ts'
import { print, record } from './report.ts'

/** What the predecessor published: trades encoded as Avro a second. */
const PREDECESSOR_PER_SECOND = 52_550
const SCHEMA_IDS = { trade: 7, wide: 8 }
const START_MS = Date.UTC(2026, 10, 20, 10)
/** Trades a second of the exchange. */
const RATE = 5_000
const SECONDS = 20
const PASSES = 5

export async function benchEncode(): Promise<void> {
  const rows: string[][] = []
  for (const name of Object.keys(MARKETS).filter(isSimulated)) {
    const frames = await framesOf(name)
    const trades = decodeAll(name, frames)
    const encoded = fastest(() => encodeAll(trades))
    const whole = fastest(() => encodeAll(decodeAll(name, frames)))
    for (const [work, { perSecond, bytes }] of [
      ['trade to value', encoded],
      ['frame to value', whole],
    ] as const) {
      record({ bench: 'encode', exchange: name, work, trades: trades.length, per_second: Math.round(perSecond) })
      rows.push([
        name,
        work,
        Math.round(perSecond).toLocaleString('en-US'),
        (bytes / trades.length).toFixed(0),
        work === 'trade to value' ? `${(perSecond / PREDECESSOR_PER_SECOND).toFixed(1)}x` : '',
      ])
    }
  }
  print(
    `Encoding on one core, best of ${PASSES}; the predecessor's published figure is ${PREDECESSOR_PER_SECOND.toLocaleString('en-US')} a second`,
    ['exchange', 'work', 'trades per CPU s', 'bytes a value', 'vs predecessor'],
    rows,
  )
}

/** The frames that the simulated exchange sends to a client that subscribes to all it has. */
async function framesOf(name: SimulatedName): Promise<string[]> {
  const timers = createFakeTimers(START_MS)
  const simulator = createSimulator({
    seed: 1,
    startMicros: BigInt(START_MS) * 1000n,
    ratePerSecond: RATE / MARKETS[name].share,
    timers,
    exchanges: [{ name, code: name.toUpperCase() }],
  })
  const { stream } = VENUES[name]
  const pairs = MARKETS[name].instruments.map(({ symbol }) => pairOf(symbol))
  const frames: string[] = []
  const session = simulator.exchanges[0].accept(stream.address('', pairs, 'trade') || '/', {
    send: text => frames.push(text),
    ping() {},
    close: (code, reason) => {
      throw new Error(`the simulated ${name} closed with ${code}, ${reason}`)
    },
    drop() {},
  })
  for (const text of stream.subscriptions(pairs)) session.receive(text)
  await timers.advance(SECONDS * 1_000)
  simulator.stop()
  return frames
}

function decodeAll(name: SimulatedName, frames: readonly string[]): Trade[] {
  const trades: Trade[] = []
  for (const frame of frames)
    for (const trade of DECODERS[name].map(frame, BigInt(START_MS) * 1000n)) trades.push(trade)
  return trades
}

function encodeAll(trades: readonly Trade[]): { trades: number; bytes: number } {
  let bytes = 0
  for (const trade of trades) bytes += encodeTrade(trade, SCHEMA_IDS).length
  return { trades: trades.length, bytes }
}

function fastest(work: () => { trades: number; bytes: number }): { perSecond: number; bytes: number } {
  let best = { perSecond: 0, bytes: 0 }
  for (let pass = 0; pass <= PASSES; pass++) {
    const began = process.cpuUsage()
    const { trades, bytes } = work()
    const { user, system } = process.cpuUsage(began)
    const perSecond = trades / ((user + system) / 1e6)
    // The first pass warms up.
    if (pass > 0 && perSecond > best.perSecond) best = { perSecond, bytes }
  }
  return best
}
