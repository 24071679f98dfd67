/**
 * Tables that an older version made, under newer definitions: opened, migrated with the next commit, joined, and read by
 * PyIceberg, Iceberg's Java library, Spark, DuckDB and ourselves. What must be read is told by the queries that made the rows.
 * Over 250 lines: one evolved lake, read by four engines.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Column, ColumnType } from '../../domain/column-types.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { dataFileKey } from '../../domain/names.ts'
import { sqlType } from '../../domain/sql.ts'
import { allTables, type TableDefinition } from '../../domain/tables.ts'
import { openLake } from '../../embedded/lake.ts'
import type { Join } from '../../functions/maintain/plan.ts'
import { rewrite } from '../../functions/maintain/rewrite.ts'
import { createTable, findTable, openTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { describeParquetFile } from '../../iceberg/parquet/footer.ts'
import { partitionOf, partitionPath } from '../../iceberg/partitions.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { hasJava } from '../../localstack/maven.ts'
import { hasPython } from '../../localstack/python.ts'
import { output } from '../cli/support.ts'
import { sampleRows, writeParquet } from '../iceberg/parquet/files.ts'
import { digestRows, digestTable, textsQuery } from './digest.ts'
import { readWithJava } from './java.ts'
import { checkLake, icebergType, type LakeRequest, readersPython } from './python.ts'
import { checkWithSpark } from './spark.ts'

const ready = hasPython() && hasJava()
if (!ready) console.warn('Skipped: reading evolved tables needs python3 with venv, java and mvn.')

/**
 * The columns of tables that were made before ids were written down, as those lakes have them: id, name, type, nested ids. But
 * for the scale of prices and of what is made of them, which was another one then: such a lake is refused (test/iceberg/evolve.test.ts).
 */
const OLD: Readonly<Record<string, readonly string[]>> = {
  silver_kraken_trades: [
    '1 message_id string',
    '2 trade_id string',
    '3 symbol string',
    '4 exchange string',
    '5 asset_class string',
    '6 timestamp timestamptz',
    '7 price decimal(18,10)',
    '8 quantity decimal(18,8)',
    '9 currency string',
    '10 side string',
    '11 trade_conditions list<string> 23',
    '12 source_sequence long?',
    '13 ingestion_timestamp timestamptz',
    '14 platform_sequence long?',
    '15 vendor_data map<string,string>? 24 25',
    '16 exchange_date date',
    '17 validation_timestamp timestamptz',
    '18 bronze_ingestion_timestamp timestamptz',
    '19 schema_id int',
    '20 topic_epoch int',
    '21 kafka_partition int',
    '22 kafka_offset long',
  ],
  gold_crypto_trades: [
    '1 message_id string',
    '2 trade_id string',
    '3 symbol string',
    '4 exchange string',
    '5 asset_class string',
    '6 timestamp timestamptz',
    '7 price decimal(18,10)',
    '8 quantity decimal(18,8)',
    '9 currency string',
    '10 side string',
    '11 trade_conditions list<string> 18',
    '12 source_sequence long?',
    '13 ingestion_timestamp timestamptz',
    '14 platform_sequence long?',
    '15 vendor_data map<string,string>? 19 20',
    '16 exchange_date date',
    '17 exchange_hour int',
  ],
  gold_ohlcv_1m: [
    '1 symbol string',
    '2 exchange string',
    '3 window_start timestamptz',
    '4 window_end timestamptz',
    '5 window_date date',
    '6 open_price decimal(18,10)',
    '7 high_price decimal(18,10)',
    '8 low_price decimal(18,10)',
    '9 close_price decimal(18,10)',
    '10 volume decimal(38,8)',
    '11 vwap decimal(18,10)',
    '12 trade_count long',
    '13 created_at timestamptz',
    '14 updated_at timestamptz',
    '15 quote_volume decimal(38,18)',
    '16 taker_buy_volume decimal(38,8)',
    '17 taker_buy_quote_volume decimal(38,18)',
    '18 first_trade_time timestamptz',
    '19 last_trade_time timestamptz',
  ],
}

function oldDefinition(name: string): TableDefinition {
  const columns = OLD[name].map((text): Column => {
    const [id, column, type, ...nestedIds] = text.split(' ')
    return {
      id: Number(id),
      name: column,
      type: type.replace('?', '') as ColumnType,
      required: !type.endsWith('?'),
      doc: '',
      ...(nestedIds.length > 0 && { nestedIds: nestedIds.map(Number) }),
    }
  })
  return { ...definitionOf(name), columns }
}

