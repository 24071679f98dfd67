/** The audit and files: missing, damaged, listed twice, or not what the manifests say. */
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parquetMetadata } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLakeReadOnly } from '../../embedded/lake.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import type { AuditReport } from '../../operations/audit/report.ts'
import { largestFile, rewriteFile, type TestLake } from '../embedded/support.ts'
import { broken, goodLake, wordsOf } from './audit-support.ts'

const BRONZE = 'bronze_binance_trades'
const SILVER = 'silver_binance_trades'
const DLQ = 'silver_dlq_trades'
const GOLD = 'gold_crypto_trades'
const MINUTE = 'gold_ohlcv_1m'

let lake: TestLake

beforeAll(async () => {
  lake = await goodLake()
})
afterAll(() => lake.remove())

/** As another process looks: what this one has read before is not taken from memory. */
async function auditAfresh(): Promise<AuditReport> {
  const looking = await openLakeReadOnly(lake.directory)
  const report = await auditLake(looking)
  looking.close()
  return report
}

test.each([
  [BRONZE, [1, 5], /in Bronze more than once/],
  [SILVER, [2, 5], /more than once in Silver/],
  [DLQ, [2, 5], /more than once in Silver and the DLQ/],
  [GOLD, [3, 4, 5], /are the same trade as another/],
  [MINUTE, [4, 5], /have several candles|do not add up/],
])('a file that %s lists twice counts twice, as it does for every reader', async (name, laws, words) => {
  const table = await loadTable(lake.ports, name)
  const file = (await planFiles(lake.ports, table)).reduce((most, next) => (next.records > most.records ? next : most))
  const twice = await stageSnapshot(lake.ports, { table, add: [file], operation: 'append' })
  await lake.ports.state.transact([twice.write], lake.ports.ids.uuid())
  try {
    const report = await auditAfresh()
    expect(broken(report)).toEqual(laws)
    expect(wordsOf(report.laws[laws[0] - 1]).join('; ')).toMatch(words)
    expect(JSON.stringify(report.laws[4].violations)).toMatch(/is listed 2 times: readers count its rows as often/)
  } finally {
    const options = { table: twice.table, remove: new Set([file.key]), operation: 'delete' } as const
    await lake.ports.state.transact([(await stageSnapshot(lake.ports, options)).write], lake.ports.ids.uuid())
  }
  expect((await auditAfresh()).holds).toBe(true)
})

describe('files', () => {
  const problems = (report: AuditReport) => JSON.stringify(report.laws[4].violations)

  test('that are missing, cut, or damaged', async () => {
    const path = await largestFile(lake, GOLD)
    const bytes = readFileSync(path)
    renameSync(path, `${path}.away`)
    const missing = await auditAfresh()
    writeFileSync(path, bytes.subarray(0, bytes.length - 1))
    const cut = await auditAfresh()
    writeFileSync(path, Buffer.from(bytes).fill(0, bytes.length - 2000))
    const damaged = await auditAfresh()
    rmSync(path)
    copyFileSync(`${path}.away`, path)
    rmSync(`${path}.away`)
    for (const [report, words] of [
      [missing, 'is missing'],
      [cut, `has ${bytes.length - 1} bytes, the manifest says ${bytes.length}`],
      [damaged, 'does not end like a Parquet file'],
    ] as const) {
      expect(broken(report)).toContain(5)
      expect(problems(report)).toContain(words)
    }
    expect((await auditAfresh()).holds).toBe(true)
  })

  test('whose pages are damaged although size and footer are right', async () => {
    const path = await largestFile(lake, SILVER)
    const bytes = readFileSync(path)
    writeFileSync(path, Buffer.from(bytes).fill(0xff, 100, 5000))
    const report = await auditAfresh()
    writeFileSync(path, bytes)
    expect(broken(report)).toContain(5)
    expect(problems(report)).toContain('has other bytes than it was written with')
  })

  test.each(['trade_id', 'ingestion_timestamp', 'vendor_data'])(
    'of Gold in which one bit of %s has flipped, when nothing else holds the trades',
    async name => {
      const path = await largestFile(lake, GOLD)
      const bytes = readFileSync(path)
      const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
      const chunk = parquetMetadata(buffer).row_groups[0].columns.find(
        ({ meta_data }) => meta_data?.path_in_schema[0] === name,
      )?.meta_data
      const flipped = Buffer.from(bytes)
      flipped[Number(chunk?.data_page_offset) + Math.floor(Number(chunk?.total_compressed_size) / 2)] ^= 1
      writeFileSync(path, flipped)
      const report = await auditAfresh()
      writeFileSync(path, bytes)
      expect(broken(report)).toContain(5)
      expect(problems(report)).toContain('has other bytes than it was written with')
    },
  )

  test('of metadata that are missing', async () => {
    const { metadataLocation } = await loadTable(lake.ports, GOLD)
    const path = fileURLToPath(metadataLocation)
    renameSync(path, `${path}.away`)
    const report = await auditAfresh()
    renameSync(`${path}.away`, path)
    expect(report.holds).toBe(false)
    expect(problems(report)).toContain('Table gold_crypto_trades has lost its metadata file')
  })

  test('with another number of rows, or in another partition', async () => {
    for (const [describe, words] of [
      [{ records: 3 }, 'rows, the manifest says 3'],
      [{ partition: { exchange_date: 5, exchange_hour: 6 } }, 'belongs to partition exchange_date = 5, its rows have'],
    ] as const) {
      const undo = await rewriteFile(lake, GOLD, { describe: file => ({ ...file, ...describe }) })
      const report = await auditAfresh()
      await undo()
      expect(broken(report)).toEqual([5])
      expect(problems(report)).toContain(words)
    }
  })
})
