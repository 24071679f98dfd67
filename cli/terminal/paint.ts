/** Lines as a terminal takes them: its codes for tones and places, and only the lines that have changed. Pure. */
import { styleText } from 'node:util'
import type { Line, Look, Tone } from './text.ts'

/** Colours are of the sixteen that every terminal has, in the shades of its own theme. */
const STYLES: Readonly<Record<Tone, Parameters<typeof styleText>[0] | undefined>> = {
  plain: undefined,
  dim: 'dim',
  bold: 'bold',
  up: 'green',
  down: 'red',
  good: 'green',
  late: 'yellow',
  bad: ['red', 'bold'],
  title: ['cyan', 'bold'],
  chosen: 'inverse',
}
/** Without colours, what has to be told apart all the same. */
const COLOURLESS: Readonly<Partial<Record<Tone, Parameters<typeof styleText>[0]>>> = {
  ...{ bold: 'bold', bad: 'bold', title: 'bold', chosen: 'inverse' },
}

export function lineText(line: Line, { colours }: Look): string {
  return line
    .map(({ text, tone }) => {
      const style = colours ? STYLES[tone] : COLOURLESS[tone]
      return style === undefined || text === '' ? text : styleText(style, text, { validateStream: false })
    })
    .join('')
}

/** Between these a terminal that can shows nothing half done (mode 2026); others pass them by. */
const [BEGIN, END] = ['\x1b[?2026h', '\x1b[?2026l']
/** Erases the line from the cursor on (EL): before its text, for after a full line the cursor stands on the last letter and would erase it. */
const CLEAR_LINE = '\x1b[K'

/** What brings the screen from one picture to the next; `before` is undefined where nothing is known of what it shows. */
export function change(before: readonly string[] | undefined, after: readonly string[]): string {
  const lines = after.flatMap((text, at) => (before?.[at] === text ? [] : [`\x1b[${at + 1};1H${CLEAR_LINE}${text}`]))
  if (before !== undefined && lines.length === 0) return ''
  return `${BEGIN}${before === undefined ? '\x1b[2J' : ''}${lines.join('')}${END}`
}

/** The other screen of the terminal, without a cursor, and with lines that are not broken where they end. */
export const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
/** As it was before. */
export const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
