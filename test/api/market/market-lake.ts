/** A lake whose candles are known: trades of three exchanges over days, folded by the stage; and the naive answer to a question. */
import { expect } from 'vitest'
import { type ApiOptions, createApi } from '../../../api/app.ts'
import type { Exchange } from '../../../domain/exchanges.ts'
import { encodeGap, type FeedGap } from '../../../domain/feed-gaps.ts'
import { FEED_GAPS, tradeStream } from '../../../domain/streams.ts'
import { DLQ_TABLE, FEED_GAPS_TABLE } from '../../../domain/tables.ts'
import type { Trade } from '../../../domain/trade.ts'
import { ingest } from '../../../functions/bronze/bronze.ts'
import { commitTable } from '../../../functions/commit/commit.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { feed } from '../../functions/gold-support.ts'
import {
  BINANCE,
  COINBASE,
  KRAKEN,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  refineAll,
  testEngine,
  tradeOf,
  unifyAll,
} from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { askedDescription } from '../support.ts'

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

export const report = (exchange: string, more: Partial<FeedGap>): FeedGap => ({
  ...{
    exchange,
    symbol: null,
    kind: 'sequence',
    status: 'open',
    fromId: 1,
    toId: 2,
    cause: 'skipped in the stream',
    raw: null,
  },
  ...{ fromTime: null, toTime: null, reportedAt: NOW },
  ...more,
})
const lookedFor = { symbol: 'BTCUSD', fromTime: NOW - 3n * HOUR, toTime: NOW - 3n * HOUR + 2n * MINUTE }
const found = { symbol: 'ETHUSDT', fromTime: NOW - 5n * HOUR, toTime: NOW - 4n * HOUR, fromId: 5, toId: 9 }
const lost = { symbol: 'BTCUSDT', status: 'lost', fromTime: NOW - DAY, toTime: NOW - DAY } as const
const away = {
  kind: 'disconnect',
  status: 'unknown',
  fromId: null,
  toId: null,
  fromTime: NOW - 30n * DAY,
  toTime: NOW - 29n * DAY,
} as const
const spoilt = {
  symbol: 'ETHUSDT',
  kind: 'unreadable',
  status: 'unreadable',
  fromId: 77,
  toId: 77,
  reportedAt: NOW - 2n * DAY,
} as const
export const REPORTS = [
  report('kraken', lookedFor),
  report('binance', lost),
  report('coinbase', away),
  report('binance', spoilt),
  report('binance', { ...found, reportedAt: NOW - HOUR }),
  report('binance', { ...found, status: 'filled' }),
]

/** What of these reports stands: the code of the exchange, the symbol or all, and the times of the trades around. */
export const MISSING = [
  ['KRAKEN', lookedFor.symbol, lookedFor.fromTime, lookedFor.toTime],
  ['BINANCE', lost.symbol, lost.fromTime, lost.toTime],
  ['COINBASE', undefined, away.fromTime, away.toTime],
  ['BINANCE', spoilt.symbol, spoilt.reportedAt, spoilt.reportedAt],
] as const

/** Commits what a feed reports. */
export async function publishReports(lake: MemoryLake, reports: readonly FeedGap[], firstOffset = 0): Promise<void> {
  const records = reports.map((gap, at) => ({
    ...{
      topic: FEED_GAPS.topic,
      partition: 0,
      offset: firstOffset + at,
      timestamp: lake.clock.now(),
      timestampType: 'CREATE_TIME',
      key: null,
    },
    value: Buffer.from(encodeGap(gap)).toString('base64'),
    headers: [],
  }))
  await ingest(lake.ports, FEED_GAPS, { eventSource: 'aws:kafka', records: { [`${FEED_GAPS.topic}-0`]: records } })
  await commitTable(lake.ports, FEED_GAPS_TABLE, Number.POSITIVE_INFINITY)
}

/** Takes values of Kafka records, from an offset on, up to the table of dead letters, where what is no valid trade ends. */
export async function refuse(
  lake: MemoryLake,
  exchange: Exchange,
  offset: number,
  values: readonly (Uint8Array | null)[],
): Promise<void> {
  const records = values.map((value, place) => ({ partition: 0, offset: offset + place, value }))
  await ingest(lake.ports, tradeStream(exchange), kafkaEvent(exchange, records))
  await refineAll(lake, exchange)
  await commitTable(lake.ports, DLQ_TABLE, Number.POSITIVE_INFINITY)
}

export interface MarketLake extends MemoryLake {
  readonly trades: readonly Trade[]
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  ask(path: string, request: RequestInit): Promise<Response>
}

/** More trades of BINANCE's BTCUSDT, up to their candles. */
export async function addTrades(lake: MemoryLake, some: readonly Pick<Trade, 'timestamp' | 'price'>[]): Promise<void> {
  const trades = some.map((each, n) =>
    tradeOf(10_000 + Number(each.timestamp % 10_000n) * 10 + n, { exchange: BINANCE.code, symbol: 'BTCUSDT', ...each }),
  )
  await feed(lake, trades, { exchange: BINANCE, kafkaMillis: lake.clock.now() })
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
}

/** `options`: what the server has besides; `root`: where the lake says that it is. */
export async function marketLake({
  root,
  ...options
}: Partial<ApiOptions> & { readonly root?: string } = {}): Promise<MarketLake> {
  const lake = memoryLake({ engine: await testEngine() })
  if (root !== undefined) Object.assign(lake.ports.store, { root })
  const made = someTrades()
  for (const exchange of [BINANCE, KRAKEN, COINBASE]) {
    const some = made.filter(each => each.exchange === exchange).map(({ trade }) => trade)
    await feed(lake, some, { exchange, kafkaMillis: lake.clock.now() })
  }
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
  await publishReports(lake, REPORTS)
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', ...options })
  const described = Object.entries((await askedDescription()).paths)
  const ask = async (path: string, { headers, ...request }: RequestInit) => {
    const answer = await api.request(`http://localhost:8080/v1/${path}`, {
      ...{ headers: { host: 'localhost:8080', ...(headers as Record<string, string>) }, ...request },
    })
    const route = described.find(([pattern]) => isOf(pattern, `/${path.split('?')[0]}`))
    const responses = route?.[1][(request.method ?? 'GET').toLowerCase()]?.responses
    // Whatever a test asks, its answer's status is one that the description names.
    if (responses) expect(Object.keys(responses)).toContain(String(answer.status))
    return answer
  }
  return Object.assign(lake, {
    trades: made.map(({ trade }) => trade),
    ask,
    get: (path: string, headers = {}) => ask(path, { headers }),
  })
}

/** `pattern`: a path of the description, as `/pins/{name}`. */
function isOf(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/\{\w+\}/g, '.+')}$`).test(path)
}
