/** A terminal that a screen is drawn on, and keys come from, until it is left: then it is as it was before. */
import { emitKeypressEvents, type Interface } from 'node:readline'
import { type Key, keysOf } from './keys.ts'
import { change, ENTER, LEAVE, lineText } from './paint.ts'
import type { Line, Look, Size } from './text.ts'

/** What this needs of `process.stdin`, `process.stdout` and the process. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { setRawMode?(isRaw: boolean): void; unref?(): void }
  readonly output: {
    readonly columns?: number
    readonly rows?: number
    /** Whether more may be written now. */
    write(text: string): boolean
    readonly writableNeedDrain?: boolean
    on(event: 'resize', run: () => void): unknown
    off(event: 'resize', run: () => void): unknown
  }
  /** Calls before the process ends, whatever ends it. Gives what calls that off. */
  atExit(run: () => void): () => void
}

export interface OpenScreen {
  size(): Size
  draw(lines: readonly Line[]): void
  close(): void
}

/** Esc may begin a longer code; so long the rest of it is waited for, milliseconds. Node asks nothing else of an interface for this. */
const ESCAPE = { escapeCodeTimeout: 50 } as Partial<Interface> as Interface

export function openScreen(
  { input, output, atExit }: Terminal,
  look: Look,
  { key, resized }: { readonly key: (key: Key) => void; readonly resized: () => void },
): OpenScreen {
  let before: readonly string[] | undefined
  let isOpen = true
  const press = (_: string | undefined, pressed: Key) => {
    for (const each of keysOf(pressed)) key(each)
  }
  // What the terminal has made of the old lines at its new size is not known.
  const resize = () => {
    before = undefined
    resized()
  }
  const close = () => {
    if (!isOpen) return
    isOpen = false
    callOff()
    output.off('resize', resize)
    input.off('keypress', press)
    input.setRawMode?.(false)
    input.pause()
    output.write(LEAVE)
  }
  const callOff = atExit(close)
  output.write(ENTER)
  emitKeypressEvents(input, ESCAPE)
  input.setRawMode?.(true)
  input.on('keypress', press)
  input.resume()
  output.on('resize', resize)
  return {
    size: () => ({ columns: output.columns || 80, rows: output.rows || 24 }),
    draw(lines) {
      // A terminal that does not keep up, as over a slow line, gets the next picture instead of all.
      if (!isOpen || output.writableNeedDrain) return
      const after = lines.map(line => lineText(line, look))
      const text = change(before, after)
      before = after
      if (text !== '') output.write(text)
    },
    close,
  }
}
