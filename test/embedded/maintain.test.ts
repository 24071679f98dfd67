/** Maintenance of a real lake: the audit holds before and after, readers see the same rows, files are few. */
import { expect, onTestFinished, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, silverTable } from '../../domain/tables.ts'
import { type Lake, openLakeReadOnly } from '../../embedded/lake.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { createView, openTables } from '../../tables/views.ts'
import { drainLake, newLake, publishMarket, rewriteFile } from './support.ts'

const DAY_MS = 86_400_000
/** Counts every partition as closed, tomorrow's too. */
const ALL_CLOSED = { closedAfterMs: -2 * DAY_MS, sweepEveryMs: 0 }

const run = (lake: Lake) => maintain(lake.ports, lake.exchanges, Number.POSITIVE_INFINITY, ALL_CLOSED)
const broken = async (lake: Lake) => (await auditLake(lake)).laws.filter(law => !law.holds)

/** As another process sees them. */
async function digests(lake: Lake): Promise<Record<string, string>> {
  const looking = await openLakeReadOnly(lake.directory)
  const session = await looking.ports.engine.session()
  try {
    const found: Record<string, string> = {}
    for (const table of await openTables(looking)) {
      await session.run(await createView(looking, table))
      const name = table.definition.name
      const [row] = await session.run(
        `SELECT count(*) || ' rows ' || coalesce(sum(hash(t)), 0)::VARCHAR AS digest FROM ${name} AS t`,
      )
      found[name] = String(row.digest)
    }
    return found
  } finally {
    session.close()
    looking.close()
  }
}

test('joins all tables of a lake that goes on; no law is broken and no row changed', async () => {
  const lake = await newLake()
  onTestFinished(() => lake.remove())
  for (let from = 0; from < 90; from += 30) {
    await publishMarket(lake, { market: 0, from, to: from + 30 })
    await drainLake(lake)
  }
  const before = await digests(lake)
  const result = await run(lake)
  expect(result.failures).toEqual([])
  expect(result.tables.map(({ table }) => table)).toEqual(
    expect.arrayContaining([
      'gold_crypto_trades',
      'silver_dlq_trades',
      ...EXCHANGES.map(each => bronzeTable(each).name),
    ]),
  )
  for (const { definition, files } of await openTables(lake)) {
    const partitions = new Set(files.map(file => JSON.stringify(file.partition))).size
    expect(files.length, definition.name).toBe(partitions)
  }
  expect(await digests(lake)).toEqual(before)
  expect(await broken(lake)).toEqual([])
  // And on: new rows, a repeat of old ones, another run.
  await publishMarket(lake, { market: 0, from: 60, to: 120 })
  await drainLake(lake)
  expect((await run(lake)).failures).toEqual([])
  expect(await broken(lake)).toEqual([])
})

test('drops days whose time has come, and the audit agrees', async () => {
  const KRAKEN = EXCHANGES[1]
  const lake = await newLake([KRAKEN])
  onTestFinished(() => lake.remove())
  await publishMarket(lake, { market: 0, from: 0, to: 60, rate: 500 })
  await drainLake(lake)
  const earlier = (columns: string[], days: number) => (rows: string) =>
    `SELECT * REPLACE (${columns.map(column => `${column} - INTERVAL ${days} DAYS AS ${column}`).join(', ')}) FROM ${rows}`
  const names = [bronzeTable(KRAKEN).name, silverTable(KRAKEN).name, 'silver_dlq_trades']
  await rewriteFile(lake, names[0], { select: earlier(['ingestion_timestamp'], 13) })
  await rewriteFile(lake, names[1], { select: earlier(['bronze_ingestion_timestamp', 'validation_timestamp'], 13) })
  await rewriteFile(lake, names[2], { select: earlier(['error_timestamp'], 13) })
  expect((await run(lake)).tables.flatMap(({ droppedPartitions }) => droppedPartitions)).toEqual([])
  await rewriteFile(lake, names[0], { select: earlier(['ingestion_timestamp'], 2) })
  await rewriteFile(lake, names[1], { select: earlier(['bronze_ingestion_timestamp', 'validation_timestamp'], 2) })
  await rewriteFile(lake, names[2], { select: earlier(['error_timestamp'], 2) })
  const { tables } = await run(lake)
  expect(tables.filter(({ droppedRows }) => droppedRows > 0).map(({ table }) => table)).toEqual([names[0]])
  expect(await broken(lake)).toEqual([])
})
