/** Candles as pictures: what is drawn of candles that are written here by hand. */
import { describe, expect, test } from 'vitest'
import { svgPlot } from '../../../cli/plot/svg-plot.ts'
import { textPlot } from '../../../cli/plot/text-plot.ts'
import { plainText } from '../../../cli/terminal/text.ts'
import type { CandleRow } from '../../../figures/rows.ts'

const iso = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00Z`

/** A candle of the minute, by open, high, low and close; without them nothing was traded. */
function candle(minute: number, prices?: readonly string[], more: Partial<CandleRow> = {}): CandleRow {
  const [open, high, low, close] = prices ?? [null, null, null, null]
  return {
    ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start: iso(minute), end: iso(minute + 1), open, high, low, close },
    ...{ volume: prices ? '1.5' : null, quote_volume: null, taker_buy_volume: null, vwap: null },
    ...{ trades: prices ? 1_234 : null, first_trade: null, last_trade: null, status: 'closed', ...more },
  }
}

const CANDLES = [
  candle(0, ['100', '108', '100', '106']),
  candle(1, ['106', '107.5', '102', '103']),
  candle(2),
  candle(3, ['103', '104', '101', '103.5'], { status: 'gap' }),
  candle(4, ['103.5', '104', '103', '104'], { status: 'open' }),
]
const of = (candles: readonly CandleRow[], timeframe = '1m') => ({ market: 'BINANCE:BTCUSDT', timeframe, candles })
const drawn = (candles: readonly CandleRow[], columns: number, rows: number, unicode = true) =>
  textPlot(of(candles), { columns, rows }, { colours: true, unicode }).map(plainText)

describe('in letters', () => {
  test('a rising body is thin and a falling one thick, each half a line exact, and a window without trades is a gap', () => {
    expect(drawn(CANDLES, 60, 13)).toEqual([
      'BINANCE:BTCUSDT 1m',
      '│ ╷          108.0',
      '│ │',
      '┃ █',
      '┃ █',
      '┃ █   ╽ ┃  ◂ 104.0',
      '┃ ▀   ╿ ╵',
      '┃ ╵   │',
      '┃     ╵      100.0',
      '────  × ──',
      '10:00   10:04',
      'last 104.0  2026-11-20 10:04 open  O 103.5  H 104.0  L 103.0',
      'volume 1.5  1,234 trades',
      '× trades are missing, or may be, in 1 window',
      'no trade in 1 window',
    ])
  })

  test('there is only ASCII where the terminal has no more', () => {
    expect(drawn(CANDLES, 80, 13, false)).toEqual([
      'BINANCE:BTCUSDT 1m',
      '| |          108.0',
      '| |',
      '+ #',
      '+ #',
      '+ #   + +  < 104.0',
      '+ #   + |',
      '+ |   |',
      '+     |      100.0',
      '----  x --',
      '10:00   10:04',
      'last 104.0  2026-11-20 10:04 open  O 103.5  H 104.0  L 103.0  volume 1.5',
      '1,234 trades',
      'x trades are missing, or may be, in 1 window  no trade in 1 window',
    ])
  })

  test('on few columns candles stand side by side, the last ones where not all fit, and no figure is cut', () => {
    expect(drawn(CANDLES, 13, 9).slice(0, 6)).toEqual([
      'BINANCE:BTCUSDT 1m',
      '││      108.0',
      '┃█',
      '┃█ ┃╿ ◂ 104.0',
      '┃╵ │    100.0',
      '── ×─',
    ])
    const many = Array.from({ length: 60 }, (_, at) => candle(at, ['1', `${at + 2}`, '1', '2.25']))
    const few = drawn(many, 20, 9)
    expect(few[1]).toBe('╷╷╷╷││││││││   61.00')
    expect(few.join('\n')).toContain('the last 12 of 60 windows')
    const long = [candle(0, ['12345678901234567890.12345678', '12345678901234567890.12345678', '1', '2'])]
    const narrow = drawn(long, 40, 9)
    expect(narrow[1]).toBe('█    12,345,678,901,234,567,890.12345678')
    expect(narrow).toContain('O 12,345,678,901,234,567,890.12345678')
    expect(drawn(long, 30, 9)[1]).toBe('39 columns are needed for thi…')
  })

  test('one price alone stands in the middle, and no trade at all is said', () => {
    expect(drawn([candle(0, ['5', '5', '5', '5'])], 30, 8).slice(0, 5)).toEqual([
      'BINANCE:BTCUSDT 1m',
      '     5',
      '╻  ◂ 5',
      '     5',
      '──',
    ])
    expect(drawn([candle(0)], 30, 8)).toEqual(['BINANCE:BTCUSDT 1m', 'No trade in these windows.'])
  })
})

describe('as an SVG', () => {
  const svg = svgPlot(of(CANDLES))

  test('each candle has its exact prices, and its place', () => {
    expect(svg).toContain(
      '<g class="up"><title>2026-11-20T10:00:00Z O 100 H 108 L 100 C 106</title><path d="M96 56V152M96 440V440"/><rect x="40" y="152" width="112" height="288"/></g>',
    )
    expect(svg).toContain(
      '<g class="down"><title>2026-11-20T10:01:00Z O 106 H 107.5 L 102 C 103</title><path d="M256 80V152M256 296V344"/><rect x="200" y="152" width="112" height="144"/></g>',
    )
    expect(svg.match(/<g class/g)).toHaveLength(4)
  })

  test('a gap is a band, and the last figures stand in full', () => {
    expect(svg).toContain(
      '<rect class="gap" x="496" y="56" width="160" height="384"><title>2026-11-20T10:03:00Z: trades are missing, or may be</title></rect>',
    )
    expect(svg).toContain(
      '>2026-11-20 10:04 UTC, open · O 103.5 H 104.0 L 103.0 C 104.0 · volume 1.5 · 1,234 trades · trades are missing, or may be, in 1 window<',
    )
    expect(svg).toContain('<text x="824" y="252">104.0</text>')
  })

  test('what a market is called cannot add anything to it', () => {
    const evil = svgPlot({ ...of(CANDLES), market: 'X"><script>alert(1)</script>' })
    expect(evil).not.toContain('<script')
    expect(evil).toContain('X&quot;&gt;&lt;script&gt;')
  })
})
