/** How the lake is: asked for again and again, what is cheap more often than what is not; and what only one view shows, while it is seen. */
import { waitFor } from '../../api/live/waits.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Timers } from '../../domain/feed-ports.ts'
import type { StatsParts } from '../../figures/rows.ts'
import { type AskApi, askFor } from './requests.ts'

export interface Pace {
  /** How often the cheap figures are asked for, milliseconds. */
  readonly everyMs: number
  /** How long before an answer the one is that rates are reckoned from: as long as it takes at most to notice a stall. */
  readonly rateMs: number
  /** A lake in which nothing is committed for so long stands still, milliseconds. */
  readonly quietMs: number
}

/** A lake on this machine, or a server that reads one: an answer takes some milliseconds. */
export const LOCAL_PACE: Pace = { everyMs: 1_000, rateMs: 5_000, quietMs: 15_000 }
/** A deployed lake: an answer is some dozens of requests that cost money, and tables are committed once a minute. */
export const DEPLOYED_PACE: Pace = { everyMs: 10_000, rateMs: 120_000, quietMs: 180_000 }

export interface Figures {
  readonly stats: StatsParts | undefined
  readonly before: StatsParts | undefined
  /** When the answer came, milliseconds since 1970. */
  readonly statsMs: number
  /** Why there is no newer one. */
  readonly problem: string | undefined
}

const CHEAP = 'exchanges,stages,tables'
/** What reads files of refused records is asked for so much more rarely, and what reads an hour of trades yet more. */
const [RARE, RAREST] = [15, 60]

/** The first picture does not wait for what is rare. */
function partsOf(round: number): string {
  const isRare = round % RARE === 1
  return [CHEAP, ...(isRare ? ['dead_letters,feeds'] : []), ...(round % RAREST === 1 ? ['candle_check'] : [])].join()
}

/** Follows until the signal aborts. Never rejects. */
export async function followFigures(
  ask: AskApi,
  timers: Timers,
  { everyMs, rateMs }: Pace,
  changed: (figures: Figures) => void,
  signal: AbortSignal,
): Promise<void> {
  let answers: StatsParts[] = []
  let known: Partial<StatsParts> = {}
  let figures: Figures = { stats: undefined, before: undefined, statsMs: timers.now(), problem: undefined }
  for (let round = 0; !signal.aborted; round++) {
    try {
      const answer = await askFor(ask, 'stats', { parts: partsOf(round) }, signal)
      const found = (await answer.json()) as StatsParts
      known = { ...known, ...found }
      const time = Date.parse(found.time)
      answers = [...answers, found]
      // The newest that is old enough, and those after it.
      const old = answers.findLastIndex(each => time - Date.parse(each.time) >= rateMs)
      answers = answers.slice(Math.max(0, old))
      figures = {
        stats: { ...known, ...found },
        before: answers.length > 1 ? answers[0] : undefined,
        statsMs: timers.now(),
        problem: undefined,
      }
    } catch (error) {
      if (signal.aborted) return
      figures = { ...figures, problem: messageOf(error) }
    }
    changed(figures)
    if (round > 0) await waitFor(timers, everyMs, signal)
  }
}

const LOOK_MS = 500

/**
 * Does something now, and every so often, for as long as somebody looks at it. `looked`: what is looked at; undefined for nothing. Never
 * rejects: what it cannot have stays as it was, and the connection's own state says why.
 */
export async function whileLooked(
  timers: Timers,
  everyMs: number,
  looked: () => string | undefined,
  look: (what: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let due = timers.steady()
  let last: string | undefined
  while (!signal.aborted) {
    const what = looked()
    if (what !== undefined && (what !== last || timers.steady() >= due)) {
      await look(what).catch(() => {})
      last = what
      due = timers.steady() + everyMs
    }
    await waitFor(timers, LOOK_MS, signal)
  }
}
