/** What `status` says of a lake, against what a query of all its rows says. */
import { expect, onTestFinished, test } from 'vitest'
import { takeLease } from '../../domain/lease.ts'
import { topicName } from '../../domain/names.ts'
import { FEED_GAPS_TABLE } from '../../domain/tables.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import { createTable, loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { uriOf } from '../../iceberg/location.ts'
import { planFiles } from '../../iceberg/scan.ts'
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

test('a damaged table is named with what is wrong, and hides nothing of the others', async () => {
  const lake = await lakeOf()
  await publishMarket(lake, { market: 0, from: 0, to: 5 })
  await drainLake(lake)
  const whole = await lakeStatus(lake)
  // At another key: what is immutable is remembered.
  const key = 'tables/gold_crypto_trades/metadata/99999-no.gz.metadata.json'
  await lake.ports.store.put(key, Buffer.from('no'))
  const pointer = pointerKey('gold_crypto_trades')
  const attributes = { ...(await lake.ports.state.get(pointer)), 'p.metadata_location': uriOf(lake.ports.store, key) }
  await lake.ports.state.transact([{ kind: 'put', item: { key: pointer, attributes } }], 'token-1')
  const status = await lakeStatus(lake)
  const isGold = ({ table }: { table: string }) => table === 'gold_crypto_trades'
  expect(status.tables.find(isGold)).toMatchObject({
    rows: 0,
    files: 0,
    problem: expect.stringMatching(/^Table metadata .* cannot be read/),
  })
  expect(status.lastGold).toBeUndefined()
  const others = ({ tables, exchanges }: typeof status) => ({
    exchanges,
    tables: tables.filter(table => !isGold(table)),
  })
  expect(others(status)).toEqual(others(whole))
  expect(others(status).tables.filter(({ problem }) => problem !== undefined)).toEqual([])
})

test('reports of feeds that cannot be read are named, and not counted as none', async () => {
  const lake = await lakeOf()
  await publishMarket(lake, { market: 0, from: 0, to: 5 })
  await drainLake(lake)
  const gaps = 'feed_gaps'
  const [file] = await planFiles(lake.ports, await loadTable(lake.ports, 'bronze_kraken_trades'))
  await drainLake(lake)
  const table = await createTable(lake.ports, FEED_GAPS_TABLE)
  const add = [{ ...file, key: `tables/${gaps}/data/gone.parquet`, partition: { ingestion_date_day: 20_000 } }]
  const { write } = await stageSnapshot(lake.ports, { table, add, operation: 'append' })
  await lake.ports.state.transact([write], 'token-1')
  const status = await lakeStatus(lake)
  expect(status.gaps).toBeUndefined()
  expect(status.tables.find(found => found.table === gaps)?.problem).toMatch(/gone\.parquet, which is missing/)
})

test('of a file that begins before the last hour the share within it counts', async () => {
  const lake = await lakeOf()
  const now = lake.ports.clock.now()
  const minutesAgo = [180, 150, 120, 90, 61, 45, 30, 15, 0]
  await lake.topics.append(
    topicName('kraken'),
    minutesAgo.map(minutes => {
      return { partition: 0, key: null, value: Buffer.from('no trade'), timestamp: now - minutes * 60_000 }
    }),
  )
  await drainLake(lake)
  const status = await lakeStatus(lake)
  // One file of three hours and nine records: a third of it.
  expect(status.exchanges.find(({ exchange }) => exchange === 'kraken')?.recordsInHour).toBe(3)
})

test('a file whose bounds cannot be a time has none', async () => {
  const lake = await lakeOf()
  await publishMarket(lake, { market: 0, from: 0, to: 5 })
  await drainLake(lake)
  const table = await loadTable(lake.ports, 'gold_crypto_trades')
  const files = await planFiles(lake.ports, table)
  const odd = (bounds: (typeof files)[0]['lowerBounds']) =>
    Object.fromEntries(Object.keys(bounds).map(id => [id, Buffer.from('odd')]))
  const add = files.map(file => ({ ...file, lowerBounds: odd(file.lowerBounds), upperBounds: odd(file.upperBounds) }))
  const remove = new Set(files.map(({ key }) => key))
  const { write } = await stageSnapshot(lake.ports, { table, add, remove, operation: 'overwrite' })
  await lake.ports.state.transact([write], 'token-1')
  expect((await lakeStatus(lake)).lastGold).toBeUndefined()
})
