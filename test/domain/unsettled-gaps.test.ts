import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BY_HAND } from '../../domain/feed-gaps.ts'
import { type SettledBy, tradesIn, unsettledGaps } from '../../domain/unsettled-gaps.ts'

const report = fc.record({
  exchange: fc.constantFrom('binance', 'kraken'),
  symbol: fc.constantFrom('BTCUSDT', 'ETHUSDT'),
  status: fc.constantFrom<SettledBy['status']>('open', 'filled', 'closed', 'absent', 'lost', 'unreadable'),
  ids: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 6 })),
  cause: fc.constantFrom('skipped in the stream', BY_HAND),
  second: fc.bigInt({ min: 0n, max: 8n }),
})

/** Each report compared with each other. */
function naive(reports: readonly SettledBy[]): SettledBy[] {
  const byHand = (one: SettledBy) => one.cause === BY_HAND
  return reports.filter(one => {
    const covering = reports.filter(
      other =>
        (other.status === 'filled' || other.status === 'closed') &&
        other.exchange === one.exchange &&
        other.symbol === one.symbol &&
        Number(other.fromId) <= Number(one.fromId) &&
        Number(other.toId) >= Number(one.toId),
    )
    if (one.status === 'open') return !covering.some(({ reportedAt }) => reportedAt >= one.reportedAt)
    if (one.status !== 'lost' && one.status !== 'unreadable') return false
    const madeUp = covering.some(
      other => (byHand(other) || other.status === 'filled') && other.reportedAt > one.reportedAt,
    )
    return byHand(one) || !madeUp
  })
}

test('what stands is what no later search has settled', () => {
  fc.assert(
    fc.property(fc.array(report, { maxLength: 40 }), made => {
      const reports = made.map(({ ids: [from, more], second, ...rest }) => ({
        ...{ ...rest, fromId: from, toId: from + more, reportedAt: second },
      }))
      const found = new Set(unsettledGaps(reports))
      expect(reports.filter(one => found.has(one))).toEqual(naive(reports))
      expect(found.size).toBe(naive(reports).length)
    }),
    { numRuns: 400 },
  )
})

test('a hundred thousand reports take no longer than they are many', () => {
  const reports = Array.from({ length: 100_000 }, (_, i): SettledBy => {
    const number = i >> 1
    const status = i % 2 === 0 ? 'open' : 'filled'
    return {
      ...{ exchange: 'kraken', symbol: 'BTCUSD', status, cause: '' },
      fromId: number * 3,
      toId: number * 3 + 1,
      reportedAt: BigInt(i),
    }
  })
  expect(unsettledGaps([...reports, { ...reports[0], fromId: 999_999, toId: 999_999 }])).toHaveLength(1)
})

test('a trade without a number stands only where the market has none: else the number that it left out is looked for', () => {
  const nothing = { exchange: 'binance', fromId: null, toId: null, cause: 'not JSON', reportedAt: 5n } as const
  const unread = { ...nothing, symbol: 'BTCUSDT', status: 'unreadable' } as const
  const filled = { ...unread, status: 'filled', fromId: 7, toId: 7, reportedAt: 6n } as const
  expect(unsettledGaps([unread])).toEqual([unread])
  expect(unsettledGaps([unread, filled])).toEqual([])
  expect(unsettledGaps([unread, { ...filled, symbol: 'ETHUSDT' }])).toEqual([unread])
  const message = { ...nothing, symbol: null, status: 'unreadable' } as const
  expect(unsettledGaps([message, filled])).toEqual([message])
  expect([tradesIn([unread]), tradesIn([message]), tradesIn([{ ...filled, symbol: null, toId: 9 }])]).toEqual([1, 0, 3])
})
