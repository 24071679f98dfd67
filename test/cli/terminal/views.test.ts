/** What the other views show, drawn on a virtual terminal. */
import { expect, test } from 'vitest'
import { afterKey, firstScreen, type Screen } from '../../../cli/terminal/keys.ts'
import type { CoverageHour, Seen } from '../../../cli/terminal/seen.ts'
import { drawn } from './drawn.ts'
import { NOW, SEEN, WELL } from './seen-lake.ts'

test('the other views have their figures', async () => {
  const of = async (screen: Partial<Screen>) => (await drawn(SEEN, screen, 80, 16)).lines.slice(5, 9)
  expect((await drawn(SEEN, { view: 'feeds' }, 80, 16)).lines.slice(5, 13)).toEqual([
    'Missed by feeds: 5 sought, 0 lost, 1 unreadable',
    '',
    'Exchange  Live for  Ended  Outages in 24 h   Back at  By cause',
    'BINANCE      1 min      4                2  11:59:10  nothing came any more, it…',
    'KRAKEN       1 min      0                0',
    '',
    'Exchange  Messages/s  Last trade  Markets  Messages  Waiting  Refused in 24 h',
    'BINANCE          100     2 s ago        2     1,000        3               30',
  ])
  expect((await of({ view: 'tables' })).slice(0, 4)).toEqual([
    'Working the candles of the last hour out again…',
    '',
    'Table                   Rows  Rows/s    Size  Committed',
    'bronze_binance_trades  1,000     100  1.5 MB    3 s ago',
  ])
  expect((await of({ view: 'dlq' })).slice(2)).toEqual([
    'Exchange  What was wrong        Records in 24 h   Share',
    'BINANCE   price_validation                   30  75.0 %',
  ])
  const gaps = await drawn(SEEN, { view: 'gaps' }, 80, 17)
  expect(gaps.lines.slice(5, 10)).toEqual([
    '█ complete  ▐ partial  + filled  · quiet  ▄ open',
    '~ gap  ! refused  – unexplained  … sought  ? unreadable  × lost',
    '',
    'Market           Hours up to now           Missing  Refused  Filled  Lost',
    'BINANCE:BTCUSDT  +····················!×▄       13        3       4    10',
  ])
  const wide = await drawn(SEEN, { view: 'gaps' }, 120, 16)
  expect(wide.lines[5]).toBe(
    '█ complete  ▐ partial  + filled  · quiet  ▄ open  ~ gap  ! refused  – unexplained  … sought  ? unreadable  × lost',
  )
  const hours = await drawn(SEEN, { view: 'gaps', opened: 'BINANCE:BTCUSDT' }, 80, 16)
  expect(hours.lines.slice(5, 12)).toEqual([
    'BINANCE:BTCUSDT by the hour',
    '',
    'Hour (UTC)        What it is  Trades  Missing  Refused  Filled  Lost',
    '2026-11-20 12:00  open           100        0        0       0     0',
    '2026-11-20 11:00  lost           100       10        0       0    10',
    '2026-11-20 10:00  refused        100        3        3       0     0',
    '2026-11-19 13:00  filled         100        0        0       4     0',
  ])
  expect(await of({ view: 'log' })).toEqual([
    'Newest 2 lines kept; e shows 2 warnings and errors since 2026-11-20 10:00',
    '',
    'Time          Level  Message           Details',
    '12:00:29.000  ERROR  a feed is silent  exchange=kraken',
  ])
  expect((await drawn(SEEN, { view: 'log', opened: 'warnings' }, 80, 16)).lines.slice(5, 10)).toEqual([
    '2 warnings and errors since 2026-11-20 10:00: e shows all lines',
    '',
    'Time          Level  Message                     Details',
    '12:00:29.000  ERROR  a feed is silent            exchange=kraken',
    '10:00:30.000  WARN   a feed lost its connection  exchange=binance',
  ])
})

test('how connections ended is sorted and scrolled once e has chosen it', async () => {
  const screen = afterKey(firstScreen('feeds'), { sequence: 'e' }, { rows: 2, page: 9, columns: [0], opens: undefined })
  if (screen === 'leave') throw new Error('e does not leave')
  expect(screen.opened).toBe('ends')
  const order = { by: 2, isDescending: false }
  const { lines } = await drawn(SEEN, { ...screen, orders: { 'feeds opened': order } }, 80, 20)
  const at = lines.findIndex(line => /^Exchange +Live for +▲Ended/.test(line))
  expect(lines.slice(at + 1, at + 3).map(line => line.slice(0, 7))).toEqual(['KRAKEN ', 'BINANCE'])
  expect(lines.slice(0, at).some(line => line.startsWith('Exchange  Messages/s'))).toBe(true)
})

