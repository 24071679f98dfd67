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

test('a full page goes on from where it ended until one has only ids behind the range', () => {
  for (const to of [1_999, 2_999, 3_000, 3_999]) expect(pageOf(upTo(to)).next, `${to}`).toBe('1764000001000000000')
  expect(pageOf(upTo(4_000)).next).toBe(undefined)
})

test('a trade of the range that is later than one behind it is not taken for absent where a page ends between them', () => {
  // 3001 came before 3000, and the page is full when 3000 would come.
  const page = pageOf([...upTo(2_999, 999), 3_001])
  expect(page.covers).toEqual({ from: 2_001, to: 3_001 })
  expect(page.next).toBe('1764000001000000000')
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
