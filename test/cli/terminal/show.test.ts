/** The screen on a virtual terminal, with keys, changes and other sizes, until it is left. */
import { describe, expect, test } from 'vitest'
import { systemTimers } from '../../../adapters/system.ts'
import type { Seen } from '../../../cli/terminal/seen.ts'
import { show } from '../../../cli/terminal/show.ts'
import { manyMarkets, SEEN, WELL } from './seen-lake.ts'
import { type Virtual, virtualTerminal } from './virtual.ts'

const timers = systemTimers()
const waited = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

function shown(virtual: Virtual, first: Seen) {
  let seen = first
  let left = 0
  const shown = show(
    virtual.terminal,
    { timers, look: { colours: true, unicode: true }, seen: () => seen, view: 'markets' },
    { left: () => left++ },
  )
  return {
    ...shown,
    left: () => left,
    async know(more: Partial<Seen>) {
      seen = { ...seen, ...more }
      shown.changed()
      await waited(150)
    },
  }
}

describe('the screen', () => {
  test('takes the other screen of the terminal, and leaves it as it was', async () => {
    const virtual = virtualTerminal(80, 24)
    expect(await virtual.isAlternate()).toBe(false)
    const screen = shown(virtual, WELL)
    expect(await virtual.isAlternate()).toBe(true)
    await virtual.type('q')
    await virtual.type('\x03')
    expect(screen.left()).toBe(2)
    screen.close()
    screen.close()
    expect(await virtual.isAlternate()).toBe(false)
    const written = virtual.written.join('')
    // The cursor and the breaking of lines are there again, and once is enough.
    expect(written.split('\x1b[?1049l')).toHaveLength(2)
    expect(written.indexOf('\x1b[?25h')).toBeGreaterThan(written.indexOf('\x1b[?25l'))
    expect(written.indexOf('\x1b[?7h')).toBeGreaterThan(written.indexOf('\x1b[?7l'))
    await waited(1_200)
    expect(virtual.written.join('')).toBe(written)
  })

  test('does what keys for rows say as soon as there are rows', async () => {
    const virtual = virtualTerminal(80, 24)
    const many = manyMarkets(30)
    const screen = shown(virtual, { ...many, stats: undefined, markets: undefined, quotes: new Map() })
    await virtual.type('jj')
    await virtual.type('\r')
    expect(screen.looked().opened).toBeUndefined()
    await screen.know({ stats: many.stats, markets: many.markets, quotes: many.quotes })
    expect(screen.looked().opened).toBe('BINANCE:C002USDT')
    screen.close()
  })

  test('does what keys say', async () => {
    const virtual = virtualTerminal(80, 24)
    const screen = shown(virtual, manyMarkets(300))
    await virtual.type('/')
    await virtual.type('c29')
    expect((await virtual.lines()).at(-1)).toBe('/c29   10 of 300  Enter keeps it, Esc ends it')
    await virtual.type('\r')
    expect((await virtual.lines()).slice(-2)[0]).toBe('10 of 300 markets with: c29')
    await virtual.type('\x1b')
    await virtual.type('\x1b[6~')
    expect((await virtual.lines()).slice(-2)[0]).toBe('+1 above · +281 below')
    await virtual.type('?')
    expect((await virtual.lines()).join('\n')).toContain('q, Ctrl-C')
    await virtual.type('4')
    await virtual.type('4')
    expect((await virtual.lines())[5]).toMatch(/^Table /)
    expect(screen.looked()).toMatchObject({ view: 'tables' })
    screen.close()
  })

  test('takes a key that comes right after Esc as that key', async () => {
    const virtual = virtualTerminal(80, 24)
    const screen = shown(virtual, SEEN)
    await virtual.type('6')
    await virtual.type('\r\x1b5')
    expect(screen.looked()).toMatchObject({ view: 'dlq', opened: undefined })
    await virtual.type('/brtz\x1b?')
    expect((await virtual.lines()).at(-1)).toBe('Any key closes the help.')
    await virtual.type('\x1b\x1b')
    await virtual.type('1\x1b\x1b[B\r')
    expect(screen.looked()).toMatchObject({ view: 'markets', opened: 'BINANCE:SHIBUSDT' })
    screen.close()
  })

  test('writes only the lines that have changed, all at once', async () => {
    const virtual = virtualTerminal(80, 24)
    const screen = shown(virtual, WELL)
    const before = virtual.written.length
    const quotes = new Map(WELL.quotes)
    quotes.set('BINANCE:SHIBUSDT', {
      ...(quotes.get('BINANCE:SHIBUSDT') as NonNullable<ReturnType<typeof quotes.get>>),
      price: '0.00000822',
      direction: 1,
    })
    await screen.know({ quotes })
    const more = virtual.written.slice(before)
    expect(more).toHaveLength(1)
    expect(more[0].replaceAll('\x1b', '␛')).toMatch(/^␛\[\?2026h␛\[6;1H␛\[K[^\n]*0\.00000822[^\n]*␛\[\?2026l$/)
    expect((await virtual.lines())[5]).toContain('0.00000822 ▲')
    screen.close()
  })

  // On a VT100 the cursor stands on the last letter of a full line, where lines are not broken: xterm's own screen does not show it.
  test('erases nothing behind a text, which on full lines would be their last letter', async () => {
    const virtual = virtualTerminal(80, 24)
    const screen = shown(virtual, WELL)
    expect((await virtual.lines())[0]).toHaveLength(80)
    const lines = virtual.written
      .join('')
      .replaceAll('\x1b', '␛')
      .split(/␛\[\d+;1H/)
      .slice(1)
    expect(lines).toHaveLength(24)
    expect(lines.filter(line => line.lastIndexOf('␛[K') !== 0)).toEqual([])
    screen.close()
  })

  test.each([
    [60, 20],
    [200, 50],
    [80, 24],
    [45, 8],
  ])('is whole at once at another size: %i by %i', async (columns, rows) => {
    const virtual = virtualTerminal(120, 30)
    const screen = shown(virtual, SEEN)
    const before = virtual.written.length
    await virtual.resize(columns, rows)
    // One piece clears the screen and draws all of it.
    expect(virtual.written.slice(before)).toHaveLength(1)
    const after = await virtual.lines()
    expect(after).toHaveLength(rows)
    const fresh = virtualTerminal(columns, rows)
    const other = shown(fresh, SEEN)
    expect(after).toEqual(await fresh.lines())
    screen.close()
    other.close()
  })
})
