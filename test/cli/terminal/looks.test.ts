/** Terminals that can do less, or are small; and text that would steer them. */
import { describe, expect, test } from 'vitest'
import type { Seen } from '../../../cli/terminal/seen.ts'
import { VIEWS } from '../../../cli/terminal/views/views.ts'
import { drawn } from './drawn.ts'
import { manyMarkets, quoteOf, SEEN, WELL } from './seen-lake.ts'

describe('where a terminal can do less', () => {
  test('there are no colours with NO_COLOR, and the chosen row is seen all the same', async () => {
    const { virtual, lines } = await drawn(SEEN, { view: 'markets' }, 80, 16, { colours: false, unicode: true })
    const everywhere = await Promise.all(
      lines.flatMap((line, row) => [...line].map((_, at) => virtual.colour(row, at))),
    )
    expect(everywhere.filter(colour => colour !== undefined)).toEqual([])
    expect(await virtual.isInverse(6)).toBe(true)
  })

  test.each(VIEWS)('there is only ASCII where the locale has no more: %s', async view => {
    const foreign: Seen = {
      ...SEEN,
      place: './läke',
      log: [{ time: '', level: 'WARN', message: 'Überlauf', details: '币' }],
    }
    const { lines } = await drawn(foreign, { view }, 80, 24, { colours: true, unicode: false })
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/)
  })

  test('names of two columns a letter are measured as they are shown', async () => {
    const wide = {
      ...WELL,
      markets: [{ ...(WELL.markets ?? [])[0], symbol: '币安人生USDT' }],
      quotes: new Map([['BINANCE:币安人生USDT', quoteOf('1.5', 1)]]),
    }
    const { lines } = await drawn(wide, { view: 'markets' }, 80, 8)
    expect(lines.slice(3, 5)).toEqual([
      'Market                Last price  Quote  24 h  Last hour      Age',
      'BINANCE:币安人生USDT       1.5 ▲  USDT                    2 s ago',
    ])
  })

  test('what comes from outside cannot steer the terminal', async () => {
    const evil: Seen = {
      ...SEEN,
      log: [{ time: '', level: 'WARN', message: '\x1b[2J\x1b]0;title\x07gone', details: '' }],
    }
    const { lines, virtual } = await drawn(evil, { view: 'log' }, 80, 16)
    expect(lines.join('\n')).toContain(' [2J ]0;title gone')
    expect(virtual.written.join('')).not.toContain('\x1b]0')
  })

  test.each([
    [80, 10],
    [80, 7],
    [20, 24],
  ])('%i by %i is enough for the table', async (columns, rows) => {
    const { lines } = await drawn(manyMarkets(30), { view: 'markets' }, columns, rows)
    expect(lines).toHaveLength(rows)
    expect(lines.join('\n')).toMatch(columns === 20 ? /columns are needed\nfor this|BINA/ : /BINANCE:C000USDT/)
  })

  test('what is above gives way to the table, and is counted', async () => {
    const { lines } = await drawn(WELL, {}, 80, 14)
    expect(lines.some(line => line.startsWith('Bronze'))).toBe(true)
    expect(lines.some(line => line.startsWith('BINANCE:BTCUSDT'))).toBe(true)
    expect(lines[12]).toBe('no room for 1 exchange')
  })

  test.each([
    [40, 12, WELL, 'no room for 5 stages, 1 exchange ·'],
    [40, 16, SEEN, 'no room for 2 exchanges ·'],
  ])('on %i by %i it is said which tables have no room, before anything else', async (columns, rows, lake, said) => {
    expect((await drawn(lake, {}, columns, rows)).lines[rows - 2].slice(0, said.length)).toBe(said)
  })

  test('a smaller one is told so', async () => {
    expect((await drawn(SEEN, {}, 19, 5)).lines).toEqual(['Too small: 20 by 7', 'is needed.', '', '', ''])
  })
})

