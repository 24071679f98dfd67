/** The screen that goes on: draws what is known whenever it has changed, and every second, since ages grow; until somebody leaves. */
import type { Timers } from '../../domain/feed-ports.ts'
import { frameOf } from './frame.ts'
import { afterKey, type Drawn, firstScreen, isForRows, type Key, type Screen } from './keys.ts'
import { openScreen, type Terminal } from './screen.ts'
import type { Seen } from './seen.ts'
import type { Look } from './text.ts'
import type { ViewName } from './views/views.ts'
import type { Looked } from './watch.ts'

export interface Show {
  /** Something has changed: drawn soon, once for all that changes meanwhile. */
  changed(): void
  /** What is looked at. */
  looked(): Looked
  close(): void
}

/** So soon a change is drawn. */
const SOON_MS = 100
const TICK_MS = 1_000
const MOST_EARLY = 20

/** `left` is called when somebody wants to leave. */
export function show(
  terminal: Terminal,
  {
    timers,
    look,
    seen,
    view,
  }: { readonly timers: Timers; readonly look: Look; readonly seen: () => Seen; readonly view: ViewName },
  { left }: { readonly left: () => void },
): Show {
  let screen: Screen = firstScreen(view)
  let drawn: Drawn = { rows: 0, page: 1, columns: [], opens: undefined }
  let soon: (() => void) | undefined
  let tick = () => {}
  let isOver = false
  /** Keys that are for rows, pressed before there were any: the first frame with rows does what they say. */
  let early: Key[] = []

  const opened = openScreen(terminal, look, {
    key(key) {
      const isEarly =
        drawn.rows === 0 &&
        seen().stats === undefined &&
        !screen.isTyping &&
        !screen.isHelp &&
        screen.typedTime === undefined
      if (isEarly && isForRows(key)) early = [...early, key].slice(-MOST_EARLY)
      else {
        const after = afterKey(screen, key, drawn)
        if (after === 'leave') {
          left()
          return
        }
        // Another view has other rows.
        if (after.view !== screen.view) early = []
        screen = after
      }
      draw()
    },
    resized: draw,
  })

  function draw(): void {
    soon?.()
    soon = undefined
    tick()
    const frame = frameOf(seen(), screen, opened.size(), look)
    screen = frame.screen
    drawn = frame.drawn
    const [key, ...later] = early
    if (drawn.rows > 0 && key) {
      early = later
      const after = afterKey(screen, key, drawn)
      if (after !== 'leave') screen = after
      draw()
      return
    }
    opened.draw(frame.lines)
    tick = timers.after(TICK_MS, draw)
  }

  draw()
  return {
    changed() {
      if (!isOver) soon ??= timers.after(SOON_MS, draw)
    },
    looked: () => screen,
    close() {
      isOver = true
      soon?.()
      tick()
      opened.close()
    },
  }
}
