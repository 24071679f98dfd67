/** A lake in a folder with numbered trades of three exchanges, served, and the trades as they were put in, for those who compare. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
  const file = join(folder, 'trades.jsonl')
  const lines = trades.map(({ exchange, symbol, tradeId, timestamp, price, quantity, side }) =>
    JSON.stringify([
      ...[exchange, symbol, Number(tradeId.split('-')[1]), Number(timestamp)],
      ...[formatDecimal(price, PRICE_SCALE), formatDecimal(quantity, QUANTITY_SCALE), side],
    ]),
  )
  writeFileSync(file, `${lines.join('\n')}\n`)
  lake.close()
  const served: Served = await serveLake(lake.directory)
  return {
    ...{ url: served.catalog.replace(/\/iceberg$/, ''), trades: file, folder, directory: lake.directory },
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
      const again = await openLake(lake.directory, { exchanges: lake.exchanges })
      await commitTrades(again, late)
      again.close()
    },
    async close() {
      await served.close()
      rmSync(folder, { recursive: true })
    },
  }
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
