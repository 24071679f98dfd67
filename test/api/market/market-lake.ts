/** A lake whose candles are known: trades of three exchanges over days, folded by the stage; and the naive answer to a question. */
import { createApi } from '../../../api/app.ts'
import type { Exchange } from '../../../domain/exchanges.ts'
import type { Trade } from '../../../domain/trade.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { feed } from '../../functions/gold-support.ts'
import {
  BINANCE,
  COINBASE,
  KRAKEN,
  type MemoryLake,
  memoryLake,
  testEngine,
  tradeOf,
  unifyAll,
} from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'

const SECOND = 1_000_000n
export const MINUTE = 60n * SECOND
export const HOUR = 60n * MINUTE
export const DAY = 24n * HOUR
/** The lake's clock stands here: the trades end a moment before. */
export const NOW = BigInt(Date.UTC(2026, 10, 20, 12)) * 1000n

const MARKETS = [
  [BINANCE, 'BTCUSDT'],
  [BINANCE, 'ETHUSDT'],
  [KRAKEN, 'BTCUSD'],
  [COINBASE, 'BTCUSD'],
] as const

/** Trades at fixed places of 40 days, some of them at the edges of minutes, days and months; many windows have none. */
function someTrades(): { exchange: Exchange; trade: Trade }[] {
  const trades: { exchange: Exchange; trade: Trade }[] = []
  let state = 12_345
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const edges = [
    NOW - 12n * HOUR,
    NOW - 12n * HOUR - 1n,
    NOW - DAY * 19n - 12n * HOUR,
    NOW - DAY * 19n - 12n * HOUR - 1n,
    NOW - 1n,
  ]
  for (let n = 0; n < 420; n++) {
    const [exchange, symbol] = MARKETS[random(MARKETS.length)]
    const spread = [HOUR, 6n * HOUR, 3n * DAY, 39n * DAY][random(4)]
    const timestamp =
      n < edges.length * 4 ? edges[n >> 2] : NOW - 1n - (BigInt(random(2 ** 24)) * spread) / BigInt(2 ** 24)
    const [market, price, quantity] = [
      n < edges.length * 4 ? MARKETS[n % 4] : [exchange, symbol],
      random(2 ** 24),
      random(2 ** 24),
    ] as const
    const [venue, name] = market as readonly [Exchange, string]
    trades.push({
      exchange: venue,
      trade: tradeOf(n, {
        ...{ exchange: venue.code, symbol: name, timestamp, currency: name.endsWith('T') ? 'USDT' : 'USD' },
        price: BigInt(price + 1) * 1_234_567n,
        quantity: BigInt(quantity + 1) * 77n,
      }),
    })
  }
  return trades
}

export interface MarketLake extends MemoryLake {
  readonly trades: readonly Trade[]
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
}

export async function marketLake(): Promise<MarketLake> {
  const lake = memoryLake({ engine: await testEngine() })
  const made = someTrades()
  for (const exchange of [BINANCE, KRAKEN, COINBASE]) {
    const some = made.filter(each => each.exchange === exchange).map(({ trade }) => trade)
    await feed(lake, some, { exchange, kafkaMillis: lake.clock.now() })
  }
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none' })
  return Object.assign(lake, {
    trades: made.map(({ trade }) => trade),
    get: (path: string, headers = {}) =>
      api.request(`http://localhost:8080/v1/${path}`, {
        headers: { host: 'localhost:8080', ...headers },
      }) as Promise<Response>,
  })
}
