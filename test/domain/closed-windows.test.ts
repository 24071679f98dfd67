/** When windows are closed, at the edges of the rule. */
import { expect, test } from 'vitest'
import { closedUntil, statusOf } from '../../domain/closed-windows.ts'

const MINUTE = 60_000_000n
const NOON = BigInt(Date.UTC(2026, 10, 20, 12)) * 1000n

test.each([
  ['its exchange has traded at the very end', 0n, NOON, 'closed'],
  ['its exchange has not traded since', 9n * MINUTE, NOON - 1n, 'open'],
  ['its exchange is silent for ten minutes', 10n * MINUTE, NOON - 1n, 'closed'],
  ['its exchange is silent for a moment less', 10n * MINUTE - 1n, NOON - 1n, 'open'],
  ['nothing is known of its exchange', 9n * MINUTE, undefined, 'open'],
  ['nothing is known of its exchange for ten minutes', 10n * MINUTE, undefined, 'closed'],
  ['a trade is ahead of the clock, which has not come to the end', -1n, NOON + MINUTE, 'open'],
  ['a trade is ahead of the clock, which has', 0n, NOON + MINUTE, 'closed'],
])('of a window that ends at noon: %s', (_, after, newest, status) => {
  const until = closedUntil(exchange => (exchange === 'KRAKEN' ? newest : undefined), NOON + after)
  expect(statusOf({ exchange: 'KRAKEN', windowEnd: NOON }, until, () => false)).toBe(status)
  expect(statusOf({ exchange: 'KRAKEN', windowEnd: NOON }, until, () => true)).toBe(
    status === 'closed' ? 'gap' : 'open',
  )
})

test('neither a later state nor a later clock opens a window again', () => {
  const times = Array.from({ length: 40 }, (_, n) => NOON + BigInt(n - 20) * MINUTE)
  for (const newest of times)
    for (const clock of times) {
      const until = closedUntil(() => newest, clock)('KRAKEN')
      expect(closedUntil(() => newest + MINUTE, clock)('KRAKEN')).toBeGreaterThanOrEqual(until)
      expect(closedUntil(() => newest, clock + MINUTE)('KRAKEN')).toBeGreaterThanOrEqual(until)
    }
})
