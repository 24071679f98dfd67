import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckDbEngine, duckDbEngine } from '../../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../../adapters/system.ts'
import { decimalType, type PrimitiveType } from '../../../domain/column-types.ts'
import type { Batch, ColumnData } from '../../../domain/columns.ts'
import { Corrupt } from '../../../domain/errors.ts'
import { allTables, DLQ_TABLE, GOLD_TABLE } from '../../../domain/tables.ts'
import { decodeValue } from '../../../iceberg/bounds.ts'
import { encodeParquet } from '../../../iceberg/parquet/encode.ts'
import { describeParquet, describeParquetFile, type ParquetDescription } from '../../../iceberg/parquet/footer.ts'
import { sampleRows, writeParquet } from './files.ts'

const scratch = systemScratch()
let engine: DuckDbEngine

beforeAll(async () => {
  engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
})
afterAll(() => engine.close())

function bounds(description: ParquetDescription, type: PrimitiveType, id: number) {
  const decode = (bound: Uint8Array | undefined) => (bound === undefined ? undefined : decodeValue(type, bound))
  return [decode(description.lowerBounds[id]), decode(description.upperBounds[id])]
}

/** SQL of a column's minimum or maximum in the units of a decoded bound. */
function extreme(of: 'min' | 'max', name: string, type: PrimitiveType): string {
  const value = `${of}("${name}")`
  const decimal = decimalType(type)
  if (decimal) return `replace(${value}::VARCHAR, '.', '')::HUGEINT`
  if (type === 'date') return `(${value} - DATE '1970-01-01')::BIGINT`
  if (type === 'timestamptz') return `epoch_us(${value})`
  return type === 'string' || type === 'binary' ? value : `${value}::BIGINT`
}

describe('a file that DuckDB wrote', () => {
  for (const table of allTables()) {
    test(`of ${table.name} is described with exact counts and bounds, over several row groups`, async () => {
      const path = scratch.path(`${table.name}.parquet`)
      await writeParquet(engine, table, path, sampleRows(table, { rows: 5_000 }), ', ROW_GROUP_SIZE 2048')
      const description = await describeParquetFile(table, path)
      expect(describeParquet(table, readFileSync(path))).toEqual(description)
      expect(description.records).toBe(5_000)
      expect(description.bytes).toBe(readFileSync(path).length)
      expect(description.splitOffsets.length).toBeGreaterThanOrEqual(2)
      expect(description.splitOffsets[0]).toBe(4)
      for (const column of table.columns) {
        if (column.nestedIds) {
          expect(description.lowerBounds[column.id]).toBeUndefined()
          for (const id of column.nestedIds) {
            expect(description.columnSizes[id]).toBeGreaterThan(0)
            expect(description.valueCounts[id]).toBeGreaterThanOrEqual(5_000)
          }
          continue
        }
        const type = column.type as PrimitiveType
        const [row] = await engine.run([
          `SELECT ${extreme('min', column.name, type)} AS lower, ${extreme('max', column.name, type)} AS upper,
            count(*) - count("${column.name}") AS nulls FROM read_parquet('${path}')`,
        ])
        expect(description.valueCounts[column.id]).toBe(5_000)
        expect(description.nullCounts[column.id]).toBe(Number(row.nulls))
        expect(description.columnSizes[column.id]).toBeGreaterThan(0)
        const [lower, upper] = bounds(description, type, column.id)
        if (type === 'string' || type === 'binary') {
          const bytes = (value: unknown) => Buffer.from(value as Uint8Array)
          expect(Buffer.compare(bytes(lower), bytes(row.lower))).toBeLessThanOrEqual(0)
          expect(Buffer.compare(bytes(upper), bytes(row.upper))).toBeGreaterThanOrEqual(0)
          expect(bytes(row.lower).subarray(0, 7)).toEqual(bytes(lower).subarray(0, 7))
        } else {
          expect([lower, upper]).toEqual([BigInt(row.lower as bigint), BigInt(row.upper as bigint)])
        }
      }
    })
  }

  test('a column of nulls alone has counts and no bounds', async () => {
    const path = scratch.path('nulls.parquet')
    const rows = sampleRows(DLQ_TABLE, { rows: 10, fixed: { raw_record: 'NULL::BLOB', schema_id: 'NULL::INTEGER' } })
    await writeParquet(engine, DLQ_TABLE, path, rows)
    const description = await describeParquetFile(DLQ_TABLE, path)
    for (const id of [1, 7]) {
      expect(description.valueCounts[id]).toBe(10)
      expect(description.nullCounts[id]).toBe(10)
      expect(description.lowerBounds[id]).toBeUndefined()
      expect(description.upperBounds[id]).toBeUndefined()
    }
  })

  test('bounds of negative decimals are exact', async () => {
    const path = scratch.path('negative.parquet')
    const fixed = { price: '(-1 * i - 0.0000000001)::DECIMAL(20,10)' }
    await writeParquet(engine, GOLD_TABLE, path, sampleRows(GOLD_TABLE, { rows: 10, fixed }))
    const description = await describeParquetFile(GOLD_TABLE, path)
    expect(bounds(description, 'decimal(20,10)', 7)).toEqual([-90_000_000_001n, -1n])
  })

  test('a file without field ids is refused', async () => {
    const path = scratch.path('plain.parquet')
    await engine.run([`COPY (SELECT 1 AS one) TO '${path}' (FORMAT parquet)`])
    await expect(describeParquetFile(GOLD_TABLE, path)).rejects.toThrow('column one has no field id')
  })
})