function definitionOf(name: string): TableDefinition {
  return allTables().find(table => table.name === name)!
}

const added = (id: number, name: string, type: ColumnType, nestedIds?: number[]): Column => ({
  id,
  name,
  type,
  required: false,
  doc: 'Added later.',
  since: '9.9.9',
  ...(nestedIds && { nestedIds }),
})

/** Today's definition with wider types and more columns. */
function tomorrow(name: string, changes: Record<string, Partial<Column>>, more: readonly Column[]): TableDefinition {
  const table = definitionOf(name)
  const columns = table.columns.map(column => ({ ...column, ...changes[column.name] }))
  return { ...table, columns: [...columns, ...more] }
}

const WIDE_PRICE = "('123456789012' || (10 + i % 90) || '.0000000001')::DECIMAL(24,10)"
const CASES: { table: TableDefinition; date: string; wide: Record<string, string> }[] = [
  {
    table: tomorrow('gold_crypto_trades', { price: { type: 'decimal(24,10)' }, quantity: { type: 'decimal(38,8)' } }, [
      added(21, 'maker_order_id', 'string'),
      added(22, 'fee', 'decimal(20,8)'),
      added(23, 'score', 'double'),
    ]),
    date: 'exchange_date',
    wide: { price: WIDE_PRICE },
  },
  {
    table: tomorrow(
      'silver_kraken_trades',
      { price: { type: 'decimal(24,10)' }, schema_id: { type: 'long' }, validation_timestamp: { required: false } },
      [added(26, 'flags', 'list<string>', [27]), added(28, 'more', 'map<string,string>', [29, 30])],
    ),
    date: 'exchange_date',
    wide: { price: WIDE_PRICE, schema_id: '(9007199254740993 + i)::BIGINT' },
  },
  {
    table: tomorrow(
      'gold_ohlcv_1m',
      { open_price: { type: 'decimal(24,10)' }, close_price: { type: 'decimal(38,10)' } },
      [added(20, 'median_price', 'decimal(18,10)'), added(21, 'settled_at', 'timestamptz')],
    ),
    date: 'window_date',
    wide: { open_price: WIDE_PRICE },
  },
]
const ROWS = 120

