/** Files that older definitions of a table wrote, read under the definition of today. */
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { afterAll, describe, expect, test } from 'vitest'
import { duckDbEngine } from '../../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../../adapters/system.ts'
import type { Column } from '../../../domain/column-types.ts'
import { Corrupt } from '../../../domain/errors.ts'
import { decimalsOf } from '../../../domain/long-columns.ts'
import { tableRows } from '../../../domain/sql.ts'
import { GOLD_TABLE, type TableDefinition } from '../../../domain/tables.ts'
import { readBatch, sourceOf } from '../../../iceberg/parquet/batch.ts'
import { encodeParquet } from '../../../iceberg/parquet/encode.ts'
import { describeParquet } from '../../../iceberg/parquet/footer.ts'
import { readColumns } from '../../../iceberg/parquet/read.ts'
import { batchOf, rowsArbitrary, rowsOf, type Value } from '../batches.ts'

const scratch = systemScratch()
const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
afterAll(() => engine.close())

type Kind = Column['type']
const column = (id: number, name: string, type: Kind, required = true, nestedIds?: number[]): Column => ({
  id,
  name,
  type,
  required,
  doc: '',
  ...(nestedIds && { nestedIds }),
})
const tableOf = (columns: readonly Column[]): TableDefinition => ({
  ...GOLD_TABLE,
  name: 'old_and_new',
  columns,
  partition: [],
  sort: [],
})

const OLD = tableOf([
  column(1, 'text', 'string'),
  column(2, 'count', 'int'),
  column(3, 'maybe', 'int', false),
  column(4, 'price', 'decimal(18,8)'),
  column(5, 'paid', 'decimal(18,8)', false),
  column(6, 'ratio', 'float'),
  column(7, 'always', 'long'),
  column(8, 'tags', 'list<string>', true, [9]),
])
/** In another order, with everything that may change changed. */
const NEW = tableOf([
  column(4, 'price', 'decimal(38,8)'),
  column(1, 'text', 'string'),
  column(10, 'note', 'string', false),
  column(11, 'names', 'list<string>', false, [12]),
  column(13, 'pairs', 'map<string,string>', false, [14, 15]),
  column(16, 'large', 'decimal(38,8)', false),
  column(17, 'at', 'timestamptz', false),
  column(18, 'bytes', 'binary', false),
  column(2, 'count', 'long'),
  column(3, 'maybe', 'long', false),
  column(5, 'paid', 'decimal(20,8)', false),
  column(6, 'ratio', 'double'),
  column(7, 'always', 'long', false),
  column(8, 'tags', 'list<string>', true, [9]),
  column(19, 'share', 'double', false),
  column(20, 'day', 'date', false),
])
const NAMES = NEW.columns.map(({ name }) => name)

/** A row of OLD as NEW has it. */
function asNew(row: readonly Value[]): Value[] {
  return NEW.columns.map(({ name, type }) => {
    const value = row[OLD.columns.findIndex(old => old.name === name)] ?? null
    return type === 'long' && typeof value === 'number' ? BigInt(value) : value
  })
}

/** Values as the types of NEW take them, in the layouts that today's code would make. */
const newRows = (rows: readonly Value[][]) => {
  const encoded = tableOf(NEW.columns.map(({ type, ...rest }) => ({ ...rest, type: narrow(type) })))
  return encodeParquet(NEW, batchOf(encoded, rows))
}
const narrow = (type: Kind): Kind => (type.startsWith('decimal') ? 'decimal(18,8)' : type)
const newArbitrary = rowsArbitrary(
  tableOf(NEW.columns.map(({ type, ...rest }) => ({ ...rest, type: narrow(type) }))),
  12,
)
const files = fc.array(
  fc.oneof(
    rowsArbitrary(OLD, 12).map(rows => ({ file: encodeParquet(OLD, batchOf(OLD, rows), 5), rows: rows.map(asNew) })),
    newArbitrary.map(rows => ({ file: newRows(rows), rows: rows as Value[][] })),
  ),
  { minLength: 1, maxLength: 4 },
)

