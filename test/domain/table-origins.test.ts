/** What tables are made from, against the tables' own definitions. */
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { columnOriginsOf, originsOf } from '../../domain/table-origins.ts'
import { allTables } from '../../domain/tables.ts'

const origins = originsOf(EXCHANGES)
const tables = new Map(allTables().map(table => [table.name, table]))

test('every table has an origin, of tables that there are', () => {
  expect([...origins.keys()].sort()).toEqual([...tables.keys()].sort())
  for (const { tables: from } of origins.values()) for (const name of from) expect(tables.has(name), name).toBe(true)
})

test('data flows from topics to candles', () => {
  expect(origins.get('bronze_kraken_trades')).toEqual({
    stage: 'bronze',
    tables: [],
    topics: ['market.crypto.trades.kraken'],
  })
  expect(origins.get('silver_kraken_trades')?.tables).toEqual(['bronze_kraken_trades'])
  expect(origins.get('silver_dlq_trades')?.tables).toHaveLength(3)
  expect(origins.get('gold_crypto_trades')?.tables).toEqual([
    'silver_binance_trades',
    'silver_kraken_trades',
    'silver_coinbase_trades',
  ])
  expect(origins.get('gold_ohlcv_1m')?.tables).toEqual(['gold_crypto_trades'])
  expect(origins.get('gold_ohlcv_1d')?.tables).toEqual(['gold_crypto_trades', 'gold_ohlcv_1h'])
})

test.each(['gold_crypto_trades', 'gold_ohlcv_1m', 'gold_ohlcv_1d'])(
  'the columns of %s come from columns that there are',
  name => {
    const found = columnOriginsOf(name, EXCHANGES)
    const own = tables.get(name)?.columns.map(column => column.name)
    for (const [column, from] of Object.entries(found?.columns ?? {})) {
      expect(own).toContain(column)
      for (const table of found?.tables ?? [])
        for (const [source] of from) expect(tables.get(table)?.columns.map(each => each.name)).toContain(source)
    }
    const without = own?.filter(column => found?.columns[column] === undefined)
    expect(without).toEqual(name === 'gold_crypto_trades' ? [] : ['trade_count', 'created_at', 'updated_at'])
  },
)
