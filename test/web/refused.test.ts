/** Refused records by fault and time, and bytes as people read them. */
import { expect, test } from 'vitest'
import type { DeadLetterRow } from '../../figures/operator-rows.ts'
import {
  bucketStarts,
  bytesIn,
  faultsOf,
  hexLines,
  refusedRange,
  refusedSince,
  withNewest,
} from '../../web/model/refused.ts'

test('faults are counted by bucket, the most frequent first', () => {
  const starts = bucketStarts(refusedRange('1h'), Date.UTC(2026, 10, 20, 10, 30, 20))
  expect(starts).toHaveLength(60)
  expect([starts[0], starts[59]].map(ms => new Date(ms).toISOString())).toEqual([
    '2026-11-20T09:31:00.000Z',
    '2026-11-20T10:30:00.000Z',
  ])
  const at = (minute: number, error_type: string, exchange: string, count: number) => ({
    ...{ error_type, exchange, count, start: `2026-11-20T10:${minute}:00Z` },
  })
  const faults = faultsOf(
    [at(10, 'a', 'BINANCE', 3), at(29, 'b', 'BINANCE', 4), at(30, 'b', 'KRAKEN', 1), at(30, 'b', 'BINANCE', 4)],
    starts,
  )
  expect(faults.map(({ errorType, total, worstMs }) => [errorType, total, new Date(worstMs).getUTCMinutes()])).toEqual([
    ['b', 9, 30],
    ['a', 3, 10],
  ])
  expect(faults[0].bars.slice(57)).toEqual([0, 4, 5])
  expect(faults[0].exchanges).toEqual([
    { exchange: 'BINANCE', total: 8 },
    { exchange: 'KRAKEN', total: 1 },
  ])
})

test('bytes are lines of two digits each, with what is printable beside them', () => {
  expect(hexLines(bytesIn('AAAAAAF+IG7DpA=='), 4)).toEqual([
    { offset: '0000', hex: '00 00 00 00', text: '....' },
    { offset: '0004', hex: '01 7e 20 6e', text: '.~ n' },
    { offset: '0008', hex: 'c3 a4', text: '..' },
  ])
  expect(hexLines(new Uint8Array(), 4)).toEqual([])
})

test('the newest records stand in front of those that are held, without a hole', () => {
  const page = (next: string | null, ...offsets: number[]) => ({
    data: offsets.map(offset => ({ offset, source: 'b', epoch: 0, partition: 0, time: '' }) as DeadLetterRow),
    next,
  })
  const offsets = ({ data, next }: ReturnType<typeof page>) => [data.map(({ offset }) => offset), next]
  expect(offsets(withNewest(page('x', 9, 8, 7), page('y', 8, 7, 6, 5)) as ReturnType<typeof page>)).toEqual([
    [9, 8, 7, 6, 5],
    'y',
  ])
  expect(offsets(withNewest(page('x', 9, 8), page('y', 6, 5)) as ReturnType<typeof page>)).toEqual([[9, 8], 'x'])
  expect(offsets(withNewest(page(null), page('y', 6)) as ReturnType<typeof page>)).toEqual([[], null])
})

test('since a time there are buckets from the one that holds it up to now', () => {
  const now = Date.UTC(2026, 10, 20, 12, 34)
  const range = refusedSince(Date.UTC(2026, 10, 20, 10, 3), now)
  expect([range.name, range.bucket.name]).toEqual(['since 2026-11-20 10:03 UTC', '10m'])
  const starts = bucketStarts(range, now).map(ms => new Date(ms).toISOString().slice(11, 16))
  expect([starts.length, starts[0], starts.at(-1)]).toEqual([16, '10:00', '12:30'])
  expect(bucketStarts(refusedSince(now - 1_000, now), now)).toEqual([now - 60_000, now])
  expect(refusedSince(now - 86_400_000 * 800, now).bucket.name).toBe('7d')
})
