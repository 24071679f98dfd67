/** What became of the trades of a time, in a word. */
import { describe, expect, test } from 'vitest'
import { kindOf } from '../../figures/coverage.ts'
import type { CoverageRow } from '../../figures/rows.ts'

const row = (more: Partial<CoverageRow> = {}): CoverageRow => ({
  ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start: '2026-11-20T10:00:00Z', end: '2026-11-20T11:00:00Z' },
  ...{ trades: 10, first_number: 1, last_number: 10, numbered: 10, missing: 0, complete: '1', status: 'closed' },
  ...{ refused: 0, filled: 0, absent: 0, lost: 0, unreadable: 0, open: 0 },
  ...more,
})

describe('a time is what is worst in it', () => {
  const cases: readonly (readonly [string, Partial<CoverageRow>])[] = [
    ['complete', {}],
    ['complete', { missing: 3, absent: 3 }],
    ['complete', { numbered: null, missing: null, complete: null }],
    ['quiet', { trades: 0, numbered: null, missing: null }],
    ['filled', { filled: 2 }],
    ['gap', { status: 'gap', filled: 2 }],
    ['gap', { status: 'gap', lost: 2 }],
    ['complete', { missing: 1, absent: 1, open: 1 }],
    ['gap', { status: 'gap', trades: 0, numbered: null, missing: null }],
    ['missing', { missing: 4, absent: 3, status: 'gap' }],
    ['refused', { missing: 4, refused: 4 }],
    ['refused', { missing: 5, absent: 1, refused: 4, filled: 2, status: 'gap' }],
    ['missing', { missing: 5, refused: 4 }],
    ['complete', { missing: 1, absent: 1, refused: 1 }],
    ['sought', { missing: 4, refused: 4, open: 1 }],
    ['lost', { missing: 4, refused: 4, lost: 1 }],
    ['sought', { missing: 4, open: 4 }],
    ['unreadable', { missing: 4, open: 3, unreadable: 1 }],
    ['lost', { missing: 4, open: 2, unreadable: 1, lost: 1 }],
  ]
  for (const [kind, more] of cases)
    test(`${kind}: ${JSON.stringify(more)}`, () => {
      expect(kindOf(row(more))).toBe(kind)
    })
})
