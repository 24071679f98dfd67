/** What became of the trades of a time, in a word. */
import { describe, expect, test } from 'vitest'
import { KINDS, kindOf, lackOf, MEANINGS, meaningText, missingText, REASONS } from '../../figures/coverage.ts'
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
    // An hour that has just begun is neither complete nor quiet.
    ['open', { status: 'open' }],
    ['open', { status: 'open', trades: 0, numbered: 0 }],
    ['open', { status: 'open', filled: 2 }],
    ['lost', { status: 'open', missing: 1, lost: 1 }],
    ['complete', { missing: 3, absent: 3 }],
    ['complete', { numbered: null, missing: null, complete: null }],
    ['quiet', { trades: 0, numbered: null, missing: null }],
    ['filled', { filled: 2 }],
    ['gap', { status: 'gap', filled: 2 }],
    ['gap', { status: 'gap', lost: 2 }],
    ['complete', { missing: 1, absent: 1, open: 1 }],
    ['gap', { status: 'gap', trades: 0, numbered: null, missing: null }],
    ['unexplained', { missing: 4, absent: 3, status: 'gap' }],
    ['refused', { missing: 4, refused: 4 }],
    ['refused', { missing: 5, absent: 1, refused: 4, filled: 2, status: 'gap' }],
    ['unexplained', { missing: 5, refused: 4 }],
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

test('what some buckets lack is counted once a number, in words that are explained', () => {
  const lack = lackOf([
    row({ missing: 181, lost: 3, refused: 170, unreadable: 1, open: 2, absent: 4, status: 'gap' }),
    row({ missing: 1_000, lost: 1_000 }),
    row({ status: 'gap' }),
    row({ numbered: null, missing: null }),
  ])
  expect(lack).toEqual({
    ...{ missing: 1_181, gaps: 2 },
    reasons: { lost: 1_003, unreadable: 1, sought: 2, refused: 170, absent: 4, unexplained: 1 },
  })
  expect(missingText(lack)).toBe(
    '1,181 missing: 1,003 lost, 1 unreadable, 2 sought, 170 refused, 4 absent, 1 unexplained',
  )
  expect(missingText(lackOf([row()]))).toBe('')
  const few = { missing: 2, gaps: 1, reasons: { ...lackOf([]).reasons, refused: 2 } }
  expect(meaningText(few)).toBe(
    `missing: ${MEANINGS.missing}\nrefused: the trade came, and is none that is valid: the Refused view says why\ngap: ${MEANINGS.gap}`,
  )
})

test('a reason is called as the bucket is that it makes', () => {
  const kinds: readonly string[] = KINDS.map(({ kind }) => kind)
  expect(REASONS.filter(reason => !kinds.includes(reason))).toEqual(['absent'])
})
