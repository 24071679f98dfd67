import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { duckDbEngine } from '../../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../../adapters/system.ts'
import { Corrupt, NotFound } from '../../../domain/errors.ts'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import { GOLD_TABLE, silverTable } from '../../../domain/tables.ts'
import { type ByteSource, readBatch, readGroups, sourceOf } from '../../../iceberg/parquet/batch.ts'
import { encodeParquet } from '../../../iceberg/parquet/encode.ts'
import { batchOf, KINDS, rowsArbitrary, rowsOf, tableOf } from '../batches.ts'
import { sampleRows, writeParquet } from './files.ts'

const scratch = systemScratch()
const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
afterAll(() => engine.close())

/** Every type that can be read so, and strings twice: laid out plainly and by dictionary. */
const table = tableOf([...KINDS, ['string', true], ['string', false]])
const names = table.columns.map(({ name }) => name)
const plain = new Set(table.columns.slice(-2).map(({ name }) => name))

describe('rows come as they were written', () => {
  test('over several files and row groups, whichever way their strings were laid out', async () => {
    const files = fc.array(fc.tuple(rowsArbitrary(table), fc.boolean(), fc.integer({ min: 1, max: 9 })), {
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(files, async files => {
        const sources = files.map(([rows, plainly, group], i) =>
          sourceOf(`file ${i}`, encodeParquet(table, batchOf(table, rows, plainly), group)),
        )
        const batch = await readBatch(table, sources, { columns: names, plain })
        expect(rowsOf(table, batch)).toEqual(files.flatMap(([rows]) => rows))
      }),
      { numRuns: 150 },
    )
  })

  for (const definition of [silverTable(EXCHANGES[0]), GOLD_TABLE])
    for (const more of ['', ', PARQUET_VERSION V1, DICTIONARY_SIZE_LIMIT 1', ', ROW_GROUP_SIZE 2048'])
      test(`from a file of ${definition.name} that DuckDB wrote${more}`, async () => {
        const path = scratch.path('duckdb.parquet')
        await writeParquet(engine, definition, path, sampleRows(definition, { rows: 5_000 }), more)
        const columns = definition.columns.map(({ name }) => name)
        const ours = await readBatch(definition, [sourceOf(path, readFileSync(path))], {
          columns,
          plain: new Set(['message_id', 'trade_id']),
        })
        // Through our own encoder and back to DuckDB: both must say the same of every row.
        const copy = scratch.path('copy.parquet')
        writeFileSync(copy, encodeParquet(definition, ours))
        const difference = await engine.run([
          `(SELECT * FROM read_parquet('${path}') EXCEPT ALL SELECT * FROM read_parquet('${copy}'))
           UNION ALL (SELECT * FROM read_parquet('${copy}') EXCEPT ALL SELECT * FROM read_parquet('${path}'))`,
        ])
        expect(ours.rows).toBe(5_000)
        expect(difference).toEqual([])
      })
})

test('row groups that are left out are not read, and the others come one by one', async () => {
  const numbers = tableOf([['long', true]])
  const rows = Array.from({ length: 40 }, (_, i) => [BigInt(i)])
  const file = encodeParquet(numbers, batchOf(numbers, rows), 10)
  const read: [start: number, end: number][] = []
  const source: ByteSource = {
    name: 'numbers',
    bytes: file.length,
    read: async (start, end) => {
      read.push([start, end])
      return file.subarray(start, end)
    },
  }
  let group = 0
  const found: unknown[][] = []
  const options = { columns: ['c0_long'], plain: new Set<string>(), keep: () => group++ % 2 === 1 }
  for await (const batch of readGroups(numbers, source, options)) found.push(rowsOf(numbers, batch))
  expect(found).toEqual([rows.slice(10, 20), rows.slice(30, 40)])
  // The footer, and a chunk each.
  expect(read).toHaveLength(3)
})

describe('what cannot be read', () => {
  const rows = fc.sample(rowsArbitrary(table), { numRuns: 1, seed: 3 })[0]
  const file = encodeParquet(table, batchOf(table, rows), 16)
  const options = { columns: names, plain }

  async function readOrCorrupt(bytes: Uint8Array) {
    try {
      return rowsOf(table, await readBatch(table, [sourceOf('some/key.parquet', bytes)], options))
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error
      return error.message
    }
  }

  test('is Corrupt by name, with what to do', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('PAR1PAR1'), Buffer.alloc(5000), file.subarray(0, -9)])
      expect(await readOrCorrupt(bytes)).toMatch(/^some\/key\.parquet cannot be read as Parquet: .*tradelake audit\.$/)
  })

  test('or lacks a column', async () => {
    const other = tableOf([['long', true]])
    const source = sourceOf('k', encodeParquet(other, batchOf(other, [[1n]])))
    await expect(readBatch(table, [source], options)).rejects.toThrow(/^k cannot be read .* has no column/)
  })

  test('or reads as something, when any of its bytes are others', async () => {
    const change = fc.record({ at: fc.nat(file.length - 1), to: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
        const damaged = Uint8Array.from(file)
        for (const { at, to } of changes) damaged[at] = to
        await readOrCorrupt(damaged)
      }),
      { numRuns: 1000, seed: 7 },
    )
  })

  test('because the store fails is not called Corrupt', async () => {
    const source: ByteSource = { name: 'k', bytes: 100, read: () => Promise.reject(new NotFound('k is gone')) }
    await expect(readBatch(table, [source], options)).rejects.toThrow(NotFound)
  })
})
