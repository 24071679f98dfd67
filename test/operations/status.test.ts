/** What `status` says of a lake, against what a query of all its rows says. */
import { expect, onTestFinished, test } from 'vitest'
import { takeLease } from '../../domain/lease.ts'
import { topicName } from '../../domain/names.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import { lakeStatus } from '../../operations/status.ts'
import { drainLake, newLake, publishMarket, rowsOf } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'

async function lakeOf() {
  const lake = await newLake()
  onTestFinished(() => lake.remove())
  return lake
}

test('a lake that is empty has nothing, and nothing that waits', async () => {
  const lake = await lakeOf()
  const status = await lakeStatus(lake)
  expect(status.exchanges.map(({ exchange }) => exchange)).toEqual(['binance', 'kraken', 'coinbase'])
  expect(status.exchanges[0]).toMatchObject({ lastRecord: undefined, lastTrade: undefined, recordsInHour: 0 })
  expect(status).toMatchObject({ lastGold: undefined, pending: [], paused: undefined })
  expect(status.deadLetters).toEqual({ letters: 0, trades: 0 })
})

test('times and counts are those of the rows', async () => {
  const lake = await lakeOf()
  await publishMarket(lake, { market: 0, from: 0, to: 20 })
  await lake.topics.append(topicName('kraken'), [
    { partition: 0, key: null, value: Buffer.from('no trade'), timestamp: lake.ports.clock.now() },
  ])
  await drainLake(lake)
  const status = await lakeStatus(lake)
  const millis = async (table: string, column: string) => {
    const [row] = (await rowsOf(lake, table, `epoch_ms(max("${column}")) AS at`)) as { at: bigint }[]
    return Number(row.at)
  }
  for (const { exchange, lastRecord, lastTrade, recordsInHour, missingOffsets } of status.exchanges) {
    expect(lastRecord).toBe(await millis(`bronze_${exchange}_trades`, 'kafka_timestamp'))
    expect(lastTrade).toBe(await millis(`silver_${exchange}_trades`, 'timestamp'))
    expect(recordsInHour).toBe((await rowsOf(lake, `bronze_${exchange}_trades`, '1')).length)
    expect(missingOffsets).toBe(0)
  }
  expect(status.lastGold).toBe(await millis('gold_crypto_trades', 'timestamp'))
  const letters = (await rowsOf(lake, 'silver_dlq_trades', '1')).length
  expect(letters).toBeGreaterThan(0)
  expect(status.deadLetters.letters).toBe(letters)
  const gold = status.tables.find(({ table }) => table === 'gold_crypto_trades')
  expect(gold).toMatchObject({ rows: (await rowsOf(lake, 'gold_crypto_trades', '1')).length, swept: undefined })
  expect(lake.ports.clock.now() - Number(gold?.committed)).toBeLessThan(120_000)
})

test('what waits, what is missing, and who has the lake to himself', async () => {
  const lake = await lakeOf()
  await lake.topics.append(topicName('kraken'), [{ partition: 0, key: null, value: Buffer.from('one'), timestamp: 1 }])
  await drainLake(lake)
  await lake.topics.place(topicName('kraken'), [
    { partition: 0, offset: 4, key: null, value: Buffer.from('five'), timestamp: 1 },
  ])
  const batch = await lake.topics.poll(topicName('kraken'), 10)
  const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 }
  if (batch) await wireFunctions(lake, SILENT).bronze.get('kraken')?.(batch.event, context)
  await takeLease(lake.ports, 'lake', 'a repair', 60_000)
  const status = await lakeStatus(lake)
  expect(status.exchanges.find(({ exchange }) => exchange === 'kraken')?.missingOffsets).toBe(3)
  expect(status.pending.map(({ consumer, items }) => [consumer, items])).toEqual([
    ['silver_kraken', 1],
    ['table_bronze_kraken_trades', 1],
  ])
  expect(status.paused).toMatchObject({ purpose: 'a repair' })
})
