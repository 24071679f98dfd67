/** Gold's tests: trades through Bronze and Silver, the rows that come out, and what must come out, computed naively. */
import { expect } from 'vitest'
import { readCheckpoint } from '../../domain/checkpoint.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import { tradeStream } from '../../domain/streams.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import type { Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { BINANCE, kafkaEvent, type MemoryLake, refineAll } from './support.ts'

/** Trades through Bronze and Silver as one object; their order is the order of their offsets. */
export async function feed(
  lake: MemoryLake,
  trades: readonly Trade[],
  options: { exchange?: Exchange; partition?: number; kafkaMillis?: number } = {},
): Promise<void> {
  const { exchange = BINANCE, partition = 0, kafkaMillis } = options
  const { nextOffset } = await readCheckpoint(lake.ports.state, topicName(exchange.name), partition)
  const records = trades.map((trade, i) => ({
    partition,
    offset: nextOffset + i,
    value: encodeTrade(trade),
    timestamp: kafkaMillis ?? Number(trade.timestamp / 1000n),
  }))
  await ingest(lake.ports, tradeStream(exchange), kafkaEvent(exchange, records))
  expect(await refineAll(lake, exchange)).toMatchObject({ valid: trades.length, invalid: 0, failures: [] })
}

/** Gold's committed files. */
export async function goldFiles(lake: MemoryLake): Promise<DataFile[]> {
  const table = await findTable(lake.ports, GOLD_TABLE.name)
  return table ? planFiles(lake.ports, table) : []
}

/** `message_id timestamp price` of every row, sorted. */
export async function goldRows(lake: MemoryLake): Promise<string[]> {
  const rows: string[] = []
  for (const file of await goldFiles(lake)) {
    const { values } = await readColumns(file.key, await lake.ports.store.get(file.key), [
      'message_id',
      'timestamp',
      'price',
      'exchange_date',
      'exchange_hour',
    ])
    for (const [row, id] of values.message_id.entries()) {
      const micros = values.timestamp[row] as bigint
      expect(values.exchange_date[row]).toBe(Number(micros / 86_400_000_000n))
      expect(values.exchange_hour[row]).toBe(Number((micros / 3_600_000_000n) % 24n))
      expect(file.partition).toEqual({
        exchange_date: values.exchange_date[row],
        exchange_hour: values.exchange_hour[row],
      })
      rows.push(`${id} ${micros} ${values.price[row]}`)
    }
  }
  return rows.sort()
}

export const goldRow = (trade: Trade) => `${trade.messageId} ${trade.timestamp} ${trade.price}`

/** Gold after these commits: a trade stays out where one of its id within a second of it stands already. */
export function modelGold(commits: readonly (readonly Trade[])[]): Trade[] {
  const gold: Trade[] = []
  // The rule stands in domain/trade.ts; an oracle has its own.
  const near = (a: bigint, b: bigint) => (a > b ? a - b : b - a) <= 1_000_000n
  for (const trade of commits.flat())
    if (!gold.some(other => other.messageId === trade.messageId && near(other.timestamp, trade.timestamp)))
      gold.push(trade)
  return gold
}
