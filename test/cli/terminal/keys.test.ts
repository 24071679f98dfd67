/** What keys do to the screen. */
import { describe, expect, test } from 'vitest'
import { afterKey, type Drawn, firstScreen, type Key, type Screen } from '../../../cli/terminal/keys.ts'

const DRAWN: Drawn = { rows: 50, page: 10, columns: [0, 1, 4], opens: 'BINANCE:BTCUSDT' }
const key = (text: string): Key =>
  text.length === 1 ? { sequence: text, name: text.toLowerCase() } : { name: text, sequence: '\x1b' }

/** The screen after keys: letters, or names of more than one. */
function pressed(start: Screen, ...keys: readonly (string | Key)[]): Screen | 'leave' {
  return keys.reduce<Screen | 'leave'>(
    (screen, each) =>
      screen === 'leave' ? screen : afterKey(screen, typeof each === 'string' ? key(each) : each, DRAWN),
    start,
  )
}
const START = firstScreen('markets')

describe('a key', () => {
  test('shows a view by its number, and the next and the last by Tab', () => {
    expect(['1', '3', '7', '9', 'tab'].map(each => (pressed(START, each) as Screen).view)).toEqual([
      'overview',
      'feeds',
      'log',
      'markets',
      'feeds',
    ])
    expect(pressed(firstScreen('corrections'), 'tab')).toMatchObject({ view: 'overview' })
    expect(pressed(firstScreen('overview'), { name: 'tab', shift: true })).toMatchObject({
      view: 'corrections',
    })
  })

  test('moves the chosen row, and not beyond the rows that there are', () => {
    const at = (...keys: string[]) => (pressed(START, ...keys) as Screen).at
    expect([
      at('down', 'j'),
      at('up'),
      at('pagedown'),
      at('pagedown', 'k', 'pageup'),
      at('end'),
      at('G', 'down'),
      at('G', 'g'),
    ]).toEqual([2, 0, 10, 0, 49, 49, 0])
    expect(afterKey(START, key('down'), { ...DRAWN, rows: 0 })).toMatchObject({ at: 0 })
  })

  test('sorts by each column that is shown, then as at first, the largest first; r turns it round', () => {
    const order = (...keys: string[]) => (pressed(START, ...keys) as Screen).orders.markets
    expect(order('s')).toEqual({ by: 0, isDescending: false })
    expect(order('s', 's')).toEqual({ by: 1, isDescending: true })
    expect(order('s', 's', 'r')).toEqual({ by: 1, isDescending: false })
    expect(order('s', 's', 's', 's')).toBeUndefined()
    expect(order('S')).toEqual({ by: 4, isDescending: true })
    expect(order('r')).toBeUndefined()
    // Each view keeps its own.
    expect((pressed(START, 's', '4', '2') as Screen).orders.markets).toEqual({ by: 0, isDescending: false })
  })

  test('after / is part of the filter, also q and ?; Enter keeps it, Esc ends it', () => {
    expect(pressed(START, '/', 'q', '?', '1')).toMatchObject({ filter: 'q?1', isTyping: true, view: 'markets' })
    expect(pressed(START, '/', 'b', 't', 'x', 'backspace', 'c', 'return')).toMatchObject({
      filter: 'btc',
      isTyping: false,
    })
    expect(pressed(START, '/', 'b', 'escape')).toMatchObject({ filter: '', isTyping: false })
    expect(pressed(START, '/', 'b', 'return', 'escape')).toMatchObject({ filter: '' })
    expect(pressed(START, '/', 'b', { name: 'u', sequence: '\x15', ctrl: true })).toMatchObject({ filter: '' })
    expect(pressed(START, '/', 'b', { name: 'up', sequence: '\x1b[A' })).toMatchObject({ filter: 'b' })
  })

  test('leaves: q, or Ctrl-C at any time', () => {
    const interrupt = { name: 'c', sequence: '\x03', ctrl: true }
    expect([
      pressed(START, 'q'),
      pressed(START, interrupt),
      pressed(START, '/', interrupt),
      pressed(START, '?', 'q'),
    ]).toEqual(Array(4).fill('leave'))
  })

  test('opens the hours of a market in the gaps, and closes them', () => {
    const opened = pressed(firstScreen('gaps'), 'down', 'return') as Screen
    expect(opened).toMatchObject({ opened: 'BINANCE:BTCUSDT', at: 0 })
    expect(pressed(opened, 'escape')).toMatchObject({ opened: undefined })
    expect(pressed(opened, '2')).toMatchObject({ view: 'markets', opened: undefined })
    expect(pressed(firstScreen('tables'), 'return')).toMatchObject({ opened: undefined })
    expect(pressed(firstScreen('overview'), 'return')).toMatchObject({ view: 'markets', opened: 'BINANCE:BTCUSDT' })
  })

  test('e shows the warnings of the log alone, and all lines again; elsewhere nothing', () => {
    const opened = pressed(firstScreen('log'), 'down', 'e') as Screen
    expect(opened).toMatchObject({ opened: 'warnings', at: 0 })
    expect(['e', 'escape'].map(each => (pressed(opened, each) as Screen).opened)).toEqual([undefined, undefined])
    expect(pressed(START, 'e')).toEqual(START)
  })

  test('sorts what is opened apart from the view that it is opened in', () => {
    const opened = pressed(firstScreen('markets'), 's', 'return', 'S') as Screen
    expect(opened.orders).toEqual({
      markets: { by: 0, isDescending: false },
      'markets opened': { by: 4, isDescending: true },
    })
  })

  test('closes the help, whichever it is', () => {
    expect(pressed(START, '?')).toMatchObject({ isHelp: true })
    expect(pressed(START, '?', 'j')).toMatchObject({ isHelp: false, at: 0 })
  })
})