test('a market that is opened has its candles drawn, and each minute with exact figures', async () => {
  const candle = (minute: number, prices: readonly string[], status: 'closed' | 'gap' = 'closed') => {
    const [open, high, low, close] = prices
    const start = `2026-11-20T11:5${minute}:00Z`
    return {
      ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start, end: start, open, high, low, close, status },
      ...{ volume: '1.5', quote_volume: '1', taker_buy_volume: '1', vwap: '1', trades: 12 },
      ...{ first_trade: start, last_trade: start },
    }
  }
  const rows = [candle(7, ['100', '108', '100', '106']), candle(8, ['106', '107', '102', '103.25'], 'gap')]
  const market = 'BINANCE:BTCUSDT'
  const asked = { exchange: 'BINANCE', symbol: 'BTCUSDT' }
  const trade = { ...asked, id: 'BINANCE-7', time: '2026-11-20T11:57:03.5Z', price: '104.5', quantity: '1.25' }
  const seen: Seen = {
    ...SEEN,
    ...{ stats: WELL.stats, candles: { market, timeframe: '1m', rows } },
    quotes: new Map([...SEEN.quotes, ['KRAKEN:BTCUSD', quoteOf('86500.5', 1)]]),
    figures: {
      ...{ market, corrected: new Set(['2026-11-20T11:57:00Z']) },
      told: {
        ofHour: [{ ...asked, price: '104.0123456789' }],
        ofDay: [{ ...asked, price: null }],
        largest: [{ ...trade, side: 'SELL' }],
      },
    },
  }
  const { lines } = await drawn(seen, { view: 'markets', opened: market }, 80, 30)
  expect(lines[3]).toBe('BINANCE:BTCUSDT 1m')
  expect(lines[4]).toBe('│      108.00')
  expect(lines.slice(12, 26)).toEqual([
    '┃      100.00',
    '──×',
    '11:57',
    'last 103.25  2026-11-20 11:58 gap  O 106.00  H 107.00  L 102.00  volume 1.5',
    '12 trades',
    '× trades are missing, or may be, in 1 window',
    'VWAP last hour 104.0123456789, since 00:00 UTC none USDT',
    'Largest in the last hour 1.25 BTC at 104.5 USDT, sold 11:57:03',
    'Turnover 24 h 0 USDT, largest 1m move of the last hour 0.00 %',
    'Spread of BTC 68.4 USD (USDT as USD), 7.91 bp: least on BINANCE, most on KRAKEN',
    '',
    'Window (UTC)        Open    High     Low   Close  Volume  Trades  What it is',
    '2026-11-20 11:58  106.00  107.00  102.00  103.25     1.5      12  a gap',
    '2026-11-20 11:57  100.00  108.00  100.00  106.00     1.5      12  corrected',
  ])
  const other = await drawn(seen, { view: 'markets', opened: 'KRAKEN:BTCUSD' }, 80, 26)
  expect(other.lines.slice(3, 5)).toEqual(['KRAKEN:BTCUSD', 'Reading its candles…'])
})

test.each([
  [24, true, SEEN],
  [24, true, WELL],
  [18, true, WELL],
  [14, false, SEEN],
  [8, false, WELL],
] as const)(
  'a market that is opened has its name and its newest minutes on %i lines, its plot whole or not: %s',
  async (rows, isPlotted, lake) => {
    const candles = Array.from({ length: 60 }, (_, at) => {
      const start = `2026-11-20T11:${String(at).padStart(2, '0')}:00Z`
      const traded = at % 4 > 0
      return {
        ...{
          exchange: 'BINANCE',
          symbol: 'BTCUSDT',
          start,
          end: start,
          vwap: null,
          first_trade: null,
          last_trade: null,
        },
        ...{ open: traded ? '100.25' : null, high: traded ? '108' : null, low: traded ? '99' : null },
        ...{ close: traded ? '103.125' : null, volume: traded ? '1234567.12345678' : null, trades: traded ? 12 : null },
        ...{ quote_volume: null, taker_buy_volume: null, status: at % 4 > 1 ? ('gap' as const) : ('closed' as const) },
      }
    })
    const opened = { market: 'BINANCE:BTCUSDT', timeframe: '1m', rows: candles }
    const { lines } = await drawn({ ...lake, candles: opened }, { view: 'markets', opened: opened.market }, 80, rows)
    const name = lines.findIndex(line => line.startsWith('BINANCE:BTCUSDT 1m'))
    const table = lines.findIndex(line => line.startsWith('Window (UTC)'))
    expect(name).toBeGreaterThan(0)
    expect(lines[table + 1]).toMatch(/^2026-11-20 11:59 /)
    expect(lines.slice(name, table).some(line => line.includes('× trades are missing'))).toBe(isPlotted)
    expect(lines.slice(name, table).some(line => line.includes('last 103.125'))).toBe(isPlotted)
  },
)

