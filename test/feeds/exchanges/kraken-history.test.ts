/** Where Kraken's history begins and ends: it is asked by time, and its ids and times need not have the same order. */
import { expect, test } from 'vitest'
import { krakenRest } from '../../../feeds/exchanges/kraken-api.ts'
import type { History, HistoryQuestion } from '../../../feeds/protocol.ts'

const history = krakenRest('KRAKEN').history as History
const PAIR = { symbol: 'BTCUSD', base: 'BTC', quote: 'USD' }
const RANGE = { from: 2_000, to: 3_000, after: 1_764_000_000_000_000n }
const question = (): HistoryQuestion => ({
  ...{ pair: PAIR, range: RANGE, cursor: '1', stream: 'trade', address: 'https://api.kraken.com' },
})

/** A page as the exchange answers: `[price, volume, seconds, side, type, misc, id]`. */
function pageOf(
  ids: readonly number[],
  rowOf = (id: number): unknown => ['86416.1', '0.5', 1764000000.25, 'b', 'l', '', id],
) {
  const body = JSON.stringify({ error: [], result: { XXBTZUSD: ids.map(rowOf), last: '1764000001000000000' } })
  return history.page(body, question(), 1_764_000_010_000_000n)
}
const upTo = (to: number, count = 1_000) => Array.from({ length: count }, (_, i) => to - count + 1 + i)

test('it is asked from a minute before the last trade that came, in nanoseconds', () => {
  expect(history.begin(RANGE)).toBe('1763999940000000000')
})

test('a full page goes on from where it ended until it shows an id behind the range', () => {
  for (const to of [1_999, 2_500, 2_999, 3_000]) expect(pageOf(upTo(to)).next, `${to}`).toBe('1764000001000000000')
  for (const to of [3_001, 3_500]) expect(pageOf(upTo(to)).next, `${to}`).toBe(undefined)
})

test('a page that is not full is the last one', () => {
  expect(pageOf(upTo(2_500, 999)).next).toBe(undefined)
  expect(pageOf([])).toMatchObject({ trades: [], covers: undefined, next: undefined })
})

test('a page covers its ids, and a full one without any goes on', () => {
  expect(pageOf(upTo(2_500)).covers).toEqual({ from: 1_501, to: 2_500 })
  const page = pageOf(upTo(2_500), () => ['86416.1', 'nothing'])
  expect([page.trades.length, page.unreadable.length]).toEqual([0, 1_000])
  expect([page.covers, page.next]).toEqual([undefined, '1764000001000000000'])
})
