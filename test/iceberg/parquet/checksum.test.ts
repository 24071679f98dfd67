/** A flipped byte anywhere in a file is found, whoever wrote the file; and what is sealed is still the same file. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { describe, expect, test } from 'vitest'
import { systemIds, systemScratch } from '../../../adapters/system.ts'
import { copyToParquet, readParquet } from '../../../domain/sql.ts'
import { readBatch, sourceOf } from '../../../iceberg/parquet/batch.ts'
import { CHECKSUM_KEY, checksumProblem, NO_CHECKSUM } from '../../../iceberg/parquet/checksum.ts'
import { parquetCompressors } from '../../../iceberg/parquet/chunk.ts'
import { encodeParquet } from '../../../iceberg/parquet/encode.ts'
import { readColumns } from '../../../iceberg/parquet/read.ts'
import { sealParquetFile } from '../../../iceberg/parquet/seal.ts'
import { testEngine } from '../../functions/support.ts'
import { ALL, batchOf, rowsArbitrary } from '../batches.ts'

const engine = await testEngine()
const scratch = systemScratch()
const [rows] = fc.sample(fc.array(rowsArbitrary(ALL), { minLength: 8, maxLength: 8 }), { numRuns: 1, seed: 5 })
const own = encodeParquet(ALL, batchOf(ALL, rows.flat()), 64)

/** The same rows in a file of the engine, before and after it is sealed. */
async function byEngine(): Promise<{ before: Buffer; sealed: Buffer; path: string }> {
  const path = scratch.path(`${systemIds().uuid()}.parquet`)
  const source = join(scratch.path(`${systemIds().uuid()}.parquet`))
  writeFileSync(source, own)
  const select = `SELECT * FROM ${readParquet([source])}`
  await engine.run([copyToParquet(ALL, select, path, { [CHECKSUM_KEY]: NO_CHECKSUM })])
  const before = readFileSync(path)
  sealParquetFile(path)
  return { before, sealed: readFileSync(path), path }
}

const problemOf = (file: Uint8Array) => checksumProblem((start, end) => file.subarray(start, end), file.length)
const arrayBuffer = (file: Uint8Array) =>
  file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer

/** Whether each page's header has a CRC. */
function pageCrcs(file: Uint8Array): boolean[] {
  const buffer = arrayBuffer(file)
  return parquetMetadata(buffer).row_groups.flatMap(group =>
    group.columns.flatMap(({ meta_data: chunk }) => {
      if (!chunk) return []
      const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset)
      const reader = { view: new DataView(buffer, 0, start + Number(chunk.total_compressed_size)), offset: start }
      const found: boolean[] = []
      while (reader.offset < reader.view.byteLength) {
        const header = parquetHeader(reader)
        found.push(header.crc !== undefined)
        reader.offset += header.compressed_page_size
      }
      return found
    }),
  )
}

describe.each(['own', 'engine'])('a file of the %s writer', writer => {
  const bytes = async () => (writer === 'own' ? own : (await byEngine()).sealed)

  test('has a CRC in each page header, and is whole', async () => {
    const file = await bytes()
    expect(new Set(pageCrcs(file))).toEqual(new Set([true]))
    expect(problemOf(file)).toBeUndefined()
  })

  test('with any byte flipped is damaged', async () => {
    const file = Buffer.from(await bytes())
    const unseen: number[] = []
    for (let at = 0; at < file.length; at++) {
      file[at] ^= 1 << (at % 8)
      if (problemOf(file) === undefined) unseen.push(at)
      file[at] ^= 1 << (at % 8)
    }
    expect(unseen).toEqual([])
    expect(problemOf(file.subarray(0, -1))).toMatch(/does not end like/)
  })

  test('is not read with a flipped byte in a page', async () => {
    const file = Buffer.from(await bytes())
    const chunk = parquetMetadata(arrayBuffer(file)).row_groups[0].columns[0].meta_data
    // The last byte of the chunk is a page's, not a header's.
    const start = Number(chunk?.dictionary_page_offset || chunk?.data_page_offset)
    file[start + Number(chunk?.total_compressed_size) - 1] ^= 4
    const columns = [String(chunk?.path_in_schema[0])]
    const message = /has other bytes than its CRC says/
    await expect(readColumns('f', file, columns)).rejects.toThrow(message)
    await expect(readBatch(ALL, [sourceOf('f', file)], { columns, plain: new Set() })).rejects.toThrow(message)
  })
})

test('sealing changes nothing but headers: the engine and another reader find the same rows, sizes and places', async () => {
  const { before, sealed, path } = await byEngine()
  const copy = scratch.path(`${systemIds().uuid()}.parquet`)
  writeFileSync(copy, before)
  expect(pageCrcs(before)).not.toContain(true)
  const rowsIn = (file: string) => engine.run([`SELECT * FROM ${readParquet([file])} ORDER BY ALL`])
  expect(await rowsIn(path)).toEqual(await rowsIn(copy))
  const filtered = (file: string) =>
    engine.run([`SELECT count(*) AS n FROM ${readParquet([file])} WHERE c0_int > 3 AND c2_long IS NOT NULL`])
  expect(await filtered(path)).toEqual(await filtered(copy))
  const objects = (file: Uint8Array) =>
    parquetReadObjects({ file: arrayBuffer(file), compressors: parquetCompressors, columns: ['c0_int', 'c18_string'] })
  expect(await objects(sealed)).toEqual(await objects(before))
  const metadata = parquetMetadata(arrayBuffer(sealed))
  let at = 4
  for (const group of metadata.row_groups)
    for (const { meta_data: chunk } of group.columns) {
      expect(Number(chunk?.dictionary_page_offset || chunk?.data_page_offset)).toBe(at)
      at += Number(chunk?.total_compressed_size)
    }
})
