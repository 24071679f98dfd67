/** A frame as it is seen on a virtual terminal. */
import { frameOf } from '../../../cli/terminal/frame.ts'
import { firstScreen, type Screen } from '../../../cli/terminal/keys.ts'
import { openScreen } from '../../../cli/terminal/screen.ts'
import type { Seen } from '../../../cli/terminal/seen.ts'
import type { Look } from '../../../cli/terminal/text.ts'
import { virtualTerminal } from './virtual.ts'

const LOOK: Look = { colours: true, unicode: true }

export async function drawn(seen: Seen, screen: Partial<Screen>, columns: number, rows: number, look = LOOK) {
  const virtual = virtualTerminal(columns, rows)
  const opened = openScreen(virtual.terminal, look, { key() {}, resized() {} })
  opened.draw(frameOf(seen, { ...firstScreen('overview'), ...screen }, { columns, rows }, look).lines)
  return { virtual, lines: await virtual.lines() }
}
