import { expect, test } from 'vitest'
import { parseRetention, retentionText, withRetention } from '../../domain/retention.ts'
import { allTables } from '../../domain/tables.ts'

const TABLES = allTables()
const parse = (text: string) => parseRetention(text, TABLES)

test('tables are kept for days or for ever', () => {
  const settings = parse('gold_ohlcv_1m=90, silver_kraken_trades=forever')
  expect(settings).toEqual({ gold_ohlcv_1m: 90, silver_kraken_trades: 'forever' })
  expect(parse(retentionText(settings))).toEqual(settings)
  const kept = (name: string) => withRetention(TABLES.find(table => table.name === name)!, settings).retentionDays
  expect(kept('gold_ohlcv_1m')).toBe(90)
  expect(kept('silver_kraken_trades')).toBeUndefined()
  expect(kept('silver_binance_trades')).toBe(30)
  expect(kept('gold_ohlcv_5m')).toBeUndefined()
})

test.each([
  ['gold_ohlcv_1m', /is not like gold_ohlcv_1m=90/],
  ['gold_ohlcv_1m=', /is not like/],
  ['gold_ohlcv_1m=9=9', /is not like/],
  ['gold_ohlcv_1m=0', /gold_ohlcv_1m is 0: give whole days from 1 to 36500, or forever/],
  ['gold_ohlcv_1m=1.5', /give whole days/],
  ['gold_ohlcv_1m=soon', /gold_ohlcv_1m is soon: give whole days/],
  ['gold_ohlcv_1m=1e3', /gold_ohlcv_1m is 1e3: give whole days/],
  ['', /The retention '' is not like/],
  ['gold_ohlcv_1m=3,gold_ohlcv_1m=4', /The retention of gold_ohlcv_1m is given twice/],
  ['data_losses=1', /data_losses is kept for ever: it says what the other tables lack/],
  ['candles=9', /There is no table candles to keep for 9: retention knows bronze_binance_trades, /],
  ['gold_crypto_trades=90', /gold_crypto_trades is kept for ever: candles are made from it/],
])('%s is refused in words', (text, message) => {
  expect(() => parse(text)).toThrow(message)
})
