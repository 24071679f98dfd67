/** What is seen on terminals of several sizes: drawn on a virtual one, and read from its screen. */
import { describe, expect, test } from 'vitest'
import type { Quote } from '../../../figures/quotes.ts'
import { drawn } from './drawn.ts'
import { manyMarkets, NOW, SEEN, WELL } from './seen-lake.ts'

const LONG = '12,345,678,901,234,567,890.12345678'

const HEAD = ' 1 Overview   2 Markets   3 Feeds   4 Tables   5 DLQ   6 Gaps   7 Log   8 Corrections'
const KEYS = 'q leave  ? help  / filter  s sort  r reverse  Up Down'

describe('the markets', () => {
  test.each([120, 200])('have all columns on %i', async columns => {
    const { lines } = await drawn(WELL, { view: 'markets' }, columns, 8)
    expect(lines[0]).toBe(`${'tradelake ./lake'.padEnd(columns - 19)}● live 12:00:30 UTC`)
    expect(lines.slice(1)).toEqual([
      HEAD,
      '',
      'Market              Last price  Quote     24 h  Last hour                   Age',
      'BINANCE:BTCUSDT    86,432.10 ▲  USDT   +8.04 %  ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██    2 s ago',
      'BINANCE:SHIBUSDT  0.00000821 ▼  USDT   -2.26 %                        3 min ago',
      '',
      KEYS,
    ])
  })

  test('have them on 80, and on 60 all but the least important, which is said', async () => {
    const { lines } = await drawn(WELL, { view: 'markets' }, 80, 8)
    expect(lines[3]).toBe('Market              Last price  Quote     24 h  Last hour                   Age')
    const narrow = await drawn(WELL, { view: 'markets' }, 60, 8)
    expect(narrow.lines).toEqual([
      'tradelake ./lake                         ● live 12:00:30 UTC',
      '1  2 Markets  3 4 5 6 7 8',
      '',
      'Market              Last price     24 h        Age',
      'BINANCE:BTCUSDT    86,432.10 ▲  +8.04 %    2 s ago',
      'BINANCE:SHIBUSDT  0.00000821 ▼  -2.26 %  3 min ago',
      '2 columns hidden: Quote, Last hour',
      KEYS,
    ])
  })

  test.each([40, 60, 80, 120, 200])('have whole prices on %i columns, however long these are', async columns => {
    const { lines } = await drawn(SEEN, { view: 'markets' }, columns, 16)
    const text = lines.join('\n')
    if (columns < 43) expect(text).toContain('43 columns are needed for this.')
    else for (const price of ['86,432.10 ▲', '0.00000821 ▼', LONG]) expect(text).toContain(price)
    expect(lines.every(line => [...line].length <= columns)).toBe(true)
  })

  test('say how long the change took, where the lake is younger than a day or a market is', async () => {
    const young = (hours: number, quote: Quote): Quote => ({
      ...quote,
      hours: new Map([[NOW - (NOW % 3_600_000), { price: '86000', ms: NOW - hours * 3_600_000 - 1 }]]),
    })
    const all = new Map([...WELL.quotes].map(([name, quote]) => [name, young(2, quote)]))
    const { lines } = await drawn({ ...WELL, quotes: all }, { view: 'markets' }, 100, 8)
    expect(lines[3]).toMatch(/Quote +2 h {2}Last hour/)
    const [[name, quote]] = [...WELL.quotes]
    const some = new Map([...WELL.quotes, [name, young(3, quote)]])
    const mixed = await drawn({ ...WELL, quotes: some }, { view: 'markets' }, 100, 8)
    expect(mixed.lines[3]).toMatch(/Quote +Change {2}Last hour/)
    expect(mixed.lines[4]).toMatch(/\+0\.50 % in 3 h /)
    expect(mixed.lines[5]).toMatch(/-2\.26 % in 24 h /)
  })

  test('of a market without a price are there', async () => {
    const { lines } = await drawn(SEEN, { view: 'markets' }, 80, 16)
    expect(lines.find(line => line.startsWith('KRAKEN:NEWUSD'))).toMatch(/ no price yet$/)
  })

  test('that do not fit are counted, and come when one goes down', async () => {
    const many = manyMarkets(300)
    const top = await drawn(many, { view: 'markets' }, 80, 24)
    expect(top.lines[4]).toMatch(/^BINANCE:C000USDT +1\.5 ▲/)
    expect(top.lines.filter(line => line.startsWith('BINANCE:'))).toHaveLength(18)
    expect(top.lines[22]).toBe('+282 below')
    const end = await drawn(many, { view: 'markets', at: 299 }, 80, 24)
    expect(end.lines[21]).toMatch(/^BINANCE:C299USDT +300\.5 ▲/)
    expect(end.lines[22]).toBe('+282 above')
    const middle = await drawn(many, { view: 'markets', at: 100, top: 95 }, 80, 24)
    expect(middle.lines[22]).toBe('+95 above · +187 below')
    expect(await middle.virtual.isInverse(9)).toBe(true)
    expect(await middle.virtual.isInverse(8)).toBe(false)
  })

  test('are filtered by all words and sorted by a column, as decimals are', async () => {
    const many = manyMarkets(300)
    const order = { by: 1, isDescending: true }
    const { lines } = await drawn(many, { view: 'markets', filter: 'c00 usdt', orders: { markets: order } }, 80, 24)
    expect(lines[3]).toMatch(/^Market +▼Last price/)
    expect(lines.slice(4, 14).map(line => line.slice(8, 12))).toEqual([
      'C009',
      'C008',
      'C007',
      'C006',
      'C005',
      'C004',
      'C003',
      'C002',
      'C001',
      'C000',
    ])
    expect(lines[22]).toBe('10 of 300 markets with: c00 usdt · by Last price ▼')
    const none = await drawn(many, { view: 'markets', filter: 'zzz' }, 80, 24)
    expect(none.lines[3]).toBe('No market has all of: zzz')
  })

  test('rise in green and fall in red', async () => {
    const { virtual } = await drawn(WELL, { view: 'markets', at: 1 }, 80, 8)
    expect(await virtual.colour(4, 24)).toBe(2)
    const { virtual: other } = await drawn(WELL, { view: 'markets' }, 80, 8)
    expect(await other.colour(5, 24)).toBe(1)
  })
})

