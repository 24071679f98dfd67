import { expect, test } from 'vitest'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { readTrades } from '../../tables/gold-columns.ts'
import { feed } from '../functions/gold-support.ts'
import { memoryLake, START_MICROS, testEngine, tradeOf, unifyAll } from '../functions/support.ts'

const engine = await testEngine()
const EVER = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

test('a small file is kept without the memory that it was read into, and with decimals of more than 64 bits', async () => {
  const lake = memoryLake({ engine })
  const trades = [1n, 2n, 3n].map(n =>
    tradeOf(Number(n), { timestamp: START_MICROS - n * 1_000n, price: n * 1_234_567n, quantity: 2n ** 63n + n }),
  )
  await feed(lake, trades)
  await unifyAll(lake)
  const [file] = await planFiles(lake.ports, await loadTable(lake.ports, GOLD_TABLE.name))
  const [columns] = await Array.fromAsync(readTrades(lake.ports, file, EVER))
  const { times, price, quantity, exchange, symbol, side, ids } = columns
  const rows = [...times.keys()].map(row => [
    ...[BigInt(times[row]), price.values[row], quantity.values[row], ids.text(row)],
    ...[exchange, symbol, side].map(({ entries, indexes }) => entries[indexes[row]]),
  ])
  expect(rows).toEqual(
    [...trades]
      .sort((a, b) => Number(a.timestamp - b.timestamp))
      .map(each => [each.timestamp, each.price, each.quantity, each.tradeId, each.exchange, each.symbol, each.side]),
  )
  expect(ids.bytes.buffer.byteLength).toBe(ids.bytes.length)
  expect(quantity.halves).toBeUndefined()
})
