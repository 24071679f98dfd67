/**
 * Parquet files that we write, read back by other readers.
 * Over 250 lines: every type of column goes through the same cases.
 */
import { writeFileSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterAll, describe, expect, test } from 'vitest'
import { duckDbEngine } from '../../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../../adapters/system.ts'
import { type Column, type ColumnType, decimalType, type PrimitiveType } from '../../../domain/column-types.ts'
import { bytesOf } from '../../../domain/columns.ts'
import { formatDecimal } from '../../../domain/decimal.ts'
import type { TableDefinition } from '../../../domain/tables.ts'
import { decodeValue } from '../../../iceberg/bounds.ts'
import { encodeFile, encodeParquet } from '../../../iceberg/parquet/encode.ts'
import { describeParquet } from '../../../iceberg/parquet/footer.ts'
import { readColumns } from '../../../iceberg/parquet/read.ts'
import { ALL, batchOf, KINDS, nestedCount, rowsArbitrary, tableOf, type Value } from '../batches.ts'

const scratch = systemScratch()
const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
afterAll(() => engine.close())

const asBytes = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)

/** What DuckDB is asked for a column, and what it must answer. */
function duckDb(column: Column, value: Value): { select: string; expected: unknown } {
  const name = `"${column.name}"`
  const scale = decimalType(column.type)?.scale
  if (column.type === 'timestamptz') return { select: `epoch_us(${name})`, expected: value }
  if (column.type === 'date')
    return { select: `date_diff('day', DATE '1970-01-01', ${name})::INTEGER`, expected: value }
  if (value === null) return { select: name, expected: null }
  if (scale !== undefined) return { select: name, expected: formatDecimal(value as bigint, scale) }
  return { select: name, expected: value instanceof Map ? Object.fromEntries(value) : asBytes(value) }
}

async function fromDuckDb(table: TableDefinition, file: Uint8Array): Promise<unknown[][]> {
  const path = scratch.path('batch.parquet')
  writeFileSync(path, file)
  const select = table.columns.map((column, i) => `${duckDb(column, null).select} AS c${i}`).join(', ')
  const rows = await engine.run([`SELECT ${select} FROM read_parquet('${path}')`])
  scratch.remove(path)
  return rows.map(row =>
    table.columns.map(({ type }, i) => {
      const value = row[`c${i}`]
      return nestedCount(type) > 0 && value !== null ? JSON.parse(value as string) : asBytes(value)
    }),
  )
}

async function fromHyparquet(table: TableDefinition, file: Uint8Array): Promise<unknown[][]> {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer
  const rows = await parquetReadObjects({
    file: buffer,
    compressors: { ZSTD: bytes => zstdDecompressSync(bytes) },
    utf8: false,
  })
  return rows.map(row => table.columns.map(({ name }) => asBytes(row[name] ?? null)))
}

async function expectReadBack(table: TableDefinition, rows: readonly Value[][], file: Uint8Array): Promise<void> {
  const flat = table.columns.filter(({ type }) => nestedCount(type) === 0)
  const read = await readColumns(
    'the file',
    file,
    flat.map(({ name }) => name),
  )
  expect(read.rows).toBe(rows.length)
  for (const column of flat)
    expect([...read.values[column.name]].map(asBytes), column.name).toEqual(
      rows.map(row => asBytes(row[table.columns.indexOf(column)])),
    )
  expect(await fromDuckDb(table, file)).toEqual(
    rows.map(row => row.map((value, i) => duckDb(table.columns[i], value).expected)),
  )
  // hyparquet makes floats and dates of some types; the others it reads as they are.
  const exact = table.columns.flatMap(({ type }, i) =>
    ['int', 'long', 'string', 'binary', 'list<string>', 'map<string,string>'].includes(type) ? [i] : [],
  )
  const pick = (row: readonly unknown[]) => exact.map(i => row[i])
  expect((await fromHyparquet(table, file)).map(pick)).toEqual(
    rows.map(row => pick(row.map(value => (value instanceof Map ? Object.fromEntries(value) : asBytes(value))))),
  )
}

