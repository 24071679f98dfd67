/** The real command in a pseudo terminal, as a person sees it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import xterm from '@xterm/headless'
import { onTestFinished } from 'vitest'
import { COMMAND } from '../cli/support.ts'

const DRIVER = fileURLToPath(new URL('pseudo_terminal.py', import.meta.url))

export interface Person {
  /** Waits until the screen's text has this; gives its lines. @throws Error with the screen, where it never has */
  sees(text: string | RegExp): Promise<string[]>
  types(keys: string): void
  resizes(columns: number, rows: number): void
  readonly isAlternate: () => boolean
  /** Everything that was written. */
  readonly written: () => string
  /** Milliseconds from the start to the first picture. */
  readonly firstMs: () => number
  readonly ended: Promise<number | null>
}

const LONGEST_MS = 60_000

export function inTerminal(
  columns: number,
  rows: number,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Person {
  const began = performance.now()
  let first = Number.NaN
  let written = ''
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  const { NO_COLOR: _, LC_ALL: __, ...rest } = process.env
  const child = spawn('python3', [DRIVER, String(rows), String(columns), process.execPath, COMMAND, ...args], {
    // Python would give the command a locale of its own (PEP 538).
    env: { ...rest, PYTHONCOERCECLOCALE: '0', TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  child.stdout.on('data', (chunk: Buffer) => {
    written += chunk
    if (Number.isNaN(first) && written.includes('\x1b[?1049h') && written.includes('Overview'))
      first = performance.now() - began
    screen.write(chunk)
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  const lines = () => {
    const { active } = screen.buffer
    return Array.from(
      { length: screen.rows },
      (_, row) =>
        active
          .getLine(active.viewportY + row)
          ?.translateToString(true)
          .trimEnd() ?? '',
    )
  }
  return {
    async sees(text) {
      const until = performance.now() + LONGEST_MS
      for (;;) {
        await new Promise<void>(resolve => screen.write('', resolve))
        const seen = lines()
        const all = seen.join('\n')
        if (typeof text === 'string' ? all.includes(text) : text.test(all)) return seen
        if (performance.now() > until) throw new Error(`${text} was never seen:\n${all}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    },
    types: keys => child.stdin.write(`K ${Buffer.from(keys).toString('base64')}\n`),
    resizes(width, height) {
      screen.resize(width, height)
      child.stdin.write(`R ${height} ${width}\n`)
    },
    isAlternate: () => screen.buffer.active.type === 'alternate',
    written: () => written,
    firstMs: () => first,
    ended,
  }
}
