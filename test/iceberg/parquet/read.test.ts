import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { duckDbEngine } from '../../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../../adapters/system.ts'
import { bytesOf, constantInt32, constantInt64, dictionaryOf } from '../../../domain/columns.ts'
import { Corrupt } from '../../../domain/errors.ts'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import { bronzeTable, candleTable } from '../../../domain/tables.ts'
import { TIMEFRAMES } from '../../../domain/timeframes.ts'
import { encodeParquet } from '../../../iceberg/parquet/encode.ts'
import { readColumns } from '../../../iceberg/parquet/read.ts'
import { sampleRows, writeParquet } from './files.ts'

const scratch = systemScratch()
const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
afterAll(() => engine.close())

const table = bronzeTable(EXCHANGES[0])
const COLUMNS = table.columns.map(column => column.name)
const ROWS = 40
const file = encodeParquet(
  table,
  {
    rows: ROWS,
    columns: {
      message_key: dictionaryOf(Array.from({ length: ROWS }, (_, i) => (i % 3 === 0 ? null : `KEY${i % 5}`))),
      raw_bytes: bytesOf(Array.from({ length: ROWS }, (_, i) => (i % 7 === 0 ? null : Buffer.alloc(50 + i, i)))),
      topic: dictionaryOf(Array.from({ length: ROWS }, () => 'market.crypto.trades.binance')),
      partition: constantInt32(3, ROWS),
      offset: { kind: 'int64', values: BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(i) * 2n ** 40n) },
      kafka_timestamp: constantInt64(1_795_000_000_000_000n, ROWS),
      ingestion_timestamp: constantInt64(1_795_000_000_000_001n, ROWS),
      ingestion_date: constantInt32(20_777, ROWS),
      topic_epoch: constantInt32(0, ROWS),
    },
  },
  16,
)

/** The rows, or the error that reading ended in; anything but Corrupt is thrown on. */
async function readOrCorrupt(bytes: Uint8Array) {
  try {
    return await readColumns('some/key.parquet', bytes, COLUMNS)
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error
    return error
  }
}

describe('columns are read exactly', () => {
  for (const definition of [table, candleTable(TIMEFRAMES[0])])
    test(`from a file of ${definition.name} that DuckDB wrote`, async () => {
      const path = scratch.path('duckdb.parquet')
      await writeParquet(engine, definition, path, sampleRows(definition, { rows: 5_000 }), ', ROW_GROUP_SIZE 2048')
      const flat = definition.columns.filter(({ type, narrow }) => !(type.startsWith('decimal') && !narrow))
      const names = flat.map(column => column.name)
      const { rows, values } = await readColumns(path, readFileSync(path), names)
      expect(rows).toBe(5_000)
      const select = flat.map(({ name, type }) => {
        if (type === 'timestamptz') return `epoch_us("${name}") AS "${name}"`
        if (type === 'date') return `("${name}" - DATE '1970-01-01')::INTEGER AS "${name}"`
        if (type.startsWith('decimal')) return `replace("${name}"::VARCHAR, '.', '')::HUGEINT AS "${name}"`
        return `"${name}"`
      })
      const expected = await engine.run([`SELECT ${select.join(', ')} FROM read_parquet('${path}')`])
      const plain = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)
      const wrong = expected.filter((row, i) => names.some(name => plain(values[name][i]) !== plain(row[name])))
      expect(wrong).toEqual([])
    })

  test('from a Buffer that shares its memory with others', async () => {
    const pool = Buffer.alloc(file.length + 100, 0x55)
    pool.set(file, 33)
    const { values } = await readColumns('k', pool.subarray(33, 33 + file.length), COLUMNS)
    expect(values).toEqual((await readColumns('k', file, COLUMNS)).values)
    pool.fill(0)
    expect(Buffer.from(values.raw_bytes[39] as Uint8Array)).toEqual(Buffer.alloc(89, 39))
  })
})

describe('a file that is not whole is Corrupt', () => {
  test('by name, with what to do', async () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('PAR1PAR1'),
      Buffer.alloc(5000),
      Buffer.from('PAR1 and no more PAR1'),
    ]) {
      const error = await readOrCorrupt(bytes)
      expect(error).toBeInstanceOf(Corrupt)
      expect((error as Corrupt).message).toMatch(/^some\/key\.parquet cannot be read as Parquet: .*tradelake audit\.$/)
    }
  })

  test('when a column is missing', async () => {
    await expect(readColumns('k', file, ['price'])).rejects.toThrow(Corrupt)
  })

  test('when it is cut off, at whichever byte', async () => {
    for (let length = 0; length < file.length; length++)
      expect(await readOrCorrupt(file.subarray(0, length)), `${length}`).toBeInstanceOf(Corrupt)
  })

  test('or reads as something, when any of its bytes are others', async () => {
    const change = fc.record({ at: fc.nat(file.length - 1), to: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
        const damaged = Uint8Array.from(file)
        for (const { at, to } of changes) damaged[at] = to
        const answer = await readOrCorrupt(damaged)
        // Never fewer or more values than it says rows.
        if (!(answer instanceof Corrupt))
          for (const name of COLUMNS) expect(answer.values[name]).toHaveLength(answer.rows)
      }),
      // One seed: of 10,000 such files one has a run length that takes seconds to unfold.
      { numRuns: 1000, seed: 7 },
    )
  })

  test('or reads as something, when any one byte is another', async () => {
    for (let at = 0; at < file.length; at += 2)
      for (const to of [0, 0x7f, 0xff, file[at] ^ 0x80, file[at] + 1]) {
        const damaged = Uint8Array.from(file)
        damaged[at] = to
        await readOrCorrupt(damaged)
      }
  })
})
