/** A lake in a folder, with some hours of trades up to now, served as `tradelake serve` does: the server can be ended and begun again. */
import type { HttpServer } from '../../adapters/http-server.ts'
import { auditAfresh } from '../../cli/audit.ts'
import { serveCatalog } from '../../cli/serve.ts'
import { encodeGap, type FeedGap } from '../../domain/feed-gaps.ts'
import { topicName } from '../../domain/names.ts'
import type { FeedReport, RunAudit } from '../../domain/server-ports.ts'
import { FEED_GAPS } from '../../domain/streams.ts'
import type { Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { openLakeReadOnly } from '../../embedded/lake.ts'
import { lakeSink } from '../../embedded/lake-sink.ts'
import { drainLake, newLake, type TestLake } from '../embedded/support.ts'
import { tradeOf } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'

export interface PageLake {
  readonly lake: TestLake
  /** Without a slash at its end. */
  readonly url: string
  /** Takes trades through every stage. */
  publish(trades: readonly Trade[]): Promise<void>
  report(gap: Partial<FeedGap>): Promise<void>
  endServer(): Promise<void>
  beginServer(): Promise<void>
  close(): Promise<void>
}

export const MARKETS = [
  ['BINANCE', 'BTCUSDT', 'USDT', 8_643_200],
  ['BINANCE', 'ETHUSDT', 'USDT', 314_500],
  ['KRAKEN', 'BTCUSD', 'USD', 8_644_900],
  ['KRAKEN', 'ETHUSD', 'USD', 314_650],
  ['COINBASE', 'BTCUSD', 'USD', 8_642_100],
  ['BINANCE', 'SHIBUSDT', 'USDT', 0.00082],
] as const

/** The last number of each market's trades. */
const numbers = new Map<string, number>()

/** The next number of a market, behind so many that no trade gets. */
export function nextNumber(exchange: string, symbol: string, skipped = 0): number {
  const number = (numbers.get(`${exchange} ${symbol}`) ?? 0) + skipped + 1
  numbers.set(`${exchange} ${symbol}`, number)
  return number
}

/** A trade of so many milliseconds ago, at a price in text. */
export function tradeAt(agoMs: number, price: string, more: Partial<Trade> = {}): Trade {
  const [whole, fraction = ''] = price.split('.')
  return tradeOf(nextNumber(more.exchange ?? 'BINANCE', more.symbol ?? 'BTCUSDT'), {
    timestamp: BigInt(Date.now() - agoMs) * 1000n,
    ingestionTimestamp: BigInt(Date.now()) * 1000n,
    price: BigInt(whole + fraction.padEnd(10, '0')),
    ...more,
  })
}

/** Prices that walk, from a seed. */
export function history(hours: number, perMinute: number): Trade[] {
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) / 2 ** 24
  }
  const walks: number[] = MARKETS.map(([, , , cents]) => cents)
  const trades: Trade[] = []
  for (let ago = hours * 3_600_000; ago > 2_000; ago -= 60_000 / perMinute)
    MARKETS.forEach(([exchange, symbol, currency, cents], place) => {
      // An asset's price on one exchange follows its price on the first.
      const leader = MARKETS.findIndex(market => market[1].slice(0, 3) === symbol.slice(0, 3))
      walks[place] =
        leader === place
          ? walks[place] * (1 + (random() - 0.5) * 0.0012)
          : walks[leader] * (1 + (random() - 0.4) * 0.0006)
      const price = walks[place].toFixed(cents < 1 ? 8 : 0)
      const digits = cents < 1 ? (Number(price) / 100).toFixed(8) : `${price.slice(0, -2)}.${price.slice(-2)}`
      const quantity = BigInt(Math.floor(random() * 90_000_000) + 10_000) * (cents < 1 ? 10_000n : 1n)
      trades.push(
        tradeAt(ago - Math.floor(random() * 900), digits, {
          ...{ exchange, symbol, currency, quantity, side: random() < 0.5 ? 'BUY' : 'SELL' },
        }),
      )
    })
  return trades
}

/** `feeds`: those that run beside the server. */
export async function pageLake(auth: 'none' | 'keys' = 'none', feeds?: () => FeedReport[]): Promise<PageLake> {
  const lake = await newLake()
  const sink = lakeSink(lake, () => {})
  const audit: RunAudit = steps => auditAfresh(() => openLakeReadOnly(lake.directory), { steps })
  let server: HttpServer
  let port = '0'
  const beginServer = async () => {
    server = await serveCatalog(lake, { host: '127.0.0.1', port, auth, log: SILENT, audit, ...(feeds && { feeds }) })
    port = new URL(server.url).port
  }
  await beginServer()
  return {
    lake,
    url: server!.url,
    async publish(trades) {
      const records = trades.map(trade => ({
        topic: topicName(trade.exchange.toLowerCase()),
        key: Buffer.from(trade.symbol),
        value: encodeTrade(trade),
        timestamp: Date.now(),
      }))
      await sink.send(records)
      await drainLake(lake)
    },
    async report(gap) {
      const whole: FeedGap = {
        ...{ exchange: 'binance', symbol: 'BTCUSDT', kind: 'sequence', status: 'lost', fromId: 1, toId: 2 },
        ...{ cause: 'skipped in the stream', raw: null, fromTime: null, toTime: null },
        ...{ reportedAt: BigInt(Date.now()) * 1000n },
        ...gap,
      }
      const key = Buffer.from(whole.exchange)
      await sink.send([{ topic: FEED_GAPS.topic, key, value: encodeGap(whole), timestamp: Date.now() }])
      await drainLake(lake)
    },
    endServer: () => server.close(),
    beginServer,
    async close() {
      await server.close()
      lake.remove()
    },
  }
}
