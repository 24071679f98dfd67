/** `tradelake tables --schema`: what a table is made of, without a lake. */
import { expect, test } from 'vitest'
import { output, runCommand } from './support.ts'

test('shows a table for people', async () => {
  const shown = await output('tables', '--schema', 'gold_crypto_trades')
  expect(shown).toMatch(/^gold_crypto_trades\nA trade of any exchange, exactly once/)
  expect(shown).toMatch(/^7 +price +decimal\(20,10\) +required +Price of one unit of the base asset/m)
  expect(shown).toMatch(/^15 19 20 +vendor_data +map<string,string> +optional +/m)
  expect(shown).toMatch(/^partitioned by +exchange_date, exchange_hour$/m)
  expect(shown).toMatch(/^sorted by +timestamp, trade_id$/m)
  expect(shown).toMatch(/^rows kept +for ever$/m)
  expect(await output('tables', '--schema', 'silver_kraken_trades')).toMatch(
    /^rows kept +30 days, counted by validation_timestamp$/m,
  )
})

test('and for programs', async () => {
  const table = JSON.parse(await output('tables', '--schema', 'gold_ohlcv_1d', '--json'))
  expect(table).toMatchObject({
    table: 'gold_ohlcv_1d',
    partition: ['month(window_date)'],
    sort: ['window_start', 'exchange', 'symbol'],
    retention_days: null,
    snapshot_days: { all: 1, hourly: 7, daily: 365 },
  })
  expect(table.columns[9]).toEqual({
    id: 10,
    nested_ids: [],
    name: 'volume',
    type: 'decimal(38,8)',
    required: true,
    since: null,
    doc: 'Sum of the quantities, in the base asset. Exact.',
  })
})

test('an unknown table is refused, and the error names the known ones', async () => {
  const { status, stderr } = await runCommand('tables', '--schema', 'gold')
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^tradelake: There is no table gold: there are bronze_binance_trades, [^\n]+, gold_ohlcv_1d[^\n]*\.\n$/,
  )
})
