/** Why connections ended, and how long there was none. */
import { expect, test } from 'vitest'
import { causeOf, causeText, endsInOrder, outageGroups } from '../../figures/outages.ts'

const outage = (exchange: string, from: string, to: string, cause: string) => ({
  ...{ exchange, cause, status: 'checked', from: `2026-11-20T10:${from}Z`, to: `2026-11-20T10:${to}Z` },
})

test('outages are added up by exchange and cause, the dearest first', () => {
  const groups = outageGroups([
    outage('KRAKEN', '00:00', '00:05', 'stale: nothing came for 30 s'),
    outage('BINANCE', '01:00', '01:02', 'broken: reset'),
    outage('BINANCE', '02:00', '02:10', 'stale: nothing came for 30 s'),
    outage('BINANCE', '05:00', '05:01', 'stale: nothing came for 31 s'),
  ])
  expect(
    groups.map(({ exchange, cause, outages, totalMs, longestMs }) => [exchange, cause, outages, totalMs, longestMs]),
  ).toEqual([
    ['BINANCE', 'stale', 2, 11_000, 10_000],
    ['BINANCE', 'broken', 1, 2_000, 2_000],
    ['KRAKEN', 'stale', 1, 5_000, 5_000],
  ])
  expect(new Date(groups[0].lastMs).toISOString()).toBe('2026-11-20T10:05:01.000Z')
})

test('a cause is a word that the feeds have, or the whole text', () => {
  expect([causeOf('broken: reset: by peer'), causeOf('the feed was away')]).toEqual(['broken', 'the feed was away'])
  expect([causeText('stale'), causeText('else')]).toEqual(['nothing came any more', undefined])
  expect(endsInOrder({ rotation: 9, stale: 2, broken: 3 }).map(([cause]) => cause)).toEqual([
    'broken',
    'stale',
    'rotation',
  ])
})
