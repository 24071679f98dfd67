import { describe, expect, test } from 'vitest'
import { allTables } from '../../domain/tables.ts'

/**
 * Ids that tables in use have, by the tables' names: the id, the column, and the ids of what is nested. A line here is never
 * changed, only added to.
 */
const IDS: readonly (readonly [tables: RegExp, columns: readonly string[]])[] = [
  [
    /^data_losses$/,
    [
      '1 loss_id',
      '2 table_name',
      '3 partition',
      '4 file',
      '5 rows',
      '6 from_time',
      '7 to_time',
      '8 reason',
      '9 found_at',
      '10 found_date',
      '11 accepted_at',
      '12 rows_before',
    ],
  ],
  [
    /^bronze_\w+_trades$/,
    [
      '1 message_key',
      '2 raw_bytes',
      '3 topic',
      '4 partition',
      '5 offset',
      '6 kafka_timestamp',
      '7 ingestion_timestamp',
      '8 ingestion_date',
      '9 topic_epoch',
    ],
  ],
  [
    /^silver_(?!dlq)\w+_trades$/,
    [
      '1 message_id',
      '2 trade_id',
      '3 symbol',
      '4 exchange',
      '5 asset_class',
      '6 timestamp',
      '7 price',
      '8 quantity',
      '9 currency',
      '10 side',
      '11 trade_conditions 23',
      '12 source_sequence',
      '13 ingestion_timestamp',
      '14 platform_sequence',
      '15 vendor_data 24 25',
      '16 exchange_date',
      '17 validation_timestamp',
      '18 bronze_ingestion_timestamp',
      '19 schema_id',
      '20 topic_epoch',
      '21 kafka_partition',
      '22 kafka_offset',
    ],
  ],
  [
    /^silver_dlq_trades$/,
    [
      '1 raw_record',
      '2 error_reason',
      '3 error_type',
      '4 error_timestamp',
      '5 bronze_source',
      '6 kafka_offset',
      '7 schema_id',
      '8 dlq_date',
      '9 exchange',
      '10 topic_epoch',
      '11 kafka_partition',
    ],
  ],
  [
    /^feed_gaps$/,
    [
      '1 message_key',
      '2 raw_bytes',
      '3 topic',
      '4 partition',
      '5 offset',
      '6 kafka_timestamp',
      '7 ingestion_timestamp',
      '8 ingestion_date',
      '9 topic_epoch',
      '10 exchange',
      '11 symbol',
      '12 kind',
      '13 status',
      '14 from_id',
      '15 to_id',
      '16 from_time',
      '17 to_time',
      '18 cause',
      '19 reported_at',
      '20 raw',
    ],
  ],
  [
    /^gold_crypto_trades$/,
    [
      '1 message_id',
      '2 trade_id',
      '3 symbol',
      '4 exchange',
      '5 asset_class',
      '6 timestamp',
      '7 price',
      '8 quantity',
      '9 currency',
      '10 side',
      '11 trade_conditions 18',
      '12 source_sequence',
      '13 ingestion_timestamp',
      '14 platform_sequence',
      '15 vendor_data 19 20',
      '16 exchange_date',
      '17 exchange_hour',
    ],
  ],
  [
    /^gold_ohlcv_\w+$/,
    [
      '1 symbol',
      '2 exchange',
      '3 window_start',
      '4 window_end',
      '5 window_date',
      '6 open_price',
      '7 high_price',
      '8 low_price',
      '9 close_price',
      '10 volume',
      '11 vwap',
      '12 trade_count',
      '13 created_at',
      '14 updated_at',
      '15 quote_volume',
      '16 taker_buy_volume',
      '17 taker_buy_quote_volume',
      '18 first_trade_time',
      '19 last_trade_time',
    ],
  ],
]

describe('the columns of the tables', () => {
  test('have the ids that tables in use have', () => {
    for (const { name, columns } of allTables()) {
      const expected = IDS.filter(([tables]) => tables.test(name)).map(([, ids]) => ids)
      const found = columns.map(column => [column.id, column.name, ...(column.nestedIds ?? [])].join(' '))
      expect([found], name).toEqual(expected)
    }
  })

  test('share no id with each other, nested ones included', () => {
    for (const { name, columns } of allTables()) {
      const ids = columns.flatMap(column => [column.id, ...(column.nestedIds ?? [])])
      expect(new Set(ids).size, name).toBe(ids.length)
    }
  })

  test('are explained within what Glue takes, and so are the tables', () => {
    for (const { name, doc, columns } of allTables()) {
      expect(doc, name).toMatch(/^[A-Z].{20,254}\.$/)
      for (const column of columns) expect(column.doc, `${name}.${column.name}`).toMatch(/^\S.{8,253}\.$/)
    }
  })

  test('that were added later are optional', () => {
    const later = allTables().flatMap(({ columns }) => columns.filter(column => column.since !== undefined))
    expect(later.filter(column => column.required)).toEqual([])
  })

  test('of Gold all say where they come from, and what comes from Silver is there under the same name', () => {
    const tables = allTables()
    const gold = tables.find(({ name }) => name === 'gold_crypto_trades')!
    const silver = new Set(tables.find(({ name }) => name === 'silver_kraken_trades')!.columns.map(({ name }) => name))
    expect(gold.columns.filter(({ from }) => from === undefined)).toEqual([])
    expect(gold.columns.filter(({ from, name }) => from === 'silver' && !silver.has(name))).toEqual([])
  })
})