test('a broken connection says why, for how long, and when it is tried again; figures stay and age', async () => {
  const broken: Seen = {
    ...WELL,
    statsMs: NOW - 65_000,
    connection: {
      kind: 'broken',
      sinceMs: NOW - 65_000,
      reason: 'No answer: connect ECONNREFUSED 127.0.0.1:8080.',
      nextMs: NOW + 3_000,
    },
  }
  const { lines } = await drawn(broken, {}, 80, 24)
  expect(lines[0]).toBe('tradelake ./lake                                          ● broken for 1 min 5 s')
  expect(lines[2]).toBe('No answer: connect ECONNREFUSED 127.0.0.1:8080. Tried again in 3 s.')
  expect(lines.find(line => line.startsWith('Gold'))).toBe('Gold             –  none        0  1 min 8 s ago    980')
  expect(lines.join('\n')).not.toMatch(/ (98\.0|110) /)
  expect((await drawn(broken, { view: 'dlq' }, 80, 24)).lines.join('\n')).not.toContain('/s now')
})

test('hours before the market was first traded are no quiet ones', async () => {
  const seen = { ...SEEN, coverage: SEEN.coverage?.slice(1) }
  const { lines } = await drawn(seen, { view: 'gaps' }, 80, 17)
  expect(lines.find(line => line.startsWith('BINANCE:BTCUSDT'))).toMatch(/^BINANCE:BTCUSDT {23}!×▄/)
})

test('what there is to be seen to stays on 80 columns, whatever there is besides', async () => {
  const hour = (more: Partial<CoverageHour>): CoverageHour => ({
    ...(SEEN.coverage?.[0] as CoverageHour),
    ...{ missing: 0, refused: 0, filled: 0, lost: 0, unreadable: 0, open: 0, status: 'closed' },
    ...more,
  })
  const of = async (more: Partial<CoverageHour>, screen: Partial<Screen> = {}) => {
    const { lines } = await drawn({ ...SEEN, coverage: [hour(more)] }, { view: 'gaps', ...screen }, 80, 17)
    const head = lines.findIndex(line => /Missing/.test(line))
    return lines.slice(head, head + 2)
  }
  expect(await of({ missing: 178 })).toEqual([
    'Market           Hours up to now           Missing  Lost  Sought  Unexplained',
    'BINANCE:BTCUSDT  –·······················      178     0       0          178',
  ])
  expect((await of({ missing: 9, unreadable: 4, refused: 5 }))[0]).toBe(
    'Market           Hours up to now           Missing  Refused  Lost  Unreadable',
  )
  const all = { missing: 900, refused: 1, filled: 1, lost: 1, unreadable: 1, open: 1 }
  expect((await of(all))[0]).toBe('Market           Hours up to now           Missing  Lost  Sought  Unexplained')
  expect((await of({ missing: 178 }, { opened: 'BINANCE:BTCUSDT' }))[0]).toBe(
    'Hour (UTC)        What it is   Trades  Missing  Lost  Sought  Unexplained',
  )
})

test('the hour in which a market began is not complete: it says from when on it is there', async () => {
  const first_trade = '2026-11-20T10:03:00Z'
  const markets = SEEN.markets?.map(market => ({ ...market, first_trade }))
  const coverage = SEEN.coverage?.slice(1).map(hour => ({ ...hour, missing: 0, refused: 0, lost: 0 }))
  const seen: Seen = { ...SEEN, markets, coverage }
  const { lines } = await drawn(seen, { view: 'gaps' }, 80, 17)
  expect(lines.find(line => line.startsWith('BINANCE:BTCUSDT'))).toContain('▐~▄'.padStart(24))
  const hours = await drawn(seen, { view: 'gaps', opened: 'BINANCE:BTCUSDT' }, 80, 16)
  expect(hours.lines.find(line => line.startsWith('2026-11-20 10:00'))).toMatch(
    /^2026-11-20 10:00 {2}from 10:03 on {2}/,
  )
})
