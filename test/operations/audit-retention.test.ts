/** The audit compares what both sides still keep: what retention dropped is not missed, what was lost is. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import { createTotals } from '../../embedded/totals.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { repairLake } from '../../operations/repair/repair.ts'
import { drainLake, newLake, publishMarket, rewriteFile } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'

const KRAKEN = EXCHANGES[1]
const BRONZE = bronzeTable(KRAKEN).name
const SILVER = silverTable(KRAKEN).name
const DAYS_AGO = 16

async function lakeOfOneFile(): Promise<Lake> {
  const lake = await newLake([KRAKEN])
  onTestFinished(() => lake.remove())
  await fillOneFile(lake)
  return lake
}

async function fillOneFile(lake: Lake): Promise<void> {
  await publishMarket(lake, { market: 0, from: 0, to: 60, rate: 500 })
  await drainLake(lake)
  for (const table of [BRONZE, SILVER, DLQ_TABLE.name])
    expect(await planFiles(lake.ports, await loadTable(lake.ports, table)), table).toHaveLength(1)
}

/** Takes all files out of a table; `days`: as retention does, which keeps rows of this age. */
async function dropFiles(lake: Lake, name: string, days?: number): Promise<void> {
  const table = await loadTable(lake.ports, name)
  const remove = new Set((await planFiles(lake.ports, table)).map(file => file.key))
  const properties: Record<string, string> =
    days === undefined
      ? {}
      : { 'tradelake.dropped-before': String((lake.ports.clock.now() - days * 86_400_000) * 1000) }
  const staged = await stageSnapshot(lake.ports, { table, remove, operation: 'delete', properties })
  await lake.ports.state.transact([staged.write], lake.ports.ids.uuid())
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
  // Nothing says that they were dropped.
  expect(await broken(lake)).toEqual([1, 2])
  await dropFiles(lake, BRONZE, 14)
  expect(await broken(lake)).toEqual([])
})

test('a dead letter that was refused long after Bronze took its record in', async () => {
  const lake = await lakeOfOneFile()
  await rewriteFile(lake, SILVER, { select: earlier('bronze_ingestion_timestamp') })
  await dropFiles(lake, BRONZE, 14)
  expect(await broken(lake)).toEqual([])
})

test('Bronze rows that were lost before their time', async () => {
  const lake = await lakeOfOneFile()
  await dropFiles(lake, BRONZE, 14)
  expect(await broken(lake)).toEqual([2])
})

test('Silver days that retention dropped, and trades that Gold should not have', async () => {
  const lake = await lakeOfOneFile()
  await dropFiles(lake, SILVER, 30)
  // The trades of today must still be in Silver.
  expect(await broken(lake)).toEqual([2, 3])
})

test('Silver that retention dropped', async () => {
  const lake = await lakeOfOneFile()
  await dropFiles(lake, SILVER, -2)
  await dropFiles(lake, DLQ_TABLE.name, -2)
  expect(await broken(lake)).toEqual([])
})

test('candles that are lost before their time', async () => {
  const lake = await lakeOfOneFile()
  await dropFiles(lake, 'gold_ohlcv_1m')
  expect(await broken(lake)).toEqual([4])
  await dropFiles(lake, 'gold_ohlcv_1m', -1)
  expect(await broken(lake)).toEqual([])
})

test('trades older than the candles of their time are kept, in a lake of today', async () => {
  const lake = await newLake([KRAKEN])
  onTestFinished(() => lake.remove())
  // A snapshot of an illiquid pair brings its last trades, whatever their age.
  await publishMarket(lake, { market: 0, from: 0, to: 5, shift: -200n * 86_400_000_000n })
  await publishMarket(lake, { market: 1, from: 5, to: 20 })
  await drainLake(lake)
  const retention = { gold_ohlcv_1m: 90, gold_ohlcv_5m: 180 }
  const result = await maintain(lake.ports, lake.exchanges, Number.POSITIVE_INFINITY, { retention })
  expect(result.tables.filter(({ droppedRows }) => droppedRows > 0).map(({ table }) => table)).toEqual([
    'gold_ohlcv_1m',
    'gold_ohlcv_5m',
  ])
  expect(await broken(lake)).toEqual([])
  // More of the same minutes, and again: what was dropped stays out of the audit's way.
  await publishMarket(lake, { market: 0, from: 5, to: 8, shift: -200n * 86_400_000_000n })
  await drainLake(lake)
  expect(await broken(lake)).toEqual([])
  await maintain(lake.ports, lake.exchanges, Number.POSITIVE_INFINITY, { retention })
  expect(await broken(lake)).toEqual([])
})

test('a state store that is lost after Bronze dropped all rows of a partition is made again', async () => {
  let lake: Lake = await newLake([KRAKEN])
  onTestFinished(() => {
    lake.close()
    rmSync(join(lake.directory, '..'), { recursive: true })
  })
  await fillOneFile(lake)
  await dropFiles(lake, SILVER, -2)
  await dropFiles(lake, DLQ_TABLE.name, -2)
  await dropFiles(lake, BRONZE, -2)
  expect(await broken(lake)).toEqual([])
  const { directory } = lake
  lake.close()
  for (const name of readdirSync(directory)) if (name.startsWith('state.sqlite')) rmSync(join(directory, name))
  lake = await openLake(directory, { exchanges: [KRAKEN], lostState: true })
  const repair = () => repairLake(lake, wireFunctions(lake, SILENT), createTotals(lake.exchanges))
  await repair()
  expect((await auditLake(lake)).laws.flatMap(({ violations }) => violations)).toEqual([])
  // What comes now is taken once.
  await publishMarket(lake, { market: 0, from: 60, to: 70, rate: 500 })
  await drainLake(lake)
  expect(await broken(lake)).toEqual([])
  expect(await repair()).toEqual([])
})
