/** History and messages become one list of candles for each market. */
import { describe, expect, test } from 'vitest'
import type { CandleRow } from '../../figures/rows.ts'
import { createCandleBook } from '../../web/model/candle-book.ts'
import { vwapLine } from '../../web/model/vwap.ts'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 20, 12)
const iso = (ms: number) => new Date(ms).toISOString().replace('.000', '')

function row(minute: number, close: string | null, more: Partial<CandleRow> = {}): CandleRow {
  const volume = close === null ? null : '2'
  return {
    ...{
      exchange: 'BINANCE',
      symbol: 'BTCUSDT',
      start: iso(NOON + minute * MINUTE),
      end: iso(NOON + (minute + 1) * MINUTE),
    },
    ...{ open: close, high: close, low: close, close, vwap: close, volume, taker_buy_volume: volume },
    ...{ quote_volume: close === null ? null : String(Number(close) * 2), trades: close === null ? null : 1 },
    ...{ first_trade: null, last_trade: null, status: 'closed' },
    ...more,
  }
}

const NAME = 'BINANCE:BTCUSDT'
const closes = (book: ReturnType<typeof createCandleBook>) => book.candles(NAME).map(({ close }) => close)

describe('a book of candles', () => {
  test('takes pages in any order, each window once', () => {
    const book = createCandleBook(MINUTE)
    book.load([row(5, '5'), row(6, '6')])
    book.load([row(3, '3'), row(4, null), row(5, '5.5')])
    expect(closes(book)).toEqual(['3', null, '5.5', '6'])
    expect(book.at(NAME, NOON + 4 * MINUTE)?.open).toBeNull()
    expect(book.at(NAME, NOON + 7 * MINUTE)).toBeUndefined()
    expect(book.candles('KRAKEN:BTCUSD')).toEqual([])
  })

  test('lets an open candle move, and begins the next one', () => {
    const book = createCandleBook(MINUTE)
    book.load([row(0, '1')])
    expect(book.apply('candle', row(1, '2', { status: 'open' }), true)).toBe('added')
    expect(book.apply('candle', row(1, '3', { status: 'open' }), true)).toBe('changed')
    expect(book.apply('candle', row(1, '3'), true)).toBe('changed')
    expect(closes(book)).toEqual(['1', '3'])
    expect(book.at(NAME, NOON + MINUTE)?.corrected).toBe(false)
  })

  test('has windows without trades where messages leave them out', () => {
    const book = createCandleBook(MINUTE)
    book.load([row(0, '1')])
    book.apply('candle', row(3, '4', { status: 'open' }), true)
    expect(closes(book)).toEqual(['1', null, null, '4'])
    expect(book.candles(NAME).map(({ start, end }) => [start, end])[1]).toEqual([
      '2026-11-20T12:01:00Z',
      '2026-11-20T12:02:00Z',
    ])
  })

  test('marks what was corrected, also after the page is read again', () => {
    const book = createCandleBook(MINUTE)
    book.load([row(0, '1'), row(1, '2')])
    expect(book.apply('correction', row(0, '9'), true)).toBe('corrected')
    expect(book.at(NAME, NOON)).toMatchObject({ close: '9', corrected: true })
    book.load([row(0, '9')])
    expect(book.at(NAME, NOON)?.corrected).toBe(true)
    // The last trade of a window may be taken away.
    expect(book.apply('correction', row(0, null), true)).toBe('corrected')
    expect(closes(book)).toEqual([null, '2'])
  })

  test('passes by what lies outside of the windows that are loaded', () => {
    const book = createCandleBook(MINUTE)
    book.load([row(5, '5'), row(6, '6')])
    expect(book.apply('correction', row(1, '1'), true)).toBe('none')
    expect(book.apply('candle', row(9, '9'), false)).toBe('none')
    expect(book.apply('correction', row(6, '7'), false)).toBe('corrected')
    expect(closes(book)).toEqual(['5', '7'])
  })
})

test('the average since midnight is exact, begins anew each day, and rests where nothing is traded', () => {
  const book = createCandleBook(MINUTE)
  const midnight = 12 * 60
  book.load([
    row(midnight - 1, '10'),
    row(midnight, '1', { volume: '3', quote_volume: '3' }),
    row(midnight + 1, null),
    row(midnight + 2, '2', { volume: '0.00000001', quote_volume: '0.00000002' }),
  ])
  const line = vwapLine(book.candles(NAME))
  const at = (minute: number) => line.get(NOON + minute * MINUTE)
  expect([at(midnight - 1), at(midnight), at(midnight + 1), at(midnight + 2)]).toEqual([
    '10',
    '1',
    undefined,
    '1.0000000033',
  ])
})
