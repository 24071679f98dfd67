/** Candles that changed after they had closed, on a virtual terminal. */
import { expect, test } from 'vitest'
import { afterKey, firstScreen } from '../../../cli/terminal/keys.ts'
import type { Seen } from '../../../cli/terminal/seen.ts'
import { drawn } from './drawn.ts'
import { NOW, WELL } from './seen-lake.ts'

const row = (
  exchange: string,
  start: string,
  end: string,
  updated: string,
  closed_by: 'trade' | 'silence' = 'trade',
) => ({
  ...{ exchange, closed_by, symbol: 'BTCUSDT', start: `2026-11-20T${start}:00Z`, end: `2026-11-20T${end}:00Z` },
  updated: `2026-11-20T${updated}Z`,
})
const CHANGED: Seen = {
  ...WELL,
  corrections: {
    sinceMs: NOW - 86_400_000,
    found: {
      data: [
        row('BINANCE', '10:00', '10:01', '10:05:00'),
        row('KRAKEN', '10:30', '10:31', '11:31:00'),
        // Its last trades came in the next seconds.
        row('BINANCE', '10:40', '10:41', '10:41:04'),
        row('COINBASE', '04:00', '04:01', '11:00:00', 'silence'),
        row('COINBASE', '04:01', '04:02', '11:00:00', 'silence'),
      ],
      known_from: '2026-11-20T09:00:00Z',
    },
  },
}

test('the one that changed last stands first, with how long after its end; what cannot be told is said', async () => {
  const { lines } = await drawn(CHANGED, { view: 'corrections' }, 80, 16)
  const text = lines.join(' ').replaceAll(/ +/g, ' ')
  expect(text).toContain('2 minutes of the last day changed after closing; Enter shows the chart there.')
  expect(text).toContain('1 candle that changed within half a minute, as the last trades came, is left out.')
  expect(text).toContain(
    '2 candles that changed when an exchange that was silent, or that the lake was behind with, went on are left out.',
  )
  expect(text).toContain('Of windows that ended before 2026-11-20 09:00 UTC not all can be told')
  const head = lines.findIndex(line => line.startsWith('Market'))
  expect(lines.slice(head, head + 4)).toEqual([
    'Market           Window (UTC)      Changed (UTC)        After its end',
    'KRAKEN:BTCUSDT   2026-11-20 10:30  2026-11-20 11:31:00            1 h',
    'BINANCE:BTCUSDT  2026-11-20 10:00  2026-11-20 10:05:00          4 min',
    '',
  ])
})

test('Enter shows the chart of the market at that window', () => {
  const opens = `KRAKEN:BTCUSDT ${Date.UTC(2026, 10, 20, 10, 30)}`
  const drawn = { rows: 2, page: 5, columns: [0], opens }
  expect(afterKey({ ...firstScreen('corrections'), timeframe: '1d' }, { name: 'return' }, drawn)).toMatchObject({
    ...{ view: 'markets', opened: 'KRAKEN:BTCUSDT', until: Date.UTC(2026, 10, 20, 10, 30), timeframe: '1m' },
  })
})

test('where none changed that is said', async () => {
  const none = { ...CHANGED, corrections: { sinceMs: NOW - 86_400_000, found: { data: [], known_from: null } } }
  const { lines } = await drawn(none, { view: 'corrections' }, 60, 16)
  expect(lines.join('\n')).toContain('No candle of the last day changed after it had closed.')
})