test('the overview has stages with what comes now, exchanges, and the markets below', async () => {
  const { lines } = await drawn(SEEN, {}, 80, 24)
  expect(lines.slice(1)).toEqual([
    '1 Overview  2 Markets  3 Feeds  4 Tables  5 DLQ  6 Gaps  7 Log  8 Corrections',
    '1 trade could not be read: BINANCE BTCUSDT, 2026-11-20 11:59 UTC.',
    'Work has waited for over two minutes: Gold.',
    'No trade for over two minutes: KRAKEN.',
    '',
    'Stage       Rows/s         Lag  Waiting  Committed   Rows',
    'Bronze         110        none        0    3 s ago  1,100',
    'Silver        99.0       1.5 s        3    3 s ago    990',
    'DLQ            1.0        none        0    3 s ago     10',
    'Gold          98.0  2 min 30 s        2    3 s ago    980',
    '1m candles     0.0        none        0    3 s ago     24',
    '',
    'Exchange  Messages/s  Last trade  Markets  Messages  Waiting  Refused in 24 h',
    'BINANCE          100     2 s ago        2     1,000        3               30',
    'KRAKEN          10.0   5 min ago        2       100        0               10',
    '',
    'Market                                       Last price     24 h        Age',
    'BINANCE:BTCUSDT                             86,432.10 ▲  +8.04 %    2 s ago',
    'BINANCE:SHIBUSDT                           0.00000821 ▼  -2.26 %  3 min ago',
    `KRAKEN:BTCUSD     ${LONG}               7 s ago`,
    'KRAKEN:NEWUSD                              no price yet',
    '2 columns hidden: Quote, Last hour',
    KEYS,
  ])
})

test('a stall is seen at once: rates are of the last seconds, not since the start', async () => {
  const { stats } = SEEN
  const { lines } = await drawn(
    { ...SEEN, before: stats && { ...stats, time: new Date(NOW - 5_000).toISOString() } },
    {},
    80,
    24,
  )
  expect(lines.filter(line => /^(Bronze|Silver|DLQ|Gold) +0\.0 /.test(line))).toHaveLength(4)
})

test('a lake in which nothing is committed any more says so, and since when', async () => {
  const since = async (ms: number) => (await drawn({ ...WELL, nowMs: NOW + ms }, {}, 80, 24)).lines
  expect((await since(12_000)).join('\n')).not.toContain('Nothing new')
  expect((await since(22_000))[2]).toBe('Nothing new has been committed for 25 s.')
  const { virtual } = await drawn({ ...WELL, nowMs: NOW + 22_000 }, {}, 80, 24)
  // Yellow, the dot of the connection too.
  expect([await virtual.colour(2, 0), await virtual.colour(0, 61)]).toEqual([3, 3])
})