test('tables have their files, and above them whether candles agree with trades and what the last audit found', async () => {
  const [start, end] = ['2026-11-20T11:00:00Z', '2026-11-20T12:00:00Z']
  const check = { start, end, trades: 1_234, candles: 10, differing: 2, holds: false, examples: [] }
  const verdict = { holds: true, laws: [], losses: [] }
  const last = { started: '2026-11-20T11:50:30Z', seconds: 2, problem: null, verdict }
  const row = { ...{ rows: 1, data_files: 7, delete_files: 0, bytes: 1, snapshots: 41, oldest_snapshot: null } }
  const times = {
    committed: null,
    commits: 0,
    grown: 1_234,
    pins: 0,
    joined: '2026-11-20T11:48:30Z',
    dropped: null,
    swept: null,
  }
  const seen: Seen = {
    ...WELL,
    stats: WELL.stats && { ...WELL.stats, candle_check: check },
    kept: {
      tables: [{ table: 'gold_crypto_trades', ...row, ...times }],
      audit: { can: true, running: null, last },
    },
  }
  const { lines } = await drawn(seen, { view: 'tables' }, 80, 20)
  const at = lines.findIndex(line => line.startsWith('Candles of'))
  expect(lines.slice(at, at + 5)).toEqual([
    'Candles of 11:00 to 12:00 UTC against 1,234 trades: 2 differ.',
    'Audit 10 min ago: All six laws hold: nothing is lost, nothing doubled, and every',
    'candle is exact.',
    '',
    'Table                   Rows  Rows/s    Size  Committed  In 1 h      Joined',
  ])
  expect(lines.find(line => line.startsWith('gold_crypto'))).toMatch(/3 s ago {2}\+1,234 {2}12 min ago$/)
})

test('the help has every key on 80 by 24, whatever is amiss', async () => {
  const { lines } = await drawn(SEEN, { isHelp: true }, 80, 24)
  const keys = lines.slice(3, 22).map(line => line.slice(0, 16).trim())
  expect(keys).toEqual([
    ...['1', '2', '3', '4', '5', '6', '7', '8', 'Tab, Shift-Tab', 'Up, Down, k, j', 'PgUp, PgDn', 'Home, End, g, G'],
    ...['/, Esc', 's, S, r', 'Enter', 't, T, J', 'e', '?', 'q, Ctrl-C'],
  ])
  // Nothing of what they do is cut.
  expect(lines.filter(line => line.includes('…'))).toEqual([])
})

test('what is cut of the chosen row stands below in full', async () => {
  const details =
    'table=gold_crypto_trades commits=1 files=12 rows=123456 removed=0 conflicts=0 partition=exchange_date=2026-11-20'
  const line = { time: '', level: 'INFO', message: 'commit' }
  const seen: Seen = {
    ...WELL,
    log: [
      { ...line, details: 'short' },
      { ...line, details },
    ],
  }
  const { lines } = await drawn(seen, { view: 'log', at: 1 }, 80, 18)
  expect(lines.slice(5, 8)).toEqual([
    'Time  Level  Message  Details',
    '      INFO   commit   short',
    '      INFO   commit   table=gold_crypto_trades commits=1 files=12 rows=123456 r…',
  ])
  expect(lines.join(' ')).toContain(`Details: ${details}`)
  const first = await drawn(seen, { view: 'log', at: 0 }, 80, 18)
  expect(first.lines.join('')).not.toContain('Details: ')
})
