/** A lake of three exchanges whose trades are numbered in the order of time, as exchanges do, with several at one moment; asked over HTTP. */
import { type ApiOptions, createApi } from '../../api/app.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { Trade } from '../../domain/trade.ts'
import { foldPending } from '../../functions/ohlcv/ohlcv.ts'
import { feed } from '../functions/gold-support.ts'
import {
  BINANCE,
  COINBASE,
  KRAKEN,
  type MemoryLake,
  memoryLake,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'

/** The lake's clock stands here, half a minute behind the last trades. */
export const NOW = START_MICROS

interface Listed {
  readonly exchange: Exchange
  readonly symbol: string
  readonly quote: string
  /** Steps and first values, units of 10^-10 and of 10^-8. */
  readonly tick: bigint
  readonly price: bigint
  readonly lot: bigint
  /** Numbers of the market begin here. */
  readonly number: number
  /** The exchange's clock ticks so often, microseconds. */
  readonly moment: bigint
}

const LISTED: readonly Listed[] = [
  {
    exchange: BINANCE,
    symbol: 'BTCUSDT',
    quote: 'USDT',
    tick: 100_000_000n,
    price: 864_321_500_000_000n,
    lot: 1_000n,
    number: 4_000_000_000,
    moment: 1_000n,
  },
  {
    exchange: BINANCE,
    symbol: 'SHIBUSDT',
    quote: 'USDT',
    tick: 100n,
    price: 82_100n,
    lot: 100_000_000n,
    number: 7,
    moment: 1_000n,
  },
  {
    exchange: KRAKEN,
    symbol: 'BTCUSD',
    quote: 'USD',
    tick: 1_000_000_000n,
    price: 864_000_000_000_000n,
    lot: 1n,
    number: 70_000_000,
    moment: 1n,
  },
  {
    exchange: KRAKEN,
    symbol: 'DOGEUSD',
    quote: 'USD',
    tick: 1_000n,
    price: 1_540_000_000n,
    lot: 1n,
    number: 9,
    moment: 1n,
  },
  {
    exchange: COINBASE,
    symbol: 'BTCUSD',
    quote: 'USD',
    tick: 100_000_000n,
    price: 864_111_000_000_000n,
    lot: 1n,
    number: 900_000_000,
    moment: 1n,
  },
  {
    exchange: COINBASE,
    symbol: 'ETHEUR',
    quote: 'EUR',
    tick: 100_000_000n,
    price: 27_000_000_000_000n,
    lot: 1n,
    number: 5,
    moment: 1n,
  },
]

const SECOND = 1_000_000n

/** Trades up to half a minute before a time, ever fewer further back: many at the moment of the one before, some after hours. */
function tradesOf(listed: Listed, now: bigint, count: number): Trade[] {
  let state = listed.number % 65_537
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const trades: Trade[] = []
  let { number, price } = listed
  let [time, side] = [now - 30n * SECOND, 'BUY' as Trade['side']]
  // From the last trade back.
  for (let n = 0; n < count; n++) {
    const again = n > 0 && random(100) < 45
    if (!again) {
      const step = [20n * SECOND, 90n * SECOND, 1200n * SECOND, 5400n * SECOND][random(n < 100 ? 2 : 4)]
      if (n > 0)
        time -= ((BigInt(1 + random(1_000_000)) * step) / 1_000_000n / listed.moment) * listed.moment + listed.moment
      side = random(2) === 0 ? 'BUY' : 'SELL'
    }
    if (!again || random(4) === 0) price += BigInt(random(21) - 10) * listed.tick
    if (price < 50n * listed.tick) price += 500n * listed.tick
    // A number now and then is none of ours.
    number -= random(40) === 0 ? 2 : 1
    trades.push(
      tradeOf(0, {
        ...{
          exchange: listed.exchange.code,
          symbol: listed.symbol,
          currency: listed.quote,
          timestamp: time,
          side,
          price,
        },
        tradeId: `${listed.exchange.code}-${number + 2 * count}`,
        quantity: BigInt(1 + random(5_000_000)) * listed.lot,
      }),
    )
  }
  return trades.reverse()
}

/** So many trades of each market, each market’s in the order of its numbers. `now` is a whole second. */
export function shapeTrades(now: bigint, count: number): Trade[] {
  return LISTED.flatMap(listed => tradesOf(listed, now, count))
}

export interface ShapesLake extends MemoryLake {
  /** All markets’ trades, each market’s in the order of its numbers. */
  readonly trades: readonly Trade[]
  tradesOf(exchange: string, symbol: string): readonly Trade[]
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
}

export async function shapesLake(options: Partial<ApiOptions> = {}): Promise<ShapesLake> {
  const lake = memoryLake({ engine: await testEngine() })
  const trades = shapeTrades(NOW, 400)
  for (const exchange of [BINANCE, KRAKEN, COINBASE])
    await feed(
      lake,
      trades.filter(trade => trade.exchange === exchange.code),
      { exchange, kafkaMillis: lake.clock.now() },
    )
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', ...options })
  return Object.assign(lake, {
    trades,
    tradesOf: (exchange: string, symbol: string) =>
      trades.filter(trade => trade.exchange === exchange && trade.symbol === symbol),
    get: (path: string, headers = {}) =>
      api.request(`http://localhost:8080/${path}`, {
        headers: { host: 'localhost:8080', ...headers },
      }) as Promise<Response>,
  })
}
