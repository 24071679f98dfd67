import { describe, expect, test } from 'vitest'
import {
  axisTexts,
  cellText,
  csvOf,
  historyIn,
  linesOf,
  remembered,
  type SqlAnswer,
  type SqlCell,
} from '../../web/model/sql.ts'

const answer = (columns: Record<string, string>, rows: readonly (readonly SqlCell[])[]): SqlAnswer => ({
  columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
  ...{ rows, more: false, hints: [], milliseconds: 1 },
})

describe('lines', () => {
  test('are drawn over times, one for each text where there are few', () => {
    const found = linesOf(
      answer({ window_start: 'TIMESTAMP WITH TIME ZONE', symbol: 'VARCHAR', close: 'DECIMAL(20,10)' }, [
        ['2026-11-20 10:01:00+00', 'BTCUSDT', '91234.5000000000'],
        ['2026-11-20 10:00:00+00', 'BTCUSDT', '91000.0000000000'],
        ['2026-11-20 10:01:00+00', 'ETHUSDT', null],
        ['2026-11-20 10:02:00.5+00', 'ETHUSDT', '3100.2500000000'],
      ]),
    )
    const ten = Date.UTC(2026, 10, 20, 10) / 1000
    expect(found).toEqual({
      ...{ axis: 'window_start', isTime: true, places: [ten, ten + 60, ten + 120.5] },
      lines: [
        { name: 'BTCUSDT', values: [91000, 91234.5, null] },
        { name: 'ETHUSDT', values: [null, null, 3100.25] },
      ],
    })
  })

  test('are drawn over numbers, one for each column', () => {
    expect(
      linesOf(
        answer({ hour: 'BIGINT', trades: 'BIGINT', volume: 'DOUBLE' }, [
          [2, 20, 0.5],
          [1, '12345678901234567890', 0.25],
        ]),
      ),
    ).toEqual({
      ...{ axis: 'hour', isTime: false, places: [1, 2] },
      lines: [
        { name: 'trades', values: [1.2345678901234567e19, 20] },
        { name: 'volume', values: [0.25, 0.5] },
      ],
    })
  })

  test('are not drawn where there is nothing to draw', () => {
    expect(
      linesOf(
        answer({ symbol: 'VARCHAR', n: 'BIGINT' }, [
          ['a', 1],
          ['b', 2],
        ]),
      ),
    ).toBeUndefined()
    expect(
      linesOf(
        answer({ day: 'DATE', symbol: 'VARCHAR' }, [
          ['2026-11-20', 'a'],
          ['2026-11-21', 'b'],
        ]),
      ),
    ).toBeUndefined()
    expect(linesOf(answer({ day: 'DATE', n: 'BIGINT' }, [['2026-11-20', 1]]))).toBeUndefined()
  })
})

test('cells are as they came', () => {
  expect(['', 'x', 1.5, true, [1, { a: '2' }]].map(cellText)).toEqual(['', 'x', '1.5', 'true', '[1,{"a":"2"}]'])
})

test('rows are CSV with a header', () => {
  expect(
    csvOf(
      answer({ 'a,b': 'VARCHAR', n: 'INTEGER' }, [
        ['say "x"', 1],
        [null, null],
        ['', 2],
        ['one\ntwo', 3],
      ]),
    ),
  ).toBe('"a,b",n\n"say ""x""",1\n,\n"",2\n"one\ntwo",3\n')
})

test('queries are remembered, the newest first, each once and not without end', () => {
  expect(remembered(['b', 'a'], 'a')).toEqual(['a', 'b'])
  expect(
    remembered(
      Array.from({ length: 30 }, (_, n) => `q${n}`),
      'new',
    ),
  ).toHaveLength(30)
  expect(historyIn('["a","b"]')).toEqual(['a', 'b'])
  expect([undefined, '', 'no', '{"a":1}', '[1,"a"]'].map(historyIn)).toEqual([[], [], [], [], ['a']])
})

test('times at an axis are of the day in UTC, with the date where it is another one', () => {
  const at = (hour: number) => Date.UTC(2026, 10, 20, hour) / 1000
  expect(axisTexts([at(22), at(23), at(24)])).toEqual(['22:00\n2026-11-20', '23:00', '00:00\n2026-11-21'])
  expect(axisTexts([at(0), at(24)])).toEqual(['2026-11-20', '2026-11-21'])
  expect(axisTexts([at(1), at(1) + 30])).toEqual(['01:00:00\n2026-11-20', '01:00:30'])
})
