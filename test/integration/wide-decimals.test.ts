/**
 * Gold with a file whose prices and quantities all fit 18 digits, stored in 8 bytes, and one that needs the table's whole
 * width: other people's engines read both, and filter on both.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Batch, constantInt32, constantInt64, constantString, dictionaryOf } from '../../domain/columns.ts'
import { formatDecimal } from '../../domain/decimal.ts'
import { decimalsOf } from '../../domain/long-columns.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { openLake } from '../../embedded/lake.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { writeDataFile } from '../../iceberg/data-file.ts'
import { hasJava } from '../../localstack/maven.ts'
import { hasPython } from '../../localstack/python.ts'
import { digestTable } from './digest.ts'
import { readWithJava } from './java.ts'
import { checkLake, type LakeRequest, readersPython } from './python.ts'
import { checkWithSpark } from './spark.ts'

const ready = hasPython() && hasJava()
if (!ready) console.warn('Skipped: reading wide decimals needs python3 with venv, java and mvn.')

const DAY = 20_777
const AT = BigInt(DAY) * 86_400_000_000n
/** Units of 10^-10 and of 10^-8. */
type Row = readonly [price: bigint, quantity: bigint]
const NARROW: readonly Row[] = [
  [1n, 1n],
  [123_456_789_012n, 10n ** 18n - 1n],
  [10n ** 18n - 1n, 5n],
]
const WIDE: readonly Row[] = [
  [9n, 10n ** 18n],
  [10n ** 18n, 7n],
  [2n ** 63n, 2n ** 63n],
  [10n ** 20n - 1n, 10n ** 22n - 1n],
  [123_456_789_012n, 3n],
]

function batchOf(rows: readonly Row[], first: number): Batch {
  const count = rows.length
  const ids = rows.map((_, i) => `BINANCE-${first + i}`)
  return {
    rows: count,
    columns: {
      message_id: dictionaryOf(ids),
      trade_id: dictionaryOf(ids),
      symbol: constantString('SHIBUSD', count),
      exchange: constantString('BINANCE', count),
      asset_class: constantString('crypto', count),
      timestamp: constantInt64(AT, count),
      price: decimalsOf(rows.map(([price]) => price)),
      quantity: decimalsOf(rows.map(([, quantity]) => quantity)),
      currency: constantString('USD', count),
      side: constantString('BUY', count),
      trade_conditions: { kind: 'dictionary', entries: [[] as readonly string[]], indexes: new Int32Array(count) },
      ingestion_timestamp: constantInt64(AT, count),
      exchange_date: constantInt32(DAY, count),
      exchange_hour: constantInt32(0, count),
    },
  }
}

const ASKED: readonly (readonly [column: 'price' | 'quantity', operation: '>=' | '<' | '=', value: bigint])[] = [
  ['price', '=', 123_456_789_012n],
  ['price', '=', 2n ** 63n],
  ['price', '>=', 10n ** 18n - 1n],
  ['price', '>=', 10n ** 18n],
  ['price', '<', 10n],
  ['quantity', '=', 10n ** 18n],
  ['quantity', '=', 5n],
  ['quantity', '>=', 10n ** 18n - 1n],
  ['quantity', '<', 10n ** 18n],
  ['quantity', '>=', 10n ** 22n - 1n],
]

function holds([price, quantity]: Row, [column, operation, value]: (typeof ASKED)[number]): boolean {
  const found = column === 'price' ? price : quantity
  return operation === '=' ? found === value : operation === '<' ? found < value : found >= value
}

describe.skipIf(!ready)('prices and quantities of 18 digits and of more in one table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-wide-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('are read and filtered right by everybody', async () => {
    const { ports, close } = await openLake(join(folder, 'lake'))
    const partition = { exchange_date: DAY, exchange_hour: 0 }
    const files = [
      await writeDataFile(ports, GOLD_TABLE, partition, batchOf(NARROW, 0)),
      await writeDataFile(ports, GOLD_TABLE, partition, batchOf(WIDE, 100)),
    ]
    const table = await createTable(ports, GOLD_TABLE)
    const staged = await stageSnapshot(ports, { table, add: files, operation: 'append' })
    await ports.state.transact([staged.write], ports.ids.uuid())
    const whole = await digestTable(ports, GOLD_TABLE, files)
    close()
    const location = { table: GOLD_TABLE.name, metadata_location: staged.metadataLocation }
    const requests: LakeRequest[] = [
      location,
      ...ASKED.map(([column, operation, value]) => ({
        ...location,
        where: { column, operation, value: formatDecimal(value, column === 'price' ? 10 : 8) },
      })),
    ]
    const rows = [8, ...ASKED.map(asked => [...NARROW, ...WIDE].filter(row => holds(row, asked)).length)]

    // PyIceberg 0.12 makes the value one of a file's own type, and gives an error where that has fewer digits.
    const isForAll = (i: number) => i === 0 || !(ASKED[i - 1][1] === '<' && ASKED[i - 1][2] >= 10n ** 18n)
    const forAll = requests.filter((_, i) => isForAll(i))
    const pyIceberg = await checkLake(await readersPython(), forAll, join(folder, 'requests.json'))
    const java = await readWithJava(requests, folder)
    const spark = await checkWithSpark(requests, join(folder, 'requests.json'))

    const rowsOf = (answers: readonly { rows: number }[]) => answers.map(answer => answer.rows)
    for (const answers of [pyIceberg, java, spark]) expect(answers[0]).toMatchObject(whole)
    expect(rowsOf(java), 'Java').toEqual(rows)
    expect(rowsOf(spark), 'Spark').toEqual(rows)
    const expected = rows.filter((_, i) => isForAll(i))
    expect(rowsOf(pyIceberg), 'PyIceberg').toEqual(expected)
    for (const [i, { duckdb }] of pyIceberg.entries()) if (duckdb !== null) expect(duckdb, 'DuckDB').toBe(expected[i])
  })
})
