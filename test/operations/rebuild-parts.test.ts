/** A rebuild of a part of a file, or beside work that waits: the rest stays as it is, and comes where it was going. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { consumers, topicName } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { rebuildSilver, redrive } from '../../operations/repair/rebuild.ts'
import { drainLake, newLake, publishMarket, rewriteFile, rowsOf, type TestLake } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'

const BRONZE = 'bronze_binance_trades'
const SILVER = 'silver_binance_trades'
const DLQ = 'silver_dlq_trades'
const GOLD = 'gold_crypto_trades'
const TRADE = 'message_id, price, quantity'
const EVER = { from: 0n, to: 10n ** 17n }

let lake: TestLake
beforeEach(async () => {
  lake = await newLake()
  await publishMarket(lake, { market: 0, from: 0, to: 15 })
  await drainLake(lake)
})
afterEach(() => lake.remove())

const binance = () => lake.exchanges[0]
const number = async (table: string, value: string) =>
  BigInt(((await rowsOf(lake, table, `${value} AS value`)) as { value: number | bigint }[])[0].value)

async function expectLaws(): Promise<void> {
  const { laws } = await auditLake(lake)
  expect(laws.flatMap(({ violations }) => violations)).toEqual([])
}

/** Gold as it must be in the end: its trades' ids, prices and quantities. */
async function goldOfAnotherLake(): Promise<unknown[]> {
  const other = await newLake()
  try {
    await publishMarket(other, { market: 0, from: 0, to: 40 })
    await drainLake(other)
    return await rowsOf(other, GOLD, TRADE)
  } finally {
    other.remove()
  }
}

/** The rest of the market comes: Bronze has taken it. Gives what its queue tells Silver. */
async function ingestMore() {
  await publishMarket(lake, { market: 0, from: 15, to: 40 })
  const functions = wireFunctions(lake, SILENT)
  const batch = await lake.topics.poll(topicName('binance'), 100_000)
  if (!batch) throw new Error('nothing to poll')
  await functions.bronze.get('binance')?.(batch.event, invocation(lake.ports))
  await lake.topics.acknowledge(batch)
  return { functions, Records: functions.queues.get('binance')?.receive(10) ?? [] }
}

/** Silver has taken it too: its files wait for the tables and for Gold. */
async function refineMore(): Promise<void> {
  const { functions, Records } = await ingestMore()
  await functions.silver.get('binance')?.({ Records }, invocation(lake.ports))
}

test('of some rows of a Silver file leaves its other rows as they are, times and all', async () => {
  // Every second record was ingested a microsecond before the others of its file.
  for (const [table, column, offset] of [
    [BRONZE, 'ingestion_timestamp', '"offset"'],
    [SILVER, 'bronze_ingestion_timestamp', 'kafka_offset'],
  ])
    await rewriteFile(lake, table, {
      select: rows => `SELECT * REPLACE (${column} - to_microseconds(${offset} % 2) AS ${column}) FROM ${rows}`,
    })
  const earlier = (await number(SILVER, 'epoch_us(max(bronze_ingestion_timestamp))')) - 1n
  const isEarlier = `epoch_us(bronze_ingestion_timestamp) = ${earlier}`
  // The time of validation is that of the rebuild in rows that were made again, and in no others.
  const columns = `* REPLACE (CASE WHEN ${isEarlier} THEN NULL ELSE validation_timestamp END AS validation_timestamp)`
  const before = await rowsOf(lake, SILVER, columns)
  const dead = (await rowsOf(lake, DLQ, '*')).length
  const again = await number(SILVER, `count(*) FILTER (${isEarlier})`)
  expect(Number(again)).toBeGreaterThan(10)
  expect(Number(again)).toBeLessThan(before.length - 10)

  const result = await rebuildSilver(lake.ports, binance(), { from: earlier, to: earlier })

  expect(BigInt(result.valid)).toBe(again)
  expect(await rowsOf(lake, SILVER, columns)).toEqual(before)
  expect((await rowsOf(lake, DLQ, '*')).length).toBe(dead)
  await expectLaws()
})

test('of a Silver file that waits for Gold hands the new file to Gold, which has the trades then', async () => {
  const good = await goldOfAnotherLake()
  await refineMore()
  const waiting = async () => (await countPending(lake.ports.state, consumers.gold('binance'))).items
  expect(await waiting()).toBe(1)

  // The code is the same, so that no trade changes, and the rebuild itself has nothing to do in Gold.
  expect(await rebuildSilver(lake.ports, binance(), EVER)).toMatchObject({ goldAdded: 0, goldRemoved: 0 })
  expect(await waiting()).toBe(1)
  await drainLake(lake)

  expect(await rowsOf(lake, GOLD, TRADE)).toEqual(good)
  await expectLaws()
})

test('of earlier records leaves later ones to come, whose Silver files wait for the tables', async () => {
  const good = await goldOfAnotherLake()
  const to = await number(SILVER, 'epoch_us(max(bronze_ingestion_timestamp))')
  await refineMore()

  const result = await rebuildSilver(lake.ports, binance(), { from: 0n, to })
  expect(result.valid).toBeGreaterThan(0)
  await drainLake(lake)

  expect(await rowsOf(lake, GOLD, TRADE)).toEqual(good)
  await expectLaws()
})

test('of an object that waits for Silver is its only turn: the event of it that comes later changes nothing', async () => {
  const { functions, Records } = await ingestMore()
  expect(Records).toHaveLength(1)
  await rebuildSilver(lake.ports, binance(), EVER)
  const rows = (await rowsOf(lake, SILVER, '*')).length

  await functions.silver.get('binance')?.({ Records }, invocation(lake.ports))
  await drainLake(lake)

  expect((await rowsOf(lake, SILVER, '*')).length).toBe(rows)
  await expectLaws()
})

test('of an exchange’s dead letters leaves those of another one in the same file, at the same place of its topic', async () => {
  const records = "* REPLACE ('unknown_schema' AS error_type)"
  await rewriteFile(lake, DLQ, {
    select: rows => {
      const ours = `SELECT ${records} FROM ${rows} WHERE exchange = 'BINANCE'`
      return `${ours} UNION ALL (SELECT * REPLACE ('KRAKEN' AS exchange) FROM (${ours}))
        UNION ALL (SELECT * FROM ${rows} WHERE exchange <> 'BINANCE')`
    },
  })
  const theirs = `exchange, topic_epoch, kafka_partition, kafka_offset, raw_record, error_timestamp`
  const others = async () =>
    (await rowsOf(lake, DLQ, theirs)).filter(row => (row as { exchange: string }).exchange !== 'BINANCE')
  const before = await others()
  const ours = await number(DLQ, `count(*) FILTER (exchange = 'BINANCE' AND error_type = 'unknown_schema')`)
  expect(Number(ours)).toBeGreaterThan(0)

  const result = await redrive(lake.ports, binance(), { errorType: 'unknown_schema', range: EVER })

  expect(BigInt(result.records)).toBe(ours)
  expect(await others()).toEqual(before)
})
