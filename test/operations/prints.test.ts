/** Law 3's comparison of Gold with Silver, when Gold has got a column that Silver had, and a wider decimal. */
import { afterAll, expect, test } from 'vitest'
import { duckDbEngine } from '../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../adapters/system.ts'
import type { Column } from '../../domain/column-types.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { GOLD_TABLE, silverTable, type TableDefinition } from '../../domain/tables.ts'
import { printsOf } from '../../operations/audit/prints.ts'

const scratch = systemScratch()
const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
afterAll(() => engine.close())

const column = (id: number, name: string, type: Column['type'], more: Partial<Column> = {}): Column => ({
  id,
  name,
  type,
  required: more.since === undefined,
  doc: '',
  ...more,
})
const silver: TableDefinition = {
  ...silverTable(EXCHANGES[0]),
  columns: [column(1, 'id', 'string'), column(2, 'price', 'decimal(18,8)'), column(3, 'schema_id', 'int')],
}
const gold: TableDefinition = {
  ...GOLD_TABLE,
  columns: [
    column(1, 'id', 'string'),
    column(2, 'price', 'decimal(20,8)'),
    column(3, 'hour', 'int'),
    column(4, 'schema_id', 'int', { since: '9.9.9' }),
  ],
}

/** Whether the row of Gold has the Silver row's fields. Values are SQL. */
async function isSame(ofGold: readonly [price: string, schemaId: string], ofSilver: readonly [string, string]) {
  const { select, same } = printsOf(gold, silver)
  const row = ([price, schemaId]: readonly [string, string]) =>
    `SELECT 'a' AS id, ${price} AS price, ${schemaId} AS schema_id`
  const [{ found }] = await engine.run([
    `SELECT coalesce(${same}, false) AS found FROM (SELECT ${select} FROM (${row(ofGold)})) AS g, (SELECT ${select} FROM (${row(ofSilver)})) AS s`,
  ])
  return found
}

test('equal values of the narrower and the wider decimal are equal, others are not', async () => {
  expect(await isSame(['1.5::DECIMAL(20,8)', '7'], ['1.5::DECIMAL(18,8)', '7'])).toBe(true)
  expect(await isSame(['1.6::DECIMAL(20,8)', '7'], ['1.5::DECIMAL(18,8)', '7'])).toBe(false)
})

test('a row of Gold from before a column has the fields of a Silver row that had it', async () => {
  expect(await isSame(['1.5::DECIMAL(20,8)', 'NULL::INTEGER'], ['1.5::DECIMAL(18,8)', '7'])).toBe(true)
})

test('a row of Gold with another value of that column has not', async () => {
  expect(await isSame(['1.5::DECIMAL(20,8)', '8'], ['1.5::DECIMAL(18,8)', '7'])).toBe(false)
  expect(await isSame(['1.5::DECIMAL(20,8)', '8'], ['1.5::DECIMAL(18,8)', 'NULL::INTEGER'])).toBe(false)
})

test('columns that one side alone has count for nothing, and the tables of today have none that came later', () => {
  expect(printsOf(gold, silver).select).not.toContain('hour')
  expect(printsOf(GOLD_TABLE, silverTable(EXCHANGES[0]))).toMatchObject({
    columns: 'print UBIGINT',
    same: 'g.print = s.print',
  })
})
