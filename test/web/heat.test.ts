/** The map of coverage, from rows of `/v1/coverage` that are written here by hand. */
import { describe, expect, test } from 'vitest'
import type { CoverageRow } from '../../figures/rows.ts'
import { cellText, type HeatCell, heatMapOf, kindsIn, percentOf, wholeOf, worstFirst } from '../../web/model/heat.ts'

const row = (more: Partial<CoverageRow> = {}): CoverageRow => ({
  ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start: '2026-11-20T10:00:00Z', end: '2026-11-20T11:00:00Z' },
  ...{ trades: 10, first_number: 1, last_number: 10, numbered: 10, missing: 0, complete: '1', status: 'closed' },
  ...{ refused: 0, filled: 0, absent: 0, lost: 0, unreadable: 0, open: 0 },
  ...more,
})

describe('the map', () => {
  const at = (hour: number, more: Partial<CoverageRow> = {}) =>
    row({ start: `2026-11-20T${hour}:00:00Z`, end: `2026-11-20T${hour + 1}:00:00Z`, ...more })
  const map = heatMapOf(
    [
      at(9),
      at(10),
      at(10, { symbol: 'ETHUSDT', lost: 1, missing: 2 }),
      at(11, { filled: 1 }),
      at(11, { symbol: 'ETHUSDT', trades: 0, numbered: null, missing: null }),
      at(12, { status: 'open', trades: 1 }),
      at(12, { symbol: 'ETHUSDT', status: 'open' }),
      at(12, { exchange: 'KRAKEN', status: 'open' }),
    ],
    Date.UTC(2026, 10, 20, 10),
  )

  test('has a line for each market and a column for each bucket, with nothing before the first trade', () => {
    expect(map.starts.map(start => new Date(start).getUTCHours())).toEqual([10, 11, 12])
    expect(
      map.lines.map(({ exchange, symbol, cells }) => [exchange, symbol, cells.map(cell => cell?.kind ?? '')]),
    ).toEqual([
      ['BINANCE', 'BTCUSDT', ['complete', 'filled', 'open']],
      ['BINANCE', 'ETHUSDT', ['lost', 'quiet', 'open']],
      ['KRAKEN', 'BTCUSDT', ['', '', 'open']],
    ])
  })

  test('is put in order by what its markets lack, the worst first', () => {
    expect(worstFirst(map.lines).map(({ exchange, symbol }) => [exchange, symbol])).toEqual([
      ['BINANCE', 'ETHUSDT'],
      ['BINANCE', 'BTCUSDT'],
      ['KRAKEN', 'BTCUSDT'],
    ])
  })

  test('counts what there is, and what is whole of that which is over', () => {
    expect(kindsIn(map).map(({ kind, cells }) => [kind, cells])).toEqual([
      ['lost', 1],
      ['filled', 1],
      ['open', 3],
      ['complete', 1],
      ['quiet', 1],
    ])
    expect(map.lines.map(wholeOf)).toEqual([
      { whole: 2, ended: 2 },
      { whole: 1, ended: 2 },
      { whole: 0, ended: 0 },
    ])
  })

  test('says of the bucket in which a market began from when on it is there, and counts it neither as whole nor as lacking', () => {
    const first = new Map([
      ['BINANCE:BTCUSDT', Date.UTC(2026, 10, 20, 10, 3, 5)],
      ['BINANCE:ETHUSDT', Date.UTC(2026, 10, 20, 10, 30)],
      ['KRAKEN:BTCUSD', Date.UTC(2026, 10, 20, 10, 0, 7)],
    ])
    const rows = [
      ...[at(10), at(11), at(10, { symbol: 'ETHUSDT', missing: 3, lost: 3 })],
      at(10, { exchange: 'KRAKEN', symbol: 'BTCUSD' }),
    ]
    const began = heatMapOf(rows, Date.UTC(2026, 10, 20, 10), first)
    expect(began.lines.map(({ cells }) => cells.map(cell => cell?.kind ?? ''))).toEqual([
      ['partial', 'complete'],
      ['lost', ''],
      // All but some seconds is all.
      ['complete', ''],
    ])
    expect(cellText(began.lines[0].cells[0] as HeatCell)).toMatch(/^complete from 10:03 on: .*; 10 trades$/)
    expect(began.lines.map(wholeOf)[0]).toEqual({ whole: 1, ended: 1 })
    const day = { ...at(10), start: '2026-11-20T00:00:00Z', end: '2026-11-21T00:00:00Z' }
    const [{ cells }] = heatMapOf([day], Date.UTC(2026, 10, 20), first).lines
    expect(cellText(cells[0] as HeatCell)).toMatch(/^complete from 2026-11-20 10:03 on: /)
  })

  test('has every cell in words', () => {
    expect(map.lines[1].cells.map(cell => cell && cellText(cell))).toEqual([
      'lost: trades cannot be had any more; 10 trades, 2 missing: 1 lost, 1 unexplained',
      'quiet: no trades, and none is missing; 0 trades',
      'open: not over yet, and nothing is missing so far; 10 trades',
    ])
    expect([percentOf(row({ complete: '0.99512346' })), percentOf(row({ complete: null }))]).toEqual([
      '99.512346 %',
      undefined,
    ])
  })
})
