/** What a terminal can show, and how wide it is there. */
import { expect, test } from 'vitest'
import { apart, cut, harmless, lookOf, pad, plain, widthOf, wrap } from '../../../cli/terminal/text.ts'

const LOOK = { colours: true, unicode: true }

test('the locale says which letters there are: the first of its variables that is set', () => {
  const unicode = (env: Record<string, string>, platform = 'linux') => lookOf(env, 8, platform).unicode
  expect(unicode({ LANG: 'en_GB.UTF-8' })).toBe(true)
  expect(unicode({ LANG: 'de_DE.utf8' })).toBe(true)
  expect(unicode({ LANG: 'en_GB.UTF-8', LC_CTYPE: 'C' })).toBe(false)
  expect(unicode({ LANG: 'C', LC_ALL: '', LC_CTYPE: 'C.UTF-8' })).toBe(true)
  expect(unicode({ LC_ALL: 'de_DE.ISO-8859-1', LANG: 'en_GB.UTF-8' })).toBe(false)
  expect(unicode({})).toBe(false)
  expect(unicode({}, 'win32')).toBe(true)
})

test('there are colours where the terminal has sixteen, unless NO_COLOR is set', () => {
  const colours = (env: Record<string, string>, depth: number) => lookOf(env, depth, 'linux').colours
  expect([
    colours({}, 4),
    colours({}, 24),
    colours({}, 1),
    colours({ NO_COLOR: '1' }, 24),
    colours({ NO_COLOR: '' }, 4),
    colours({ TERM: 'dumb' }, 4),
  ]).toEqual([true, true, false, false, true, false])
})

test('text is measured and cut by the columns that it takes', () => {
  expect([widthOf('BTC'), widthOf('币安'), widthOf('▲')]).toEqual([3, 4, 1])
  expect([
    cut('BINANCE', 7, LOOK),
    cut('BINANCE', 5, LOOK),
    cut('币安人生', 5, LOOK),
    cut('币安', 2, LOOK),
    cut('abc', 0, LOOK),
  ]).toEqual(['BINANCE', 'BINA…', '币安…', '…', ''])
  expect(cut('BINANCE', 5, { ...LOOK, unicode: false })).toBe('BINA~')
  expect([pad('币', 4, 'right'), pad('a', 3, 'left')]).toEqual(['  币', 'a  '])
  const text = (width: number) =>
    apart([plain('left')], [plain('right')], width, LOOK)
      .map(piece => piece.text)
      .join('')
  expect([text(12), text(10), text(8), text(4)]).toEqual(['left   right', 'left right', 'l… right', 'rig…'])
})

test('what would steer a terminal, or turn the way of writing, becomes a space', () => {
  expect(harmless('a\x1b[31mb\u009b1m\u202ec\u200bd\ne', LOOK)).toBe('a [31mb 1m c d e')
  expect(harmless('Ü', { ...LOOK, unicode: false })).toBe('?')
})

test('a long text goes on on the next line, and is cut where the lines are not enough', () => {
  expect(wrap('abcdefgh', 3, 5, LOOK)).toEqual(['abc', 'def', 'gh'])
  expect(wrap('abcdefgh', 3, 2, LOOK)).toEqual(['abc', 'de…'])
  expect(wrap('币安人生', 3, 5, LOOK)).toEqual(['币', '安', '人', '生'])
  expect(wrap('nothing has come yet', 12, 5, LOOK)).toEqual(['nothing has', 'come yet'])
  expect(wrap('nothing has come yet', 7, 2, LOOK)).toEqual(['nothing', 'has co…'])
  expect(wrap('', 3, 5, LOOK)).toEqual([])
})
