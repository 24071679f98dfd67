/** A lake in a folder with numbered trades of three exchanges, served, and the trades as they were put in, for those who compare. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemTimers } from '../../adapters/system.ts'
import { formatDecimal, PRICE_SCALE, QUANTITY_SCALE } from '../../domain/decimal.ts'
import { topicName } from '../../domain/names.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import { shapeTrades } from '../api/shapes-lake.ts'
import { drainLake, newLake } from '../embedded/support.ts'
import { type Served, serveLake } from './served.ts'

export interface ServedMarkets {
  /** Where the lake is asked, without a slash at its end. */
  readonly url: string
  /** A file of JSON lines: exchange, symbol, number, microseconds, price, quantity, side. */
  readonly trades: string
  /** The lake's. */
  readonly directory: string
  /** For what clients write. */
  readonly folder: string
  /** A file, as `trades`, of trades of now that Binance's markets have not yet: several at one moment, and at other prices. */
  newTrades(): string
  /** Commits them. */
  addNewTrades(): Promise<void>
  /** Commits trades that come a day late: one behind each of BTCUSDT's, at half a dollar more. */
  addLateTrades(): Promise<void>
  close(): Promise<void>
}

/** More than two pages of what clients ask for at once. */
const TRADES = 2_500

export async function servedMarkets(): Promise<ServedMarkets> {
  const lake = await newLake()
  const trades = shapeTrades(BigInt(Math.floor(Date.now() / 1000)) * 1_000_000n, TRADES)
  await commitTrades(lake, trades)
  const folder = join(lake.directory, '..')
  const file = writeTrades(join(folder, 'trades.jsonl'), trades)
  lake.close()
  const served: Served = await serveLake(lake.directory, { live: { timers: systemTimers(), isStreaming: true } })
  const commit = async (some: readonly Trade[]) => {
    const again = await openLake(lake.directory, { exchanges: lake.exchanges })
    await commitTrades(again, some)
    again.close()
  }
  let fresh: readonly Trade[] = []
  return {
    ...{ url: served.catalog.replace(/\/iceberg$/, ''), trades: file, folder, directory: lake.directory },
    newTrades() {
      fresh = tradesOfNow(trades, BigInt(Math.floor(Date.now() / 1000)) * 1_000_000n)
      return writeTrades(join(folder, 'new.jsonl'), fresh)
    },
    addNewTrades: () => commit(fresh),
    async addLateTrades() {
      const late = trades
        .filter(({ symbol }) => symbol === 'BTCUSDT')
        .map((trade, n) => {
          const tradeId = `BINANCE-${n + 1}`
          return {
            ...{ ...trade, tradeId, messageId: messageId(trade.exchange, trade.symbol, tradeId) },
            ...{ timestamp: trade.timestamp + 1n, price: trade.price + 5_000_000_000n },
          }
        })
      await commit(late)
    },
    async close() {
      await served.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function writeTrades(file: string, trades: readonly Trade[]): string {
  const lines = trades.map(({ exchange, symbol, tradeId, timestamp, price, quantity, side }) =>
    JSON.stringify([
      ...[exchange, symbol, Number(tradeId.split('-')[1]), Number(timestamp)],
      ...[formatDecimal(price, PRICE_SCALE), formatDecimal(quantity, QUANTITY_SCALE), side],
    ]),
  )
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** The last sixty of each of Binance's markets once more, in the ten seconds before a time, with numbers that follow. */
function tradesOfNow(trades: readonly Trade[], now: bigint): Trade[] {
  const byMarket = Map.groupBy(
    trades.filter(({ exchange }) => exchange === 'BINANCE'),
    ({ symbol }) => symbol,
  )
  return [...byMarket.values()].flatMap(all => {
    const last = Number(all.at(-1)?.tradeId.split('-')[1])
    return all.slice(-60).map((trade, n) => {
      const tradeId = `BINANCE-${last + n + 1}`
      const timestamp = now - 10_000_000n + BigInt(Math.floor(n / 3)) * 400_000n
      return { ...trade, tradeId, timestamp, messageId: messageId(trade.exchange, trade.symbol, tradeId) }
    })
  })
}

async function commitTrades(lake: Lake, trades: readonly Trade[]): Promise<void> {
  for (const exchange of lake.exchanges) {
    const records = trades
      .filter(trade => trade.exchange === exchange.code)
      .map(trade => ({ partition: 0, key: null, value: encodeTrade(trade), timestamp: Date.now() }))
    await lake.topics.append(topicName(exchange.name), records)
  }
  await drainLake(lake)
}