describe.skipIf(!ready)('tables of an older version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-evolution-'))
  const directory = join(folder, 'lake')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('open, get new columns and wider types, and are read right by everybody', async () => {
    const requests: LakeRequest[] = []
    const expected: { schema: object; rows: number; digest: string }[] = []
    const firstRequests: LakeRequest[] = []
    const firstExpected: object[] = []

    // Prepare: what the older version left.
    let { ports, close } = await openLake(directory)
    const rowsSql = (table: TableDefinition, date: string, first: number, wide: Record<string, string> = {}) => {
      const hour: Record<string, string> = table.columns.some(({ name }) => name === 'exchange_hour')
        ? { exchange_hour: '7::INTEGER' }
        : {}
      return sampleRows(table, { rows: ROWS, first, fixed: { [date]: "DATE '2026-11-20'", ...hour, ...wide } })
    }
    const store = async (table: TableDefinition, date: string, select: string): Promise<DataFile> => {
      const path = ports.scratch.path(`${ports.ids.uuid()}.parquet`)
      await writeParquet(ports.engine, table, path, select)
      const day = Date.parse('2026-11-20') / 86_400_000
      const partition = partitionOf(table, { [date]: day, exchange_hour: 7 })
      const description = await describeParquetFile(table, path)
      const key = dataFileKey(table.name, partitionPath(table, partition), ports.ids.uuid())
      await ports.store.putFile(key, path)
      return { key, partition, ...description }
    }
    for (const { table, date } of CASES) {
      const old = oldDefinition(table.name)
      const files = [
        await store(old, date, rowsSql(old, date, 1_000)),
        await store(old, date, rowsSql(old, date, 2_000)),
      ]
      const staged = await stageSnapshot(ports, {
        table: await createTable(ports, old),
        add: files,
        operation: 'append',
      })
      await ports.state.transact([staged.write], ports.ids.uuid())
      firstRequests.push({
        table: table.name,
        metadata_location: staged.metadataLocation,
        snapshot_id: staged.snapshotId,
      })
      const both = `(${rowsSql(old, date, 1_000)} UNION ALL ${rowsSql(old, date, 2_000)})`
      firstExpected.push(digestRows(old, await ports.engine.run([textsQuery(old, both)])))
    }

    // Whoever only looks changes nothing, and sees the table as it is defined today.
    const before = await findTable(ports, 'gold_crypto_trades')
    close()
    const [{ n }] = JSON.parse(
      await output('sql', 'SELECT count(*) AS n FROM gold_crypto_trades', '--format', 'json', '--data', directory),
    )
    expect(n).toBe(2 * ROWS)
    ;({ ports, close } = await openLake(directory))
    expect(await findTable(ports, 'gold_crypto_trades')).toEqual(before)

    // Act: a commit under today's definition, one under tomorrow's, and an old file joined with a new one.
    for (const { table, date, wide } of CASES) {
      const old = oldDefinition(table.name)
      const today = definitionOf(table.name)
      const commit = async (
        definition: TableDefinition,
        add: readonly DataFile[],
        remove: readonly DataFile[] = [],
      ) => {
        const opened = (await openTable(ports, definition))!
        const keys = new Set(remove.map(({ key }) => key))
        const operation = keys.size > 0 ? 'replace' : 'append'
        const staged = await stageSnapshot(ports, { table: opened, add, remove: keys, operation })
        await ports.state.transact([staged.write], ports.ids.uuid())
        return staged.table
      }
      await commit(today, [await store(today, date, rowsSql(today, date, 3_000))])
      const fresh = await store(table, date, rowsSql(table, date, 4_000, wide))
      await commit(table, [fresh])
      const whole = (await openTable(ports, table))!
      const query = `(SELECT ${table.columns.map(({ name, type }) => `NULL::${sqlType(type)} AS "${name}"`).join(', ')} WHERE false
        UNION ALL BY NAME ${rowsSql(old, date, 1_000)} UNION ALL BY NAME ${rowsSql(old, date, 2_000)}
        UNION ALL BY NAME ${rowsSql(today, date, 3_000)} UNION ALL BY NAME ${rowsSql(table, date, 4_000, wide)})`
      const rows = digestRows(table, await ports.engine.run([textsQuery(table, query)]))
      expect(rows.rows).toBe(4 * ROWS)
      const ask = (metadataLocation: string) => {
        requests.push({ table: table.name, metadata_location: metadataLocation })
        const types = table.columns.map(({ name, type }) => [name, icebergType(type)])
        expected.push({ schema: Object.fromEntries(types), ...rows })
      }
      ask(whole.metadataLocation)
      const files = await planFiles(ports, whole)
      const oldest = files.find(
        ({ valueCounts }) => Object.keys(valueCounts).length < Object.keys(fresh.valueCounts).length,
      )!
      const partition = { path: '', values: fresh.partition, files: [] }
      const joined = await rewrite(ports, table, { partition, files: [oldest, fresh] } as unknown as Join, EXCHANGES)
      const after = await commit(table, [joined.file], [oldest, fresh])
      ask(after.metadataLocation)
      expect(after.metadata.schemas.map(schema => schema['schema-id'])).toEqual([0, 1, 2])
      expect(await digestTable(ports, table, await planFiles(ports, after)), 'ourselves').toEqual(rows)
      // An older version gets an error that says so.
      await expect(openTable(ports, today)).rejects.toThrow(
        /^Table \w+ is not as this version of tradelake defines it: /,
      )
    }
    close()

    // Assess
    const python = await readersPython()
    const [pyIceberg, java, spark] = [
      await checkLake(python, [...requests, ...firstRequests], join(folder, 'requests.json')),
      await readWithJava(requests, folder),
      await checkWithSpark(requests, join(folder, 'requests.json')),
    ]
    for (const [i, want] of expected.entries()) {
      const { table } = requests[i]
      expect(pyIceberg[i], `${table} by PyIceberg`).toMatchObject({ table, avro: [], ...want })
      if (pyIceberg[i].duckdb !== null) expect(pyIceberg[i].duckdb, `${table} by DuckDB`).toBe(want.rows)
      expect(java[i], `${table} by Java`).toMatchObject({ table, ...want })
      expect(spark[i], `${table} by Spark`).toMatchObject({ table, rows: want.rows, digest: want.digest })
    }
    for (const [i, want] of firstExpected.entries())
      expect(pyIceberg[expected.length + i], `${requests[i].table} in its first snapshot`).toMatchObject(want)
  })
})
