/** The address of a view, and the view of an address. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOf, INITIAL, spanWithin, stateIn, type ViewState } from '../../web/model/view-state.ts'

test('what is as at first is not in the address', () => {
  expect(hashOf(INITIAL)).toBe('#/chart')
  expect(stateIn('')).toEqual(INITIAL)
  expect(stateIn('#/chart')).toEqual(INITIAL)
})

test('an address can be read by people', () => {
  const state: ViewState = {
    ...INITIAL,
    chart: {
      ...{ market: 'BINANCE:BTCUSDT', over: ['KRAKEN:BTCUSD', 'COINBASE:BTCUSD'], timeframe: '5m', vwap: false },
      ...{ span: { from: Date.UTC(2026, 10, 20, 10), to: Date.UTC(2026, 10, 20, 12) }, asOf: 'backtest-7' },
    },
  }
  expect(hashOf(state)).toBe(
    '#/chart?market=BINANCE:BTCUSDT&over=KRAKEN:BTCUSD,COINBASE:BTCUSD&tf=5m&from=2026-11-20T10:00:00.000Z&to=2026-11-20T12:00:00.000Z&vwap=0&as_of=backtest-7',
  )
  expect(stateIn(hashOf(state))).toEqual(state)
})

test('what an address says wrong is as at first', () => {
  for (const hash of [
    ...['#/chart?tf=7m', '#/chart?market=', '#/chart?last=-5', '#/chart?from=2026&to=1999'],
    '#/chart?from=2026-02-28T00:00Z&to=2026-02-30T00:00Z',
  ])
    expect(stateIn(hash)).toEqual(INITIAL)
  // But a view that there is not is not taken for another, nor is a market.
  expect(stateIn('#/chart?market=btcusdt').chart.market).toBe('BTCUSDT')
  expect(stateIn('#/chart?market=<script>').chart.market).toBe('<SCRIPT>')
  expect(stateIn('#/nowhere')).toEqual({ ...INITIAL, unknown: 'nowhere' })
  expect(stateIn('#/')).toEqual(INITIAL)
  expect(stateIn('#/chart?market=A:B&over=A:B,C:D,C:D').chart.over).toEqual(['C:D'])
})

test('a part of time is cut to what can be shown, at its beginning', () => {
  expect(spanWithin({ last: 5000 }, 9000)).toEqual({ last: 5000 })
  expect(spanWithin({ last: 5000 }, 3000)).toEqual({ last: 3000 })
  expect(spanWithin({ from: 1000, to: 9000 }, 3000)).toEqual({ from: 6000, to: 9000 })
})

test('every view comes back from its address', () => {
  const market = fc.constantFrom('BINANCE:BTCUSDT', 'KRAKEN:BTCUSD', 'COINBASE:ETHEUR')
  const time = fc.integer({ min: 0, max: 4_000_000_000_000 })
  const span = fc.oneof(
    fc.integer({ min: 1, max: 1e8 }).map(seconds => ({ last: seconds * 1000 })),
    fc.tuple(time, fc.integer({ min: 1, max: 1e10 })).map(([from, length]) => ({ from, to: from + length })),
  )
  const chart = fc.record({
    ...{ market: fc.option(market, { nil: undefined }), over: fc.uniqueArray(market), span, vwap: fc.boolean() },
    timeframe: fc.constantFrom('1m', '5m', '15m', '30m', '1h', '4h', '1d'),
    asOf: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  })
  const view = fc.constantFrom(
    ...([
      'chart',
      'markets',
      'pipeline',
      'coverage',
      'refused',
      'corrections',
      'tables',
      'connections',
      'audit',
      'sql',
    ] as const),
  )
  const tape = fc.option(fc.constantFrom('BTC', 'KRAKEN:BTCUSD'), { nil: undefined })
  const coverage = fc.constantFrom('1d', '2d', '1w', '1M', '1y')
  const ranges = fc.oneof(
    fc.record({
      range: fc.constantFrom('1h', '6h', '1d', '1w', '1M', '1y'),
      sinceMs: fc.constant(undefined),
    }),
    fc.record({ range: fc.constant('1d'), sinceMs: time }),
  )
  const refused = fc
    .record({
      when: ranges,
      errorType: fc.option(fc.constantFrom('price_validation', 'unknown_schema'), { nil: undefined }),
    })
    .map(({ when, errorType }) => ({ ...when, errorType }))
  const corrections = fc.constantFrom('1h', '1d', '1w')
  const sql = fc.option(fc.string({ minLength: 1 }), { nil: undefined })
  fc.assert(
    fc.property(fc.record({ view, chart, tape, coverage, refused, corrections, sql }), drawn => {
      const over = drawn.chart.over.filter(name => name !== drawn.chart.market)
      // Other views' addresses are without it.
      const shown = drawn.view === 'sql' ? drawn.sql : undefined
      const state = { ...drawn, unknown: undefined, sql: shown, chart: { ...drawn.chart, over } } as ViewState
      expect(stateIn(hashOf(state))).toEqual(state)
    }),
  )
})
