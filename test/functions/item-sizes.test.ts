/** What an item of a list costs: DynamoDB counts a write unit for each KB, its names included. */
import { expect, test } from 'vitest'
import { tradeStream } from '../../domain/streams.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { BINANCE, kafkaEvent, memoryLake, recordsOf, refineAll, tradeOf } from './support.ts'

test('a batch waits for Silver, Gold and its tables in items of one write unit each', async () => {
  const lake = memoryLake()
  const bytesOf = async (consumer: string) => {
    const [{ key, attributes }] = await lake.ports.state.query('state', `pending#${consumer}`)
    return Object.entries({ pk: key.partition, sk: key.sort, ...attributes })
      .flat()
      .join('').length
  }
  const trades = Array.from({ length: 200 }, (_, i) => {
    return tradeOf(i, { price: 86_000_000_000_000n + BigInt(i) * 1_370_000_000n })
  })
  await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, recordsOf(trades)))
  const sizes = [await bytesOf('silver_binance'), await bytesOf('table_bronze_binance_trades')]
  await refineAll(lake, BINANCE)
  sizes.push(await bytesOf('gold_binance'), await bytesOf('table_silver_binance_trades'))
  expect(sizes.filter(bytes => bytes > 0 && bytes <= 1_024)).toHaveLength(4)
})
