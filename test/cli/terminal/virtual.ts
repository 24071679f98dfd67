/** A virtual terminal: what stands on its screen after the codes that were written to it. */
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import xterm from '@xterm/headless'
import type { Terminal } from '../../../cli/terminal/screen.ts'

export interface Virtual {
  readonly terminal: Terminal
  /** Everything that was written, in order. */
  readonly written: string[]
  /** The lines that are seen, without spaces at their ends. */
  lines(): Promise<string[]>
  /** Codes of the colours that a cell has: the palette's number, or undefined. */
  colour(row: number, column: number): Promise<number | undefined>
  isInverse(row: number): Promise<boolean>
  isAlternate(): Promise<boolean>
  type(keys: string): Promise<void>
  resize(columns: number, rows: number): Promise<void>
}

export function virtualTerminal(columns: number, rows: number): Virtual {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  const events = new EventEmitter()
  const input = new PassThrough()
  const written: string[] = []
  const output = {
    columns,
    rows,
    write(text: string) {
      written.push(text)
      screen.write(text)
      return true
    },
    on: (event: 'resize', run: () => void) => events.on(event, run),
    off: (event: 'resize', run: () => void) => events.off(event, run),
  }
  const settled = () => new Promise<void>(resolve => screen.write('', resolve))
  const cell = (row: number, column: number) =>
    screen.buffer.active.getLine(screen.buffer.active.viewportY + row)?.getCell(column)
  return {
    terminal: { input, output, atExit: () => () => {} },
    written,
    async lines() {
      await settled()
      const { active } = screen.buffer
      return Array.from({ length: screen.rows }, (_, row) =>
        (active.getLine(active.viewportY + row)?.translateToString(true) ?? '').trimEnd(),
      )
    },
    async colour(row, column) {
      await settled()
      const found = cell(row, column)
      return found?.isFgPalette() ? found.getFgColor() : undefined
    },
    async isInverse(row) {
      await settled()
      return cell(row, 0)?.isInverse() !== 0
    },
    async isAlternate() {
      await settled()
      return screen.buffer.active.type === 'alternate'
    },
    async type(keys) {
      input.write(keys)
      // A key that may begin a longer code, as Esc does, is told only after a while.
      await new Promise(resolve => setTimeout(resolve, keys.endsWith('\x1b') ? 100 : 20))
    },
    async resize(width, height) {
      screen.resize(width, height)
      output.columns = width
      output.rows = height
      events.emit('resize')
      await settled()
    },
  }
}