describe('a file that our encoder wrote', () => {
  test('is described with exact counts and bounds that enclose every value', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 })
    const rows = fc.array(
      fc.record({
        raw: fc.option(fc.uint8Array({ maxLength: 30 })),
        reason: text,
        time: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        schema: fc.option(fc.integer()),
      }),
      { minLength: 1, maxLength: 30 },
    )
    fc.assert(
      fc.property(rows, records => {
        const bytes = (values: readonly (Uint8Array | null)[]): ColumnData => ({
          kind: 'bytes',
          plain: Buffer.concat(
            values.flatMap(value => {
              if (!value) return []
              const length = Buffer.alloc(4)
              length.writeUInt32LE(value.length)
              return [length, value]
            }),
          ),
          valid: Uint8Array.from(values, value => (value ? 1 : 0)),
        })
        const same = (value: string): ColumnData => ({
          kind: 'dictionary',
          entries: [value],
          indexes: new Int32Array(records.length),
        })
        const ints = (value: number): ColumnData => ({
          kind: 'int32',
          values: new Int32Array(records.length).fill(value),
        })
        const batch: Batch = {
          rows: records.length,
          columns: {
            raw_record: bytes(records.map(record => record.raw)),
            error_reason: bytes(records.map(record => Buffer.from(record.reason))),
            error_type: same('unknown_schema'),
            error_timestamp: { kind: 'int64', values: BigInt64Array.from(records, record => record.time) },
            bronze_source: same('market_data/bronze_kraken_trades/data/x.parquet'),
            kafka_offset: { kind: 'int64', values: BigInt64Array.from(records, (_, index) => BigInt(index)) },
            schema_id: {
              kind: 'int32',
              values: Int32Array.from(records, record => record.schema ?? 0),
              valid: Uint8Array.from(records, record => (record.schema === null ? 0 : 1)),
            },
            dlq_date: ints(20_777),
            exchange: same('KRAKEN'),
            topic_epoch: ints(1),
            kafka_partition: ints(3),
          },
        }
        const description = describeParquet(DLQ_TABLE, encodeParquet(DLQ_TABLE, batch, 7))
        expect(description.records).toBe(records.length)
        expect(description.splitOffsets).toHaveLength(Math.ceil(records.length / 7))
        expect(description.nullCounts[1]).toBe(records.filter(record => record.raw === null).length)
        expect(description.nullCounts[7]).toBe(records.filter(record => record.schema === null).length)
        expect(bounds(description, 'date', 8)).toEqual([20_777n, 20_777n])
        expect(bounds(description, 'string', 9)).toEqual(['KRAKEN', 'KRAKEN'])
        const times = records.map(record => record.time).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        expect(bounds(description, 'timestamptz', 4)).toEqual([times[0], times.at(-1)])
        const encloses = (id: number, values: readonly (Uint8Array | null)[]) => {
          const [lower, upper] = [description.lowerBounds[id], description.upperBounds[id]]
          for (const value of values) {
            if (value && lower) expect(Buffer.compare(lower, value)).toBeLessThanOrEqual(0)
            if (value && upper) expect(Buffer.compare(upper, value)).toBeGreaterThanOrEqual(0)
          }
        }
        encloses(
          1,
          records.map(record => record.raw),
        )
        encloses(
          2,
          records.map(record => Buffer.from(record.reason)),
        )
      }),
    )
  })
})

test('bytes that are not a Parquet file are Corrupt', () => {
  expect(() => describeParquet(GOLD_TABLE, Buffer.from('not a file'))).toThrow(Corrupt)
  expect(() => describeParquet(GOLD_TABLE, Buffer.alloc(3))).toThrow(Corrupt)
})
