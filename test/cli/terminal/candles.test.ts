/** Candles of another length and of an earlier time, by key, on a virtual terminal. */
import { expect, test } from 'vitest'
import { afterKey, firstScreen, type Screen } from '../../../cli/terminal/keys.ts'
import { drawn } from './drawn.ts'
import { marketRow, NOW, SEEN } from './seen-lake.ts'

const DRAWN = { rows: 0, page: 9, columns: [0], opens: undefined, nowMs: NOW }
const OPENED: Screen = { ...firstScreen('markets'), opened: 'BINANCE:BTCUSDT' }

function pressed(screen: Screen, ...keys: string[]): Screen {
  let now = screen
  for (const key of keys) {
    const name = key === '\r' ? 'return' : key === '\x1b' ? 'escape' : undefined
    const after = afterKey(now, { sequence: key, ...(name && { name }) }, DRAWN)
    if (after === 'leave') throw new Error(`${key} leaves`)
    now = after
  }
  return now
}

test('t and T take longer and shorter candles of the market that is opened, and of no list', () => {
  expect(pressed(OPENED, 't').timeframe).toBe('5m')
  expect(pressed(OPENED, 't', 't', 'T', 'T').timeframe).toBe('1m')
  expect(pressed(OPENED, 'T').timeframe).toBe('1d')
  expect(pressed(firstScreen('markets'), 't').timeframe).toBe('1m')
})

test('J takes a time, refuses one that is none in words, and goes back to the newest', async () => {
  const at = pressed(OPENED, 'J', ...'2026-11-20 10:03', '\r')
  expect([at.until, at.typedTime]).toEqual([Date.UTC(2026, 10, 20, 10, 3), undefined])
  expect(pressed(OPENED, 'J', ...'9:05', '\r').until).toBe(Date.UTC(2026, 10, 20, 9, 5))
  const wrong = pressed(at, 'J', ...'2026-02-30', '\r')
  expect([wrong.until, wrong.typedTime]).toEqual([at.until, '2026-02-30'])
  const { lines } = await drawn(SEEN, wrong, 80, 24)
  expect(lines.slice(-2)).toEqual(['There is no day 2026-02-30.', 'Time (UTC): 2026-02-30'])
  expect(pressed(wrong, '\x1b').typedTime).toBeUndefined()
  expect(pressed(at, 'J', '\r').until).toBeUndefined()
})

test('where there are no candles it is said when the market was traded', async () => {
  // What was known when the watching began is another first and last trade.
  const times = { first_trade: '2026-10-13T14:57:06.440048Z', last_trade: '2026-11-20T12:00:29.5Z' }
  const traded = { ...marketRow('BINANCE', 'BTC', 'USDT'), ...times }
  const seen = { ...SEEN, candles: { market: 'BINANCE:BTCUSDT', timeframe: '1m', rows: [], traded } }
  const { lines } = await drawn(seen, OPENED, 120, 24)
  expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(
    'No trade of BINANCE:BTCUSDT in this time: the first is of 2026-10-13 14:57:06 UTC, the last of 2026-11-20 12:00:29 UTC. J jumps to a time.',
  )
})
