/** What is known of a price, from candles that are written here by hand. */
import { expect, test } from 'vitest'
import {
  changeSpan,
  dayTurnover,
  HOUR,
  largestMove,
  MINUTE,
  type Quote,
  withHour,
  withMinute,
} from '../../figures/quotes.ts'
import type { CandleRow } from '../../figures/rows.ts'

const NOW = Date.UTC(2026, 10, 20, 12, 5, 30)
const iso = (ms: number) => new Date(ms).toISOString()

const candle = (startMs: number, lengthMs: number, close: string, quote_volume: string): CandleRow => ({
  ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start: iso(startMs), end: iso(startMs + lengthMs), status: 'closed' },
  ...{ open: '100', high: '110', low: '90', close, volume: '1', quote_volume, taker_buy_volume: '0', vwap: '100' },
  ...{ trades: 1, first_trade: iso(startMs + 1), last_trade: iso(startMs + 2) },
})
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 20, hour, minute)

function quoteOf(hours: readonly CandleRow[], minutes: readonly CandleRow[]): Quote {
  let quote: Quote | undefined
  for (const row of hours) quote = withHour(quote, row, NOW)
  for (const row of minutes) quote = withMinute(quote, row, NOW)
  if (!quote) throw new Error('There is no candle.')
  return quote
}

test('the turnover of a day counts each minute once: whole hours, and the minutes of the one that is not over', () => {
  const quote = quoteOf(
    [
      candle(at(10), HOUR, '100', '1000.5'),
      candle(at(11), HOUR, '100', '200.25'),
      // Not over: its minutes count.
      candle(at(12), HOUR, '100', '7'),
      candle(at(12) - 25 * HOUR, HOUR, '100', '9999'),
    ],
    [
      candle(at(11, 59), MINUTE, '100', '50'),
      candle(at(12, 4), MINUTE, '100', '3'),
      candle(at(12, 5), MINUTE, '100', '2'),
      candle(at(12, 5), MINUTE, '101', '4.75'),
    ],
  )
  expect(dayTurnover(quote, NOW)).toBe('1208.5')
  expect(dayTurnover(quote, NOW + 22 * HOUR + 30 * MINUTE)).toBe('208')
  expect(changeSpan(quote, at(13, 1))).toBe('3 h')
})

test('the largest move of a minute is that from one last price to the next, up or down', () => {
  const quote = quoteOf(
    [],
    [
      candle(at(12, 1), MINUTE, '100', '1'),
      candle(at(12, 2), MINUTE, '101', '1'),
      candle(at(12, 3), MINUTE, '98.98', '1'),
      candle(at(12, 4), MINUTE, '99', '1'),
    ],
  )
  expect(largestMove(quote)).toBe('-2.00')
  expect(largestMove(quoteOf([], [candle(at(12, 1), MINUTE, '100', '1')]))).toBeUndefined()
})
