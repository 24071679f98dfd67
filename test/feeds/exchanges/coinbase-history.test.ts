/** Where Coinbase's history begins and ends, newest first, and of which ids a page tells. */
import { expect, test } from 'vitest'
import { coinbaseRest } from '../../../feeds/exchanges/coinbase-api.ts'
import type { History, IdRange } from '../../../feeds/protocol.ts'

const history = coinbaseRest('COINBASE').history as History
const PAIR = { symbol: 'BTCUSD', base: 'BTC', quote: 'USD' }
const RANGE: IdRange = { from: 2_000, to: 3_000, after: 0n }

/** A page of trades with these ids, as the exchange answers to a cursor. */
function pageOf(cursor: string, ids: readonly number[]) {
  const rows = ids.map(id => ({
    ...{ trade_id: id, side: 'buy', size: '0.50000000', price: '86416.10000000', time: '2026-11-20T10:00:00.000000Z' },
  }))
  const question = { pair: PAIR, range: RANGE, cursor, stream: 'trade' as const, address: 'https://api.exchange.test' }
  return history.page(JSON.stringify(rows), question, 1_795_168_810_000_000n)
}
/** A full page, its newest trade first. */
const from = (newest: number, count = 1_000) => Array.from({ length: count }, (_, i) => newest - i)

test('it is asked for the trade behind the range too', () => {
  expect(history.begin(RANGE)).toBe('3002')
})

test('the first page tells of ids up to the newest that it has: the history may lag behind the stream', () => {
  expect(pageOf('3002', from(3_001)).covers).toEqual({ from: 2_002, to: 3_001 })
  expect(pageOf('3002', from(2_990)).covers).toEqual({ from: 1_991, to: 2_990 })
})

test('a later page tells of all ids below its cursor, and one that is not full of all down to the first', () => {
  expect(pageOf('2002', from(1_999)).covers).toEqual({ from: 1_000, to: 2_001 })
  expect(pageOf('2002', from(1_999, 999)).covers).toEqual({ from: 0, to: 2_001 })
  expect(pageOf('2002', []).covers).toBe(undefined)
})

test('a full page goes on below its lowest id until the range is behind it', () => {
  expect(pageOf('3002', from(3_001)).next).toBe('2002')
  expect(pageOf('3001', from(3_000)).next).toBe('2001')
  expect(pageOf('3000', from(2_999)).next).toBe(undefined)
  expect(pageOf('3002', from(3_001, 999)).next).toBe(undefined)
})
