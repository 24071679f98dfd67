import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TradelakeError } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, candleTable, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { encodeValue, type ScalarValue, truncateLower, truncateUpper } from '../../iceberg/bounds.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { partitionOf } from '../../iceberg/partitions.ts'
import { type ColumnRanges, planFiles, planScan } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { commit, dataFile, testLake } from './support.ts'

async function tableOf(definition: TableDefinition, commits: readonly (readonly DataFile[])[]) {
  const lake = testLake()
  let table = await createTable(lake.ports, definition)
  for (const add of commits) table = (await commit(lake, { table, add, operation: 'append' })).table
  return { lake, table }
}

const bronze = bronzeTable(EXCHANGES[0])
const monthly = candleTable(TIMEFRAMES.find(timeframe => timeframe.partition === 'month')!)

describe('planning a scan', () => {
  test('an empty table has no files', async () => {
    const { lake, table } = await tableOf(GOLD_TABLE, [])
    expect(await planFiles(lake.ports, table)).toEqual([])
  })

  test('no ranges: no rows; an unknown column or snapshot is said', async () => {
    const { lake, table } = await tableOf(GOLD_TABLE, [
      [dataFile({ partition: { exchange_date: 1, exchange_hour: 2 } })],
    ])
    const scan = (column: string, ranges: ColumnRanges['ranges'] = []) =>
      planFiles(lake.ports, table, { where: [{ column, ranges }] })
    expect(await scan('price')).toEqual([])
    await expect(scan('prize')).rejects.toThrow(TradelakeError)
    await expect(scan('vendor_data')).rejects.toThrow(TradelakeError)
    await expect(planFiles(lake.ports, table, { snapshotId: 12 })).rejects.toThrow('snapshot 12')
  })

  test('a day of Bronze reads that day’s manifests alone', async () => {
    const files = Array.from({ length: 10 }, (_, day) => [
      dataFile({ table: bronze, partition: { ingestion_date_day: 20_000 + day } }),
    ])
    const { lake, table } = await tableOf(bronze, files)
    const plan = await planScan(lake.cold(), table, {
      where: [{ column: 'ingestion_date', ranges: [{ lower: 20_004, upper: 20_004 }, { lower: 20_009 }] }],
    })
    expect(plan).toMatchObject({ manifests: 10, manifestsRead: 2, files: [...files[9], ...files[4]] })
  })

  test('a date within a month finds the month', async () => {
    const files = ['2026-10-31', '2026-11-01', '2026-12-01'].map(date => [
      dataFile({
        table: monthly,
        partition: partitionOf(monthly, { window_date: Date.parse(date) / 86_400_000 }),
      }),
    ])
    const { lake, table } = await tableOf(monthly, files)
    const day = Date.parse('2026-11-15') / 86_400_000
    const plan = await planScan(lake.ports, table, {
      where: [{ column: 'window_date', ranges: [{ lower: day, upper: day }] }],
    })
    expect(plan).toMatchObject({ manifests: 3, manifestsRead: 1, files: files[1] })
  })

  test('a file of nulls alone, or of a null partition, holds no row of a range; a file without bounds may', async () => {
    const partition = { exchange_date: 1, exchange_hour: 2 }
    const nulls = dataFile({ partition })
    const column = GOLD_TABLE.columns.find(candidate => candidate.name === 'source_sequence')!
    const allNull = { ...nulls, nullCounts: { ...nulls.nullCounts, [column.id]: nulls.records } }
    const unknown = { ...dataFile({ partition }), valueCounts: {}, nullCounts: {} }
    const { lake, table } = await tableOf(GOLD_TABLE, [[allNull, unknown]])
    expect(
      await planFiles(lake.ports, table, { where: [{ column: 'source_sequence', ranges: [{ lower: 0n }] }] }),
    ).toEqual([unknown])
  })
})

const values: Record<string, fc.Arbitrary<ScalarValue>> = {
  symbol: fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('BTCUSDT', 'ETHUSDT')),
  price: fc.bigInt(-1_000n, 1_000n),
  timestamp: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  source_sequence: fc.bigInt(-100n, 100n),
  exchange_hour: fc.integer({ min: 0, max: 23 }),
  exchange_date: fc.integer({ min: -5, max: 5 }),
}
const names = Object.keys(values)
type Row = Record<string, ScalarValue>

const row = fc.record(values) as fc.Arbitrary<Row>
const condition = fc.constantFrom(...names).chain(column =>
  fc.record({
    column: fc.constant(column),
    ranges: fc.array(
      fc
        .record({
          lower: fc.option(values[column], { nil: undefined }),
          upper: fc.option(values[column], { nil: undefined }),
        })
        .map(({ lower, upper }) => ({ ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) })),
      { minLength: 1, maxLength: 3 },
    ),
  }),
)

const compare = (a: ScalarValue, b: ScalarValue) =>
  typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b as string)) : a < b ? -1 : a > b ? 1 : 0

/** One file of rows that share a partition, with bounds cut as the writers cut them. */
function fileOf(rows: readonly Row[]): DataFile {
  const file = dataFile({
    partition: { exchange_date: Number(rows[0].exchange_date), exchange_hour: Number(rows[0].exchange_hour) },
    records: rows.length,
  })
  const bound = (sign: 1 | -1) =>
    Object.fromEntries(
      names.flatMap(name => {
        const column = GOLD_TABLE.columns.find(candidate => candidate.name === name)!
        const type = column.type as 'string'
        const extreme = rows.map(r => r[name]).reduce((a, b) => (compare(a, b) * sign <= 0 ? a : b))
        const bytes = encodeValue(type, extreme)
        const cut = sign > 0 ? truncateLower(type, bytes) : truncateUpper(type, bytes)
        return cut ? [[column.id, cut]] : []
      }),
    )
  return { ...file, lowerBounds: bound(1), upperBounds: bound(-1) }
}

describe('pruning', () => {
  test('never leaves out a file that holds a matching row', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 }),
        fc.array(condition, { minLength: 1, maxLength: 3 }),
        async (groups, where) => {
          const contents = new Map<string, Row[]>()
          const commits = groups.map(group => {
            const [{ exchange_date, exchange_hour }] = group
            const rows = group.map(r => ({ ...r, exchange_date, exchange_hour }))
            const file = fileOf(rows)
            contents.set(file.key, rows)
            return [file]
          })
          const { lake, table } = await tableOf(GOLD_TABLE, commits)
          const planned = new Set((await planFiles(lake.ports, table, { where })).map(file => file.key))
          const matches = (r: Row) =>
            where.every(({ column, ranges }) =>
              ranges.some(
                ({ lower, upper }) =>
                  (lower === undefined || compare(r[column], lower) >= 0) &&
                  (upper === undefined || compare(r[column], upper) <= 0),
              ),
            )
          for (const [key, rows] of contents) if (rows.some(matches)) expect(planned).toContain(key)
        },
      ),
      { numRuns: 150 },
    )
  })
})
