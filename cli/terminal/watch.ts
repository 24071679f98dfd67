/** Keeps what is known of a lake up to date, for as long as it is watched. */
import type { Timers } from '../../domain/feed-ports.ts'
import { TIMEFRAMES } from '../../figures/times.ts'
import { followFigures, type Pace, whileLooked } from './figures.ts'
import { createLogTail } from './log-tail.ts'
import { followPrices } from './prices.ts'
import {
  type Reader,
  readCandles,
  readCorrections,
  readCoverage,
  readEnds,
  readFigures,
  readKept,
  readLetters,
  readRefused,
} from './readers.ts'
import type { AskApi } from './requests.ts'
import { nothingSeen, type Seen } from './seen.ts'
import { kindIn } from './views/letter.ts'
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

const [LOG_MS, COVERAGE_MS, CANDLES_MS, LETTERS_MS, ENDS_MS] = [1_000, 15_000, 2_000, 10_000, 10_000]
/** The largest trade of an hour is looked for in all of them. */
const FIGURES_MS = 15_000
const KEPT_MS = 10_000
const CORRECTIONS_MS = 10_000

/** What somebody looks at, and what they have opened there. */
export interface Looked {
  readonly view: ViewName
  readonly opened: string | undefined
  /** As the screen has them. */
  readonly timeframe?: string
  readonly until?: number | undefined
  readonly since?: number | undefined
}

function candlesOf({ view, opened, timeframe, until }: Looked): string | undefined {
  if (view !== 'markets' || opened === undefined) return undefined
  return JSON.stringify({ market: opened, timeframe: timeframe ?? TIMEFRAMES[0].name, until })
}

/** `changed` is called whenever something is known that was not. */
export function createWatch(
  { place, log, hint }: Pick<Watched, 'place' | 'log' | 'hint'>,
  timers: Timers,
  looked: () => Looked,
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
      know({ quietMs: pace.quietMs })
      const tell = (read: Reader) => async (what: string) =>
        know(await read({ ask, signal, nowMs: timers.now() }, what))
      const tail = path === undefined ? undefined : createLogTail(path)
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
        whileLooked(
          timers,
          COVERAGE_MS,
          () => (looked().view === 'gaps' ? 'gaps' : undefined),
          tell(readCoverage),
          signal,
        ),
        whileLooked(
          timers,
          CORRECTIONS_MS,
          () => (looked().view === 'corrections' ? 'corrections' : undefined),
          tell(readCorrections),
          signal,
        ),
        whileLooked(timers, ENDS_MS, () => (looked().view === 'feeds' ? 'feeds' : undefined), tell(readEnds), signal),
        whileLooked(timers, CANDLES_MS, () => candlesOf(looked()), tell(readCandles), signal),
        whileLooked(timers, KEPT_MS, () => (looked().view === 'tables' ? 'tables' : undefined), tell(readKept), signal),
        whileLooked(
          timers,
          FIGURES_MS,
          () => (looked().view === 'markets' ? looked().opened : undefined),
          tell(readFigures),
          signal,
        ),
        whileLooked(
          timers,
          LETTERS_MS,
          () => {
            const { view, since } = looked()
            return view === 'dlq' && since !== undefined ? String(since) : undefined
          },
          tell(readRefused),
          signal,
        ),
        whileLooked(
          timers,
          LETTERS_MS,
          () => {
            const { view, opened, since } = looked()
            return view === 'dlq' && opened !== undefined ? JSON.stringify({ kind: kindIn(opened), since }) : undefined
          },
          tell(readLetters),
          signal,
        ),
        whileLooked(
          timers,
          LOG_MS,
          () => (looked().view === 'log' ? path : undefined),
          async () => know(tail?.read() ?? { log: [], warnings: [] }),
          signal,
        ),
      )
    },
    async stop() {
      over.abort()
      await Promise.allSettled(running)
    },
  }
}