describe('a batch', () => {
  test('of every type reads back equal, over several row groups', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(ALL),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        async (rows, group, plain) => {
          const file = encodeParquet(ALL, batchOf(ALL, rows, plain), group)
          await expectReadBack(ALL, rows, file)
          expect(parquetMetadata(file.slice().buffer).row_groups).toHaveLength(Math.ceil(rows.length / group))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('of nulls, or of empty values alone, reads back equal', async () => {
    const optional = tableOf(KINDS.filter(([, required]) => !required))
    const nulls = Array.from({ length: 20 }, () => optional.columns.map(() => null))
    await expectReadBack(optional, nulls, encodeParquet(optional, batchOf(optional, nulls), 7))
    const table = tableOf(KINDS.filter(([type]) => nestedCount(type) > 0 || type === 'string' || type === 'binary'))
    const empty: Record<string, Value> = {
      string: '',
      binary: new Uint8Array(0),
      'list<string>': [],
      'map<string,string>': new Map(),
    }
    const rows = Array.from({ length: 20 }, () => table.columns.map(({ type }) => empty[type]))
    await expectReadBack(table, rows, encodeParquet(table, batchOf(table, rows), 7))
  })

  test('of tens of thousands of rows and distinct maps reads back equal, in row groups of its own choice', async () => {
    const table = tableOf([
      ['long', true],
      ['string', true],
      ['list<string>', true],
      ['map<string,string>', false],
      ['map<string,string>', false],
    ])
    // Lists of two kinds; every map another; few maps.
    const rows = Array.from({ length: 70_000 }, (_, i): Value[] => [
      BigInt(i),
      `id-${i}`,
      i % 2 === 0 ? [] : ['x', `${i % 3000}`],
      i % 10 === 0
        ? null
        : new Map([
            ['n', `${i}`],
            ['wide', 'ä'.repeat(i % 40)],
          ]),
      new Map([['pair', `P${i % 20}`]]),
    ])
    const file = encodeParquet(table, batchOf(table, rows))
    expect(parquetMetadata(file.slice().buffer).row_groups.length).toBeGreaterThan(1)
    const answer = await fromDuckDb(table, file)
    const wrong = answer.filter(
      (row, i) =>
        row[0] !== BigInt(i) ||
        row[1] !== `id-${i}` ||
        JSON.stringify(row[2]) !== JSON.stringify(rows[i][2]) ||
        JSON.stringify(row[3]) !==
          JSON.stringify(rows[i][3] && Object.fromEntries(rows[i][3] as Map<string, string>)) ||
        JSON.stringify(row[4]) !== `{"pair":"P${i % 20}"}`,
    )
    expect(answer).toHaveLength(70_000)
    expect(wrong).toEqual([])
  })

  test('of a megabyte a value reads back equal', async () => {
    const table = tableOf([
      ['binary', false],
      ['string', false],
      ['map<string,string>', true],
    ])
    const big = 'ß'.repeat(500_000)
    const rows: Value[][] = [
      [Buffer.from(big), big, new Map([[big, big]])],
      [null, null, new Map()],
      [Buffer.alloc(1_000_000, 0xff), '', new Map([['', big]])],
    ]
    await expectReadBack(table, rows, encodeParquet(table, batchOf(table, rows)))
  })

  test('of no rows is a file without row groups', async () => {
    const file = encodeParquet(ALL, batchOf(ALL, []))
    expect(describeParquet(ALL, file)).toMatchObject({ records: 0, splitOffsets: [] })
    expect(await fromDuckDb(ALL, file)).toEqual([])
  })
})

test('bounds and counts in the footer are those of the values', async () => {
  const compare = (a: Value, b: Value) =>
    typeof a === 'string'
      ? Buffer.compare(Buffer.from(a), Buffer.from(b as string))
      : (a as bigint) < (b as bigint)
        ? -1
        : 1
  fc.assert(
    fc.property(rowsArbitrary(ALL), fc.integer({ min: 1, max: 20 }), fc.boolean(), (rows, group, plain) => {
      const description = describeParquet(ALL, encodeParquet(ALL, batchOf(ALL, rows, plain), group))
      for (const [i, { id, type, name, nestedIds }] of ALL.columns.entries()) {
        const bound = (bounds: Readonly<Record<number, Uint8Array>>) =>
          bounds[id] === undefined ? undefined : decodeValue(type as PrimitiveType, bounds[id])
        // The two zeros are equal, and a footer has the negative one below and the positive one above (parquet.thrift, Statistics).
        const oneZero = (value: unknown) => (value === 0 ? 0 : value)
        const lower = oneZero(bound(description.lowerBounds))
        const upper = oneZero(bound(description.upperBounds))
        if (nestedIds || type === 'binary') {
          expect([lower, upper], name).toEqual([undefined, undefined])
          continue
        }
        const present = rows.map(row => row[i]).filter(value => value !== null)
        expect(description.valueCounts[id], name).toBe(rows.length)
        expect(description.nullCounts[id], name).toBe(rows.length - present.length)
        const ordered = present.sort(compare)
        const [least, most] = [ordered[0], ordered.at(-1)]
        // Footers hold numbers as bigints, and text of more than 16 bytes cut off: below the least, above the most.
        const exact = (value: unknown) =>
          typeof value === 'number' && type !== 'float' && type !== 'double' ? BigInt(value) : oneZero(value)
        const isCut = (value: Value | undefined) => typeof value === 'string' && Buffer.byteLength(value) > 16
        if (isCut(least)) expect(compare(lower as string, least as string), name).toBeLessThanOrEqual(0)
        else expect(lower, name).toEqual(exact(least))
        if (isCut(most)) expect(compare(upper as string, most as string), name).toBeGreaterThanOrEqual(0)
        else expect(upper, name).toEqual(exact(most))
      }
    }),
    { numRuns: 60 },
  )
})

test('the footer’s bounds are its own: they stay when the columns that the file was made of are written over', () => {
  const table = tableOf([['string', true]])
  const [{ name }] = table.columns
  const column = bytesOf(['b-2', 'a-1', 'c-3'].map(text => Buffer.from(text)))

  const { footer } = encodeFile(table, { rows: 3, columns: { [name]: { kind: 'bytes', plain: column.plain } } })
  column.plain.fill(0)

  const { min_value: min, max_value: max } = footer.row_groups[0].columns[0].statistics
  expect([min, max].map(bound => bound && Buffer.from(bound).toString())).toEqual(['a-1', 'c-3'])
})

describe('refused is', () => {
  const nullable: Record<string, Value> = {
    int: 1,
    long: 1n,
    string: 'a',
    binary: Buffer.from('a'),
    'list<string>': ['a'],
    'map<string,string>': new Map([['a', 'b']]),
  }
  for (const [type, value] of Object.entries(nullable))
    for (const plain of type === 'string' ? [true, false] : [false])
      test(`a null in a required column of ${type}${plain ? ', laid out plainly' : ''}`, () => {
        const table = tableOf([[type as ColumnType, true]])
        const rows = [[value], [null], [value]]
        expect(() => encodeParquet(table, batchOf(table, rows, plain))).toThrow(RangeError)
      })

  test('a batch that lacks a column', () => {
    const table = tableOf([
      ['int', true],
      ['long', true],
    ])
    const { c0_int } = batchOf(table, [[1, 1n]]).columns
    expect(() => encodeParquet(table, { rows: 1, columns: { c0_int } })).toThrow('c1_long')
  })

  test('a column of another length', () => {
    const table = tableOf([
      ['int', true],
      ['string', true],
    ])
    const three = batchOf(table, [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]).columns
    const two = batchOf(table, [
      [1, 'a'],
      [2, 'b'],
    ]).columns
    for (const columns of [
      { ...three, c0_int: two.c0_int },
      { ...three, c1_string: two.c1_string },
    ])
      expect(() => encodeParquet(table, { rows: 3, columns })).toThrow(RangeError)
  })
})
