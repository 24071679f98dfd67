/** Text on a terminal as data: pieces of a line, each in one tone, measured in columns of the screen. */
import stringWidth from 'string-width'
import type { Kind } from '../../figures/coverage.ts'

export type Tone = 'plain' | 'dim' | 'bold' | 'up' | 'down' | 'good' | 'late' | 'bad' | 'title' | 'chosen'

export interface Piece {
  readonly text: string
  readonly tone: Tone
}

export type Line = readonly Piece[]

/** What a terminal can show. */
export interface Look {
  readonly colours: boolean
  /** Whether letters and signs besides ASCII's may be written. */
  readonly unicode: boolean
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

interface Signs {
  readonly up: string
  readonly down: string
  readonly level: string
  readonly more: string
  readonly rule: string
  readonly dot: string
  readonly between: string
  readonly below: string
  readonly above: string
  /** In the place of a figure that nobody knows. */
  readonly none: string
  /** From the lowest to the highest. */
  readonly heights: string
  /** Kinds of coverage, as `figures/coverage.ts` names them. */
  readonly kinds: Readonly<Record<Kind, string>>
}

const UNICODE: Signs = {
  ...{
    up: '▲',
    down: '▼',
    level: '■',
    more: '…',
    rule: '─',
    dot: '●',
    between: '·',
    below: '↓',
    above: '↑',
    none: '–',
  },
  heights: '▁▂▃▄▅▆▇█',
  kinds: {
    ...{
      complete: '█',
      partial: '▐',
      filled: '+',
      quiet: '·',
      open: '▄',
      gap: '~',
      refused: '!',
      unexplained: '–',
      sought: '…',
    },
    ...{ unreadable: '?', lost: '×' },
  },
}

const ASCII: Signs = {
  ...{
    up: '^',
    down: 'v',
    level: '=',
    more: '~',
    rule: '-',
    dot: '*',
    between: '-',
    below: 'v',
    above: '^',
    none: '-',
  },
  heights: '_.-~=+*#',
  kinds: {
    ...{
      complete: '#',
      partial: '>',
      filled: '+',
      quiet: '.',
      open: '=',
      gap: '~',
      refused: '!',
      unexplained: '-',
      sought: 'o',
    },
    ...{ unreadable: '?', lost: 'x' },
  },
}

export const signsOf = ({ unicode }: Look): Signs => (unicode ? UNICODE : ASCII)

/**
 * What this terminal can show. NO_COLOR, with any value, wants no colours (no-color.org); the first of LC_ALL, LC_CTYPE and LANG that is set
 * names the letters (POSIX, Base Definitions 8.2). `depth`: bits of colour, as Node tells them.
 */
export function lookOf(env: Readonly<Record<string, string | undefined>>, depth: number, platform: string): Look {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    colours: !env.NO_COLOR && env.TERM !== 'dumb' && depth >= 4,
    // Windows has no such variables, and its terminals take UTF-8.
    unicode: /utf-?8/i.test(locale) || (locale === '' && platform === 'win32'),
  }
}

/** A sentence of ours in the letters that the terminal has. */
export const inLetters = (text: string, look: Look): string =>
  signsOf(look).more === '…' ? text : text.replaceAll('…', '...')

export const plain = (text: string): Piece => ({ text, tone: 'plain' })
export const dim = (text: string): Piece => ({ text, tone: 'dim' })

/** Columns that a text takes on the screen. */
export const widthOf = (text: string): number => (/^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text))

/** A line for what is no terminal. */
export const plainText = (line: Line): string =>
  line
    .map(({ text }) => text)
    .join('')
    .trimEnd()

export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + widthOf(text), 0)

/** What came from outside, without what would steer the terminal; where it has only ASCII, without the rest too. */
export function harmless(text: string, { unicode }: Look): string {
  const calm = text.replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, ' ')
  return unicode ? calm : calm.replaceAll(/[^\x20-\x7e]/gu, '?')
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The beginning of a text that takes at most so many columns, with a sign where something is left out. */
export function cut(text: string, width: number, look: Look): string {
  if (widthOf(text) <= width) return text
  if (width <= 0) return ''
  const { more } = signsOf(look)
  let taken = ''
  let columns = widthOf(more)
  for (const { segment } of graphemes.segment(text)) {
    columns += widthOf(segment)
    if (columns > width) break
    taken += segment
  }
  return widthOf(more) <= width ? taken + more : ''
}

/** A text on lines of at most so many columns, between words where it can be, and at most so many of them; the last is cut where they are not enough. */
export function wrap(text: string, width: number, most: number, look: Look): string[] {
  const lines: string[] = []
  let rest = text
  while (widthOf(rest) > width && lines.length < most - 1) {
    let taken = ''
    let columns = 0
    for (const { segment } of graphemes.segment(rest.slice(0, width + 1))) {
      columns += widthOf(segment)
      if (columns > width) break
      taken += segment
    }
    if (taken === '') break
    // Up to the last space that fits; a longer word is broken.
    const space = rest[taken.length] === ' ' ? taken.length : taken.lastIndexOf(' ')
    const end = space > 0 ? space : taken.length
    lines.push(rest.slice(0, end))
    rest = rest.slice(end + (space > 0 ? 1 : 0))
  }
  return rest === '' ? lines : [...lines, cut(rest, width, look)]
}

/** A line that takes at most so many columns. */
export function cutLine(line: Line, width: number, look: Look): Line {
  const kept: Piece[] = []
  let left = width
  for (const piece of line) {
    const wanted = widthOf(piece.text)
    if (wanted <= left) kept.push(piece)
    else {
      kept.push({ ...piece, text: cut(piece.text, left, look) })
      break
    }
    left -= wanted
  }
  return kept
}

export const spaces = (columns: number): string => ' '.repeat(Math.max(0, columns))

/** A text at one side of so many columns; a wider one stays as it is. */
export function pad(text: string, width: number, side: 'left' | 'right'): string {
  const room = spaces(width - widthOf(text))
  return side === 'left' ? text + room : room + text
}

/** Two lines in one, the second at the right end; where both do not fit, the first is cut. */
export function apart(left: Line, right: Line, width: number, look: Look): Line {
  const room = width - lineWidth(right)
  if (room < 1) return cutLine(right, width, look)
  const first = cutLine(left, room - 1, look)
  return [...first, plain(spaces(room - lineWidth(first))), ...right]
}
