/** Keeps what is known of a lake up to date, for as long as it is watched. */
import { waitFor } from '../../api/live/waits.ts'
import type { Timers } from '../../domain/feed-ports.ts'
import { followCoverage, followFigures, type Pace } from './figures.ts'
import { tailOf } from './log-tail.ts'
import { followPrices } from './prices.ts'
import type { AskApi } from './requests.ts'
import { nothingSeen, type Seen } from './seen.ts'
import type { ViewName } from './views/views.ts'

export interface Watched {
  /** In words. */
  readonly place: string
  readonly ask: AskApi
  readonly pace: Pace
  /** The file of the lake's log; undefined where it is not on this machine. */
  readonly log: string | undefined
  /** What stands at the foot of the screen. */
  readonly hint?: string
}

export interface Watch {
  /** What is known now. */
  seen(): Seen
  /** What the command itself has to say. */
  note(notes: readonly string[]): void
  /** Begins to ask. */
  follow(watched: Watched): void
  /** Settles when nothing of it runs any longer. */
  stop(): Promise<void>
}

const LOG_MS = 1_000

/** `changed` is called whenever something is known that was not. `view`: what somebody looks at. */
export function createWatch(
  { place, log, hint }: Pick<Watched, 'place' | 'log' | 'hint'>,
  timers: Timers,
  view: () => ViewName,
  changed: () => void,
): Watch {
  const over = new AbortController()
  const { signal } = over
  let known = nothingSeen(place, timers.now(), log !== undefined, hint)
  const running: Promise<unknown>[] = []
  const know = (more: Partial<Seen>) => {
    known = { ...known, ...more }
    changed()
  }

  /** Figures that cannot be had break the connection too: a lake without a candle has nothing to stream. */
  let trouble: string | undefined
  let troubleMs = 0

  async function followLog(path: string): Promise<void> {
    while (!signal.aborted) {
      if (view() === 'log') know({ log: tailOf(path) ?? [] })
      await waitFor(timers, LOG_MS, signal)
    }
  }

  return {
    seen: () => ({
      ...known,
      nowMs: timers.now(),
      ...(trouble !== undefined &&
        known.connection.kind === 'live' && {
          connection: { kind: 'broken', sinceMs: troubleMs, reason: trouble, nextMs: timers.now() },
        }),
    }),
    note: notes => know({ notes }),
    follow({ ask, pace, log: path }) {
      running.push(
        followPrices(ask, timers, prices => know(prices), signal),
        followFigures(
          ask,
          timers,
          pace,
          ({ problem, ...figures }) => {
            if (problem !== undefined && trouble === undefined) troubleMs = timers.now()
            trouble = problem
            know(figures)
          },
          signal,
        ),
        followCoverage(
          ask,
          timers,
          () => view() === 'gaps',
          coverage => know({ coverage }),
          signal,
        ),
        ...(path === undefined ? [] : [followLog(path)]),
      )
    },
    async stop() {
      over.abort()
      await Promise.allSettled(running)
    },
  }
}
