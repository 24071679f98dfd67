/**
 * Tables that evolve: every legal change, every refusal, and what becomes of a lost commit.
 * Over 250 lines: every legal change and every refusal.
 */
import { describe, expect, test } from 'vitest'
import type { Column } from '../../domain/column-types.ts'
import { Conflict, SchemaMismatch } from '../../domain/errors.ts'
import { allTables, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { readAvroFile } from '../../iceberg/avro-file.ts'
import { createTable, findTable, openTable } from '../../iceberg/catalog.ts'
import { evolveMetadata } from '../../iceberg/evolve.ts'
import { stageExpiry } from '../../iceberg/expire.ts'
import { keyOf } from '../../iceberg/location.ts'
import { readManifests } from '../../iceberg/manifest-store.ts'
import { currentSnapshot, newMetadata } from '../../iceberg/metadata.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { commit, dataFile, testLake } from './support.ts'

const column = (id: number, name: string, type: Column['type'], required = true): Column => ({
  id,
  name,
  type,
  required,
  doc: `The ${name}.`,
})
const COLUMNS = [
  column(1, 'day', 'int'),
  column(2, 'time', 'timestamptz'),
  column(3, 'price', 'decimal(18,8)'),
  column(4, 'count', 'int'),
  column(5, 'ratio', 'float'),
  column(6, 'note', 'string', false),
  { ...column(7, 'tags', 'list<string>'), nestedIds: [8] },
]
const BASE: TableDefinition = {
  ...GOLD_TABLE,
  name: 'made_up',
  columns: COLUMNS,
  partition: [{ source: 'day', transform: 'identity', name: 'day' }],
  sort: ['time'],
}
const changed = (name: string, change: Partial<Column>): TableDefinition => ({
  ...BASE,
  columns: COLUMNS.map(old => (old.name === name ? { ...old, ...change } : old)),
})
const withColumn = (...added: Column[]): TableDefinition => ({ ...BASE, columns: [...COLUMNS, ...added] })
const made = (table: TableDefinition = BASE) => newMetadata({ table, location: 'x', uuid: 'u', nowMs: 0 })

describe('a table evolves to', () => {
  const legal: [what: string, table: TableDefinition, lastColumnId: number][] = [
    ['a new optional column', withColumn(column(9, 'maker', 'string', false)), 9],
    [
      'a new optional list, with the id of its elements',
      withColumn({ ...column(9, 'conditions', 'list<string>', false), nestedIds: [10] }),
      10,
    ],
    ['a wider decimal', changed('price', { type: 'decimal(38,8)' }), 8],
    ['a long from an int', changed('count', { type: 'long' }), 8],
    ['a double from a float', changed('ratio', { type: 'double' }), 8],
    ['an optional column from a required one', changed('count', { required: false }), 8],
    ['another doc', changed('count', { doc: 'How many.' }), 8],
    ['another order of columns', { ...BASE, columns: [...COLUMNS].reverse() }, 8],
  ]
  for (const [what, table, lastColumnId] of legal)
    test(what, () => {
      const before = made()
      const after = evolveMetadata(before, table)
      expect(after).toEqual({
        ...before,
        'last-column-id': lastColumnId,
        'current-schema-id': 1,
        schemas: [before.schemas[0], { ...made(table).schemas[0], 'schema-id': 1 }],
      })
      // Once is enough.
      expect(evolveMetadata(after, table)).toBe(after)
    })

  test('one schema after another, each with the next id; an earlier one is found again', () => {
    const docs = ['One.', 'Two.', 'One.', 'Two.']
    let metadata = made()
    const ids = docs.map(doc => {
      metadata = evolveMetadata(metadata, changed('count', { doc }))
      return metadata['current-schema-id']
    })
    expect(ids).toEqual([1, 2, 1, 2])
    expect(metadata.schemas.map(schema => schema['schema-id'])).toEqual([0, 1, 2])
  })

  test('nothing else where it is as defined: the very same metadata', () => {
    for (const table of allTables()) {
      const metadata = made(table)
      expect(evolveMetadata(metadata, table)).toBe(metadata)
    }
  })
})

describe('a table is refused, in one line with what to do, where', () => {
  const refused: [what: string, table: TableDefinition, message: string][] = [
    [
      'a column has another name',
      changed('count', { name: 'number' }),
      'column 4 is called count there and number here',
    ],
    [
      'a later version added a column',
      { ...BASE, columns: COLUMNS.slice(0, -1) },
      'it has a column tags (id 7) that is unknown here: use the version that made it, or a later one',
    ],
    [
      'two columns have one id',
      { ...BASE, columns: [...COLUMNS, column(9, 'maker', 'string', false), column(9, 'taker', 'string', false)] },
      'id 9 is given twice: give every column ids of its own',
    ],
    ['a column has another id', changed('count', { id: 9 }), 'column count has id 4 there and 9 here'],
    ['a nested id moved', changed('tags', { nestedIds: [9] }), 'column tags is a list with ids'],
    [
      'a decimal is narrower',
      changed('price', { type: 'decimal(9,8)' }),
      'column price is decimal(18,8) there and decimal(9,8) here: use the version that made it',
    ],
    [
      'a decimal has another scale',
      changed('price', { type: 'decimal(38,10)' }),
      "column price is decimal(18,8) there and decimal(38,10) here, and no decimal's scale can change: make a new lake",
    ],
    [
      'an int became a timestamp',
      changed('count', { type: 'timestamptz' }),
      'column count is int there and timestamptz here',
    ],
    ['a timestamp became a long', changed('time', { type: 'long' }), 'column time is timestamptz there and long here'],
    ['a float became a decimal', changed('ratio', { type: 'decimal(18,8)' }), 'column ratio is float there'],
    [
      'an optional column is required',
      changed('note', { required: true }),
      'column note may be null there and is required here: use the version that made it',
    ],
    [
      'a new column is required',
      withColumn(column(9, 'maker', 'string')),
      'column maker is new and required, but old rows have no value: make it optional',
    ],
    [
      'a new column takes an id that was in use',
      withColumn(column(8, 'maker', 'string', false)),
      'column maker is new, but its id 8 is not: give it ids from 9 on',
    ],
    [
      'what it is partitioned by gets another type',
      changed('day', { type: 'long' }),
      'column day is int there and long here, but the table is partitioned by it',
    ],
    ['it is partitioned otherwise', { ...BASE, partition: [] }, 'it is partitioned otherwise'],
    ['it is sorted otherwise', { ...BASE, sort: [] }, 'it is sorted otherwise'],
  ]
  for (const [what, table, message] of refused)
    test(what, () => {
      const refuse = () => evolveMetadata(made(), table)
      expect(refuse).toThrow(SchemaMismatch)
      expect(refuse).toThrow(message)
      expect(refuse).toThrow(/^Table made_up is not as this version of tradelake defines it: [^\n]+\.$/)
    })
})

describe('a migration', () => {
  const WIDER: TableDefinition = {
    ...BASE,
    columns: [
      ...COLUMNS.map(old => (old.name === 'price' ? { ...old, type: 'decimal(38,8)' as const } : old)),
      column(9, 'maker', 'string', false),
    ],
  }
  const files = () => [dataFile({ table: BASE, partition: { day: 1 }, bounds: { price: [5n, 7n] } })]

  async function oldTable() {
    const lake = testLake()
    const { table } = await commit(lake, {
      table: await createTable(lake.ports, BASE),
      add: files(),
      operation: 'append',
    })
    return { lake, table }
  }

  test('is in the next commit, and writes nothing before it', async () => {
    const { lake, table } = await oldTable()
    const puts = lake.counts.puts
    const opened = (await openTable(lake.cold(), WIDER))!
    expect(opened.metadata['current-schema-id']).toBe(1)
    expect(await planFiles(lake.ports, opened, { where: [{ column: 'price', ranges: [{ lower: 8n }] }] })).toEqual([])
    expect(await planFiles(lake.ports, opened, { where: [{ column: 'price', ranges: [{ upper: 5n }] }] })).toHaveLength(
      1,
    )
    expect(
      await planFiles(lake.ports, opened, { where: [{ column: 'maker', ranges: [{ lower: 'a' }] }] }),
    ).toHaveLength(1)
    expect(lake.counts.puts).toBe(puts)
    expect((await findTable(lake.cold(), BASE.name))?.metadata).toEqual(table.metadata)

    await commit(lake, { table: opened, add: files(), operation: 'append' })
    const { metadata } = (await findTable(lake.cold(), BASE.name))!
    expect(metadata.schemas.map(schema => schema['schema-id'])).toEqual([0, 1])
    expect(metadata).toMatchObject({ 'current-schema-id': 1, 'last-column-id': 9 })
    expect(metadata.snapshots.map(snapshot => snapshot['schema-id'])).toEqual([0, 1])
    const manifests = await readManifests(lake.ports.store, currentSnapshot(metadata)!)
    const schemaIds = await Promise.all(
      manifests.map(async ({ manifest_path: path }) => {
        const { metadata: header } = readAvroFile(await lake.ports.store.get(keyOf(lake.ports.store, path)))
        return [header.get('schema-id'), header.get('schema')?.includes('maker')]
      }),
    )
    expect(schemaIds).toEqual([
      ['1', true],
      ['0', false],
    ])
  })

  test('lost with its commit is made again, and two at once leave one', async () => {
    const { lake } = await oldTable()
    // Staged, and never committed.
    const lost = (await openTable(lake.ports, WIDER))!
    const [first, second] = [(await openTable(lake.ports, WIDER))!, (await openTable(lake.ports, WIDER))!]
    expect(lost.metadata).toEqual(first.metadata)
    await commit(lake, { table: first, add: files(), operation: 'append' })
    await expect(commit(lake, { table: second, add: files(), operation: 'append' })).rejects.toThrow(Conflict)
    const again = (await openTable(lake.cold(), WIDER))!
    await commit(lake, { table: again, add: files(), operation: 'append' })
    const { metadata } = (await findTable(lake.cold(), BASE.name))!
    expect(metadata.schemas).toHaveLength(2)
    expect(metadata.snapshots.map(snapshot => snapshot['schema-id'])).toEqual([0, 1, 1])
  })

  test('is in an expiry that comes first', async () => {
    const { lake } = await oldTable()
    await commit(lake, { table: (await openTable(lake.ports, BASE))!, add: files(), operation: 'append' })
    lake.clock.advance(400 * 86_400_000)
    const staged = (await stageExpiry(lake.ports, (await openTable(lake.ports, WIDER))!))!
    await lake.ports.state.transact([staged.write], 'token')
    expect((await findTable(lake.cold(), BASE.name))?.metadata).toMatchObject({ 'current-schema-id': 1 })
  })

  test('cannot be undone by an older version: it is refused, and what it had opened conflicts', async () => {
    const { lake, table } = await oldTable()
    await commit(lake, { table: (await openTable(lake.ports, WIDER))!, add: files(), operation: 'append' })
    await expect(openTable(lake.ports, BASE)).rejects.toThrow(
      'column price is decimal(38,8) there and decimal(18,8) here: use the version that made it, or a later one',
    )
    await expect(commit(lake, { table, add: files(), operation: 'append' })).rejects.toThrow(Conflict)
  })
})