describe('old and new files together are read as the definition says', () => {
  test('in columns', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.boolean(), async (made, plainly) => {
        const sources = made.map(({ file }, i) => sourceOf(`file ${i}`, file))
        const plain = new Set(plainly ? ['text', 'note'] : [])
        const batch = await readBatch(NEW, sources, { columns: NAMES, plain })
        expect(rowsOf(NEW, batch)).toEqual(made.flatMap(({ rows }) => rows))
      }),
      { numRuns: 100 },
    )
  })

  test('a file at a time', async () => {
    const flat = NEW.columns.filter(({ nestedIds }) => !nestedIds)
    await fc.assert(
      fc.asyncProperty(files, async made => {
        for (const { file, rows } of made) {
          const read = await readColumns(
            'the file',
            file,
            flat.map(({ name }) => name),
            NEW,
          )
          for (const { name } of flat)
            expect(
              Array.from(read.values[name], value => (value instanceof Uint8Array ? Uint8Array.from(value) : value)),
              name,
            ).toEqual(rows.map(row => row[NAMES.indexOf(name)]))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('by the engine, whichever file comes first, and as what our own columns are when they are written again', async () => {
    await fc.assert(
      fc.asyncProperty(files, async made => {
        const paths = made.map(({ file }, i) => {
          const path = scratch.path(`part-${i}.parquet`)
          writeFileSync(path, file)
          return path
        })
        const again = scratch.path('again.parquet')
        const sources = made.map(({ file }, i) => sourceOf(`file ${i}`, file))
        const batch = await readBatch(NEW, sources, { columns: NAMES, plain: new Set() })
        writeFileSync(again, encodeParquet(NEW, batch))
        const ours = tableRows(NEW, [again])
        const theirs = tableRows(NEW, paths)
        const types = (from: string) => engine.run([`SELECT column_type FROM (DESCRIBE SELECT * FROM ${from})`])
        expect(await types(theirs)).toEqual(await types(tableRows(NEW, [])))
        const difference = `(FROM ${theirs} EXCEPT ALL FROM ${ours}) UNION ALL (FROM ${ours} EXCEPT ALL FROM ${theirs})`
        expect(await engine.run([`SELECT count(*) AS n FROM (${difference})`])).toEqual([{ n: 0n }])
        const [{ rows }] = await engine.run([`SELECT count(*) AS rows FROM ${theirs}`])
        expect(Number(rows)).toBe(made.flatMap(file => file.rows).length)
        for (const path of [...paths, again]) scratch.remove(path)
      }),
      { numRuns: 30 },
    )
  })
})

test('a decimal that a file keeps in eight bytes reads under one of more than 18 digits', async () => {
  const old = tableOf([column(1, 'price', 'decimal(18,8)')])
  const wide = tableOf([column(1, 'price', 'decimal(38,8)')])
  const file = encodeParquet(old, batchOf(old, [[-1n], [999_999_999_999_999_999n], [0n]]))
  expect(
    (await readBatch(wide, [sourceOf('k', file)], { columns: ['price'], plain: new Set() })).columns.price,
  ).toEqual({
    kind: 'int64',
    values: BigInt64Array.of(-1n, 999_999_999_999_999_999n, 0n),
    valid: undefined,
  })
  const { lowerBounds, upperBounds } = describeParquet(wide, file)
  expect([lowerBounds[1], upperBounds[1]].map(bound => Buffer.from(bound).toString('hex'))).toEqual([
    'ff',
    '0de0b6b3a763ffff',
  ])
})

describe('a narrow column of more than 18 digits is stored', () => {
  const table = tableOf([{ ...column(1, 'price', 'decimal(20,10)'), narrow: true }])
  const edge = 10n ** 18n
  const fileOf = (...values: bigint[]) =>
    encodeParquet(table, { rows: values.length, columns: { price: decimalsOf(values) } })
  const describeIt = (file: Uint8Array) => {
    const { lowerBounds, upperBounds } = describeParquet(table, file)
    return [lowerBounds[1], upperBounds[1]].map(bound => Buffer.from(bound).toString('hex'))
  }
  const read = async (...files: Uint8Array[]) => {
    const sources = files.map((file, i) => sourceOf(`file ${i}`, file))
    return (await readBatch(table, sources, { columns: ['price'], plain: new Set() })).columns.price
  }

  test('in 8 bytes a value as decimal(18,s) where all values fit that', async () => {
    const file = fileOf(1n, edge - 1n, 1n - edge)
    const { schema } = parquetMetadata(file.slice().buffer)
    expect(schema[1]).toMatchObject({ type: 'INT64', precision: 18, scale: 10 })
    expect(await read(file)).toEqual({
      kind: 'int64',
      values: BigInt64Array.of(1n, edge - 1n, 1n - edge),
      valid: undefined,
    })
    expect(describeIt(file)).toEqual(['f21f494c589c0001', '0de0b6b3a763ffff'])
  })

  test.each([
    ['just over 18 digits', edge, '0de0b6b3a7640000'],
    ['the largest of 64 bits', 2n ** 63n - 1n, '7fffffffffffffff'],
    ['over 64 bits', 2n ** 63n, '008000000000000000'],
    ['the largest', 10n ** 20n - 1n, '056bc75e2d630fffff'],
  ])('in the 9 bytes that 20 digits take where one is %s', async (_, most, bound) => {
    const file = fileOf(5n, -most, most)
    const { schema } = parquetMetadata(file.slice().buffer)
    expect(schema[1]).toMatchObject({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: 9, precision: 20, scale: 10 })
    const { values } = (await read(fileOf(7n), file)) as { values: ArrayLike<bigint> }
    expect(Array.from(values)).toEqual([7n, 5n, -most, most])
    expect(describeIt(file)[1]).toBe(bound)
  })

  test('not at all where a value has more digits than the type', () => {
    expect(() => fileOf(1n, 10n ** 20n)).toThrow('A value of column price has more digits than decimal(20,10)')
  })
})

test('a column is found by its id, whatever a file calls it', async () => {
  const theirs = tableOf([column(2, 'b', 'long'), column(1, 'a', 'long')])
  const ours = tableOf([column(1, 'b', 'long'), column(2, 'a', 'long')])
  const file = encodeParquet(theirs, batchOf(theirs, [[20n, 10n]]))
  const batch = await readBatch(ours, [sourceOf('k', file)], { columns: ['a', 'b'], plain: new Set() })
  expect(rowsOf(ours, batch)).toEqual([[10n, 20n]])
})

describe('refused is a file', () => {
  const read = (stored: Column, wanted: Column, value: Value) => {
    const file = encodeParquet(tableOf([stored]), batchOf(tableOf([stored]), [[value]]))
    return readBatch(tableOf([wanted]), [sourceOf('k', file)], { columns: [wanted.name], plain: new Set() })
  }
  const cases: [what: string, stored: Column, wanted: Column, value: Value][] = [
    ['without a required column', column(1, 'a', 'long'), column(2, 'b', 'long'), 1n],
    ['with a long where an int is asked for', column(1, 'a', 'long'), column(1, 'a', 'int'), 1n],
    ['with a double where a float is', column(1, 'a', 'double'), column(1, 'a', 'float'), 1],
    ['with another scale', column(1, 'a', 'decimal(18,8)'), column(1, 'a', 'decimal(38,10)'), 1n],
    ['with a wider decimal', column(1, 'a', 'decimal(38,16)'), column(1, 'a', 'decimal(18,16)'), 1n],
    ['with text where a number is', column(1, 'a', 'string'), column(1, 'a', 'long'), 'x'],
  ]
  for (const [what, stored, wanted, value] of cases)
    test(what, async () => {
      await expect(read(stored, wanted, value)).rejects.toThrow(Corrupt)
    })
})
