/** The tape's ring and the small line. */
import { describe, expect, test } from 'vitest'
import type { TradeRow } from '../../figures/rows.ts'
import { sparkPath } from '../../web/model/sparkline.ts'
import { createTradeRing } from '../../web/model/trade-ring.ts'

const trade = (id: number, time = '2026-11-20T10:00:00Z') => ({ id: `BINANCE-${id}`, time }) as TradeRow
const idOf = (row: TradeRow | undefined) => row?.id.slice('BINANCE-'.length)

describe('the ring of trades', () => {
  test('keeps the newest, the newest first', () => {
    const ring = createTradeRing(3)
    expect([ring.size, ring.at(0)]).toEqual([0, undefined])
    for (let id = 1; id <= 5; id++) ring.add(trade(id))
    expect([0, 1, 2, 3].map(age => idOf(ring.at(age)))).toEqual(['5', '4', '3', undefined])
    expect([ring.size, ring.total, ring.at(-1)]).toEqual([3, 5, undefined])
  })

  test('is in the order of time, then of numbers, whatever the order in which they come', () => {
    const ring = createTradeRing(4)
    const at = (id: number, fraction: string) => ring.add(trade(id, `2026-11-20T10:00:00${fraction}Z`))
    const ids = () => [0, 1, 2, 3].map(age => idOf(ring.at(age)))
    at(10, '.5')
    at(9, '.5')
    at(7, '')
    at(8, '.25')
    expect(ids()).toEqual(['10', '9', '8', '7'])
    // The oldest makes room for one that is newer, also where that is not the newest.
    at(11, '.3')
    expect(ids()).toEqual(['10', '9', '11', '8'])
    at(12, '.6')
    at(13, '.55')
    expect(ids()).toEqual(['12', '13', '10', '9'])
    expect([ring.size, ring.total]).toEqual([4, 7])
  })

  test('counts on after it was emptied', () => {
    const ring = createTradeRing(3)
    for (let id = 1; id <= 4; id++) ring.add(trade(id))
    ring.clear()
    expect([ring.size, ring.total]).toEqual([0, 4])
    ring.add(trade(9))
    expect([ring.size, ring.total, idOf(ring.at(0))]).toEqual([1, 5, '9'])
  })
})

test('the small line is broken where there was no price, and level where nothing moved', () => {
  expect(sparkPath(['1', '3', null, '2'], 30, 10)).toBe('M0.0 10.0L10.0 0.0M30.0 5.0')
  expect(sparkPath(['5', '5'], 10, 10)).toBe('M0.0 5.0L10.0 5.0')
  expect(sparkPath(['1'], 10, 10)).toBe('')
})
