/**
 * The simulated market of a lake: the lake's state says which one it is, so that another process goes on with it. Its
 * trades are a function of only seed, start and rate; the feeds get them from the exchanges' streams, and trades from a
 * time without a feed from their history.
 */
import { systemTimers } from '../adapters/system.ts'
import type { Exchange } from '../domain/exchanges.ts'
import type { Timers } from '../domain/feed-ports.ts'
import type { Attributes, Key, Write } from '../domain/ports.ts'
import { VENUES } from '../feeds/exchanges/venues.ts'
import { isSimulated, MARKETS } from '../feeds/simulator/instruments.ts'
import { startServer } from '../feeds/simulator/server.ts'
import { createSimulator, type Simulator } from '../feeds/simulator/simulator.ts'
import { createWalker } from '../feeds/simulator/walk.ts'
import type { Source } from './feeds.ts'
import type { Lake } from './lake.ts'
import { lakePositions } from './lake-sink.ts'

export interface Market {
  readonly number: number
  readonly seed: number
  /** Trades of all exchanges together, on average. */
  readonly ratePerSecond: number
  /** Microseconds since 1970. */
  readonly startMicros: bigint
}

export interface WantedMarket {
  readonly seed?: number
  readonly rate?: number
  /** Its first moment, microseconds since 1970; the market is then caught up with, however long ago that is. */
  readonly startMicros?: bigint
}

/** A market that stood still longer than this is not caught up with: a new one begins. */
const MAX_PAUSE_MS = 600_000
const PARTITION = 'market'
const DEFAULT_SEED = 1
const DEFAULT_RATE = 200
/** No need to spare exchanges on this machine. */
const REQUESTS_PER_SECOND = 200
/** Enough that every path runs, few enough that the view stays quiet. */
const INVALID_SHARE = 0.003
const FAULTS_PER_MINUTE = 2
/** Trades that are on their way when trading ends. */
const LAST_TRADES_MS = 200

/**
 * The market that the lake goes on with; a new one if it has none, another one is wanted, or it stood still for
 * long.
 */
export async function openMarket(lake: Lake, wanted: WantedMarket): Promise<Market> {
  const now = lake.ports.clock.now()
  const last = (await lake.ports.state.query('state', PARTITION)).at(-1)
  const known = last && parse(last.attributes)
  if (known && isWanted(known, wanted) && (wanted.startMicros !== undefined || !(await stoodStill(lake, known, now))))
    return known
  const market = {
    number: known ? known.number + 1 : 0,
    seed: wanted.seed ?? known?.seed ?? DEFAULT_SEED,
    ratePerSecond: wanted.rate ?? known?.ratePerSecond ?? DEFAULT_RATE,
    startMicros: wanted.startMicros ?? BigInt(now) * 1000n,
  }
  const key: Key = { table: 'state', partition: PARTITION, sort: String(market.number).padStart(6, '0') }
  const attributes: Attributes = {
    number: market.number,
    seed: market.seed,
    rate: market.ratePerSecond,
    start_micros: `${market.startMicros}`,
  }
  const put: Write = { kind: 'put', item: { key, attributes }, when: { is: 'absent' } }
  await lake.ports.state.transact([put], lake.ports.ids.uuid())
  return market
}

function isWanted(known: Market, wanted: WantedMarket): boolean {
  return (
    (wanted.seed ?? known.seed) === known.seed &&
    (wanted.rate ?? known.ratePerSecond) === known.ratePerSecond &&
    (wanted.startMicros ?? known.startMicros) === known.startMicros
  )
}

function parse(attributes: Attributes): Market {
  return {
    number: Number(attributes.number),
    seed: Number(attributes.seed),
    ratePerSecond: Number(attributes.rate),
    startMicros: BigInt(String(attributes.start_micros)),
  }
}

async function stoodStill(lake: Lake, market: Market, now: number): Promise<boolean> {
  const positions = await Promise.all(lake.exchanges.map(({ name }) => lakePositions(lake, name).load()))
  const last = Math.max(Number(market.startMicros / 1000n), ...positions.flat().map(({ at }) => at))
  return now - last > MAX_PAUSE_MS
}

/** The market's exchanges. */
export function marketSimulator(market: Market, exchanges: readonly Exchange[], timers: Timers): Simulator {
  return createSimulator({
    ...market,
    market: market.number,
    timers,
    exchanges: exchanges.filter(({ name }) => isSimulated(name)),
    invalidShare: INVALID_SHARE,
    faultsPerMinute: FAULTS_PER_MINUTE,
  })
}

/** Opens the market's exchanges on a local port. */
export async function serveMarket(lake: Lake, market: Market): Promise<Source> {
  await beginBeforeFirst(lake, market)
  const simulator = marketSimulator(market, lake.exchanges, systemTimers())
  const server = await startServer({ exchanges: simulator.exchanges, port: 0 })
  return {
    venue: name =>
      isSimulated(name)
        ? {
            ...VENUES[name],
            urls: [server.address('ws', name)],
            restUrls: [server.address('http', name)],
            symbols: MARKETS[name].instruments.map(({ symbol }) => symbol),
            requestsPerSecond: REQUESTS_PER_SECOND,
          }
        : undefined,
    async quiet() {
      simulator.endTrading()
      await lake.ports.clock.sleep(LAST_TRADES_MS)
    },
    async close() {
      simulator.stop()
      await server.close()
    },
  }
}

/** Positions before a new market's first trade, so that its feed asks for the first trades however late it starts. */
async function beginBeforeFirst(lake: Lake, market: Market): Promise<void> {
  const at = Number(market.startMicros / 1000n)
  for (const exchange of lake.exchanges.filter(({ name }) => isSimulated(name))) {
    const positions = lakePositions(lake, exchange.name)
    const first = createWalker({ ...market, market: market.number, exchange })
      .start()
      .map(({ instrument, nextId }) => ({ symbol: instrument.symbol, id: nextId - 1, at }))
    const known = new Map((await positions.load()).map(({ symbol, id }) => [symbol, id]))
    // Ids of a later market are above those of all markets before it.
    await positions.save(first.filter(({ symbol, id }) => (known.get(symbol) ?? -1) < id))
  }
}
