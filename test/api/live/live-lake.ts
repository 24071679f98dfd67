/** A lake that goes on, and subscribers to what happens in it. */
import { EXCHANGES } from '../../../domain/exchanges.ts'
import type { QueryEngine } from '../../../domain/ports.ts'
import { GOLD_TABLE } from '../../../domain/tables.ts'
import type { Trade } from '../../../domain/trade.ts'
import { findJoins } from '../../../functions/maintain/compact.ts'
import { rewrite } from '../../../functions/maintain/rewrite.ts'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { openTable } from '../../../iceberg/catalog.ts'
import { stageSnapshot } from '../../../iceberg/commit.ts'
import { feed } from '../../functions/gold-support.ts'
import { BINANCE, KRAKEN, type MemoryLake, memoryLake, tradeOf, unifyAll } from '../../functions/support.ts'
import { type LiveApi, liveApi, type Message, type MessageReader, readerOf } from './support.ts'

/** Trades through every stage. */
export async function commit(lake: MemoryLake, trades: readonly Trade[]): Promise<void> {
  for (const exchange of [BINANCE, KRAKEN]) {
    const some = trades.filter(trade => trade.exchange === exchange.code)
    if (some.length > 0) await feed(lake, some, { exchange, kafkaMillis: lake.clock.now() })
  }
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
}

/** Commits trades, and then Gold's older files written anew, as a repair or a rebuild does. */
export async function overwrite(lake: MemoryLake, trades: readonly Trade[]): Promise<void> {
  const joins = await findJoins(lake.ports, GOLD_TABLE, EXCHANGES, 0)
  await commit(lake, trades)
  for (const work of joins) {
    const { file } = await rewrite(lake.ports, GOLD_TABLE, work, EXCHANGES)
    const table = await openTable(lake.ports, GOLD_TABLE)
    if (!table) continue
    const remove = new Set(work.files.map(({ key }) => key))
    const { write } = await stageSnapshot(lake.ports, { table, add: [file], remove, operation: 'overwrite' })
    await lake.ports.state.transact([write], lake.ports.ids.uuid())
  }
}

let nextTrade = 0
/** So many trades, so many milliseconds before the lake's clock. */
export function someTrades(lake: MemoryLake, count: number, agoMs: number): Trade[] {
  return Array.from({ length: count }, (_, i) => {
    const kraken = i % 3 === 2
    return tradeOf(++nextTrade, {
      ...(kraken
        ? { exchange: 'KRAKEN', symbol: 'BTCUSD', currency: 'USD' }
        : { symbol: i % 2 ? 'BTCUSDT' : 'ETHUSDT' }),
      timestamp: BigInt(lake.clock.now() - agoMs) * 1000n + BigInt(i * 137),
    })
  })
}

/** A subscriber: what it has got, and how it is cut and comes again. */
export function subscribe(api: LiveApi, query: string) {
  const got: Message[] = []
  let reader: MessageReader | undefined
  const connect = async () => {
    const cursor = got.at(-1)?.cursor
    const mine = readerOf(
      await api.ask(`stream?${query}&format=ndjson${cursor === undefined ? '' : `&cursor=${cursor}`}`),
    )
    reader = mine
    void (async () => {
      // What comes after a cut is lost, as on a connection that breaks.
      for (let next = await mine.next(); next && reader === mine; next = await mine.next()) got.push(...next)
    })()
  }
  return {
    got,
    connect,
    of: (type: string) => got.filter(message => message.type === type).map(({ data }) => data),
    /** So many of the last messages have got lost on the way, but not the first. */
    async cut(lost = 0) {
      got.length = Math.max(Math.min(1, got.length), got.length - lost)
      const mine = reader
      reader = undefined
      await mine?.cancel()
    },
  }
}

export async function settle(api: LiveApi): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await api.timers.advance(250)
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
  }
}

/** A lake with so many trades of so many milliseconds ago, and a client who follows it from there. */
export async function followedLake(engine: QueryEngine, [count, agoMs]: readonly [number, number], query: string) {
  const lake = memoryLake({ engine })
  const api = liveApi(lake.ports)
  await commit(lake, someTrades(lake, count, agoMs))
  const client = subscribe(api, query)
  await client.connect()
  await settle(api)
  return { lake, api, client }
}
