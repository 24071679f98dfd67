import { expect, test } from 'vitest'
import { glueColumns } from '../../adapters/glue-mirror.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { evolveMetadata } from '../../iceberg/evolve.ts'
import { currentSchema } from '../../iceberg/manifest-store.ts'
import { newMetadata } from '../../iceberg/metadata.ts'

const metadata = newMetadata({ table: GOLD_TABLE, location: 'x', uuid: 'u', nowMs: 0 })
const typesOf = (columns: ReturnType<typeof glueColumns>) => columns.map(({ Name, Type }) => `${Name} ${Type}`)

test('Glue shows the columns that the metadata has, in Hive\u2019s words, with their docs', () => {
  const columns = glueColumns(currentSchema(metadata))
  expect(typesOf(columns)).toEqual([
    'message_id string',
    'trade_id string',
    'symbol string',
    'exchange string',
    'asset_class string',
    'timestamp timestamp',
    'price decimal(20,10)',
    'quantity decimal(22,8)',
    'currency string',
    'side string',
    'trade_conditions array<string>',
    'source_sequence bigint',
    'ingestion_timestamp timestamp',
    'platform_sequence bigint',
    'vendor_data map<string,string>',
    'exchange_date date',
    'exchange_hour int',
  ])
  expect(columns[11]).toEqual({
    Name: 'source_sequence',
    Type: 'bigint',
    Comment: 'The exchange\u2019s own sequence number, where it sends one.'.replace('\u2019', "'"),
    Parameters: { 'iceberg.field.id': '12', 'iceberg.field.optional': 'true', 'iceberg.field.current': 'true' },
  })
})

test('Glue follows a table that evolved', () => {
  const wider = GOLD_TABLE.columns.map(column =>
    column.name === 'price' ? { ...column, type: 'decimal(22,10)' as const } : column,
  )
  const maker = { id: 999, name: 'maker', type: 'double', required: false, doc: 'Who made it.' } as const
  const evolved = evolveMetadata(metadata, { ...GOLD_TABLE, columns: [...wider, maker] })
  const types = typesOf(glueColumns(currentSchema(evolved)))
  expect(types.slice(6, 7)).toEqual(['price decimal(22,10)'])
  expect(types.slice(-1)).toEqual(['maker double'])
})
