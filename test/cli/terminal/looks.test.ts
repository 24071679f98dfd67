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
    expect(lines.join('\n')).toMatch(columns === 20 ? /columns are needed|BINA/ : /BINANCE:C000USDT/)
  })

  test('what is above gives way to the table, and is counted', async () => {
    const { lines } = await drawn(WELL, {}, 80, 14)
    expect(lines.some(line => line.startsWith('Bronze'))).toBe(true)
    expect(lines.some(line => line.startsWith('BINANCE:BTCUSDT'))).toBe(true)
    expect(lines[12]).toBe('1 row of tables above left out')
  })

  test('a smaller one is told so', async () => {
    expect((await drawn(SEEN, {}, 19, 5)).lines).toEqual(['Too small.', '', '', '', ''])
  })
})
