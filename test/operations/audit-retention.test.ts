/** The audit compares what both sides still keep: what retention dropped is not missed, what was lost is. */
import { expect, onTestFinished, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import type { Lake } from '../../embedded/lake.ts'
import { loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { drainLake, newLake, publishMarket, rewriteFile } from '../embedded/support.ts'

const KRAKEN = EXCHANGES[1]
const BRONZE = bronzeTable(KRAKEN).name
const SILVER = silverTable(KRAKEN).name
const DAYS_AGO = 16

async function lakeOfOneFile(): Promise<Lake> {
  const lake = await newLake([KRAKEN])
  onTestFinished(() => lake.remove())
  await publishMarket(lake, { market: 0, from: 0, to: 60, rate: 500 })
  await drainLake(lake)
  for (const table of [BRONZE, SILVER, DLQ_TABLE.name])
    expect(await planFiles(lake.ports, await loadTable(lake.ports, table)), table).toHaveLength(1)
  return lake
}

/** Takes all files out of a table. */
async function dropFiles(lake: Lake, name: string): Promise<void> {
  const table = await loadTable(lake.ports, name)
  const remove = new Set((await planFiles(lake.ports, table)).map(file => file.key))
  const staged = await stageSnapshot(lake.ports, { table, remove, operation: 'delete' })
  await lake.ports.state.transact([staged.write], lake.ports.ids.uuid())
}

/** Makes the tables older than their retention. */
async function age(lake: Lake, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const key = pointerKey(name)
    const attributes = await lake.ports.state.get(key)
    const created = lake.ports.clock.now() - 400 * 86_400_000
    const item = { key, attributes: { ...attributes, created_at: created } }
    await lake.ports.state.transact([{ kind: 'put', item }], lake.ports.ids.uuid())
  }
}

const earlier = (column: string) => (rows: string) =>
  `SELECT * REPLACE (${column} - INTERVAL ${DAYS_AGO} DAYS AS ${column}) FROM ${rows}`

const broken = async (lake: Lake) => (await auditLake(lake)).laws.filter(law => !law.holds).map(({ law }) => law)

test('Bronze days that retention dropped', async () => {
  const lake = await lakeOfOneFile()
  await rewriteFile(lake, SILVER, { select: earlier('bronze_ingestion_timestamp') })
  await rewriteFile(lake, DLQ_TABLE.name, { select: earlier('error_timestamp') })
  expect(await broken(lake)).toEqual([])
  await dropFiles(lake, BRONZE)
  // A young table has dropped nothing yet.
  expect(await broken(lake)).toEqual([1, 2])
  await age(lake, [BRONZE])
  expect(await broken(lake)).toEqual([])
})

test('Bronze rows that were lost before their time', async () => {
  const lake = await lakeOfOneFile()
  await age(lake, [BRONZE, SILVER, DLQ_TABLE.name])
  expect(await broken(lake)).toEqual([])
  await dropFiles(lake, BRONZE)
  expect(await broken(lake)).toEqual([2])
})

test('Silver days that retention dropped, and trades that Gold should not have', async () => {
  const lake = await lakeOfOneFile()
  await age(lake, [SILVER, DLQ_TABLE.name])
  await dropFiles(lake, SILVER)
  // The trades of today must still be in Silver.
  expect(await broken(lake)).toEqual([2, 3])
})

test('candles that are lost before their time', async () => {
  const lake = await lakeOfOneFile()
  await dropFiles(lake, 'gold_ohlcv_1m')
  expect(await broken(lake)).toEqual([4])
})
