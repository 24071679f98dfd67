/** Keeps what is known of a lake up to date, for as long as it is watched. */
import type { Timers } from '../../domain/feed-ports.ts'
import { askMarketFigures, isLate } from '../../figures/market-figures.ts'
import type { AuditAnswer, DeadLetterRow, FeedsAnswer, OutageRow, TableRow } from '../../figures/operator-rows.ts'
import { MINUTE } from '../../figures/quotes.ts'
import type { Parameters, RowsPage } from '../../figures/requests.ts'
import { type CandleRow, type CorrectionRow, type MarketRow, marketName } from '../../figures/rows.ts'
import { TIMEFRAMES, timeframeNamed } from '../../figures/times.ts'
import { followFigures, type Pace, whileLooked } from './figures.ts'
import { createLogTail } from './log-tail.ts'
import { followPrices } from './prices.ts'
import { type AskApi, askFor, askRows } from './requests.ts'
import { type CoverageHour, nothingSeen, type Seen } from './seen.ts'
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
const MOST_LETTERS = 200
const DAY_MINUTES = 1_440

/** What somebody looks at, and what they have opened there. */
export interface Looked {
  readonly view: ViewName
  readonly opened: string | undefined
  /** As the screen has them. */
  readonly timeframe?: string
  readonly until?: number | undefined
}

interface WantedCandles {
  readonly market: string
  readonly timeframe: string
  readonly until?: number
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

  /** The market's newest candles up to a time, of a day where they are of minutes, also for windows without trades. */
  async function readCandles(ask: AskApi, wanted: string): Promise<void> {
    const { market, timeframe, until } = JSON.parse(wanted) as WantedCandles
    const [exchanges, symbols] = market.split(':')
    const length = timeframeNamed(timeframe)?.ms ?? MINUTE
    const end = until === undefined ? undefined : new Date((Math.floor(until / length) + 1) * length).toISOString()
    const asked = { exchanges, symbols, timeframe, fill: 'null', limit: DAY_MINUTES, end }
    const { data } = (await (await askFor(ask, 'candles', asked, signal)).json()) as { readonly data: CandleRow[] }
    // First and last trades that were told when the watching began are old by now.
    const isEmpty = data.every(({ open }) => open === null)
    const known = isEmpty ? await askRows<MarketRow>(ask, 'symbols', { exchanges, symbols }, signal) : []
    know({ candles: { market, timeframe, rows: data, traded: known.find(each => marketName(each) === market) } })
  }

  async function readKept(ask: AskApi): Promise<void> {
    const [tables, answer] = await Promise.all([
      askRows<TableRow>(ask, 'tables', {}, signal),
      askFor(ask, 'audit', {}, signal),
    ])
    know({ kept: { tables, audit: (await answer.json()) as AuditAnswer } })
  }

  async function readFigures(ask: AskApi, market: string): Promise<void> {
    const [exchanges, symbols] = market.split(':')
    const start = new Date(timers.now() - DAY_MINUTES * MINUTE).toISOString()
    const rowsOf = async (route: string, parameters: Parameters) =>
      ((await (await askFor(ask, route, parameters, signal)).json()) as RowsPage<unknown>).data
    const [told, corrections] = await Promise.all([
      askMarketFigures(rowsOf, { exchanges, symbols }, timers.now()),
      rowsOf('corrections', { exchanges, symbols, start }),
    ])
    const late = (corrections as readonly CorrectionRow[]).filter(row => isLate(row.end, Date.parse(row.updated)))
    const corrected = new Set(late.map(row => row.start))
    know({ figures: { market, told, corrected } })
  }

  /** The newest records of the last day that were refused for one reason. */
  async function readLetters(ask: AskApi, kind: string): Promise<void> {
    const [exchanges, error_type] = kind.split(' ')
    const asked = { exchanges, error_type, limit: MOST_LETTERS }
    const { data } = (await (await askFor(ask, 'dead-letters', asked, signal)).json()) as {
      readonly data: readonly DeadLetterRow[]
    }
    know({ letters: { kind, rows: data } })
  }

  async function readEnds(ask: AskApi): Promise<void> {
    const { here, feeds } = (await (await askFor(ask, 'feeds', {}, signal)).json()) as FeedsAnswer
    const outages = await askRows<OutageRow>(ask, 'outages', {}, signal)
    know({ ends: { feeds: here ? feeds : undefined, outages } })
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
      know({ quietMs: pace.quietMs })
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
          async () => know({ coverage: await askRows<CoverageHour>(ask, 'coverage', { bucket: '1h' }, signal) }),
          signal,
        ),
        whileLooked(
          timers,
          ENDS_MS,
          () => (looked().view === 'feeds' ? 'feeds' : undefined),
          () => readEnds(ask),
          signal,
        ),
        whileLooked(
          timers,
          CANDLES_MS,
          () => candlesOf(looked()),
          wanted => readCandles(ask, wanted),
          signal,
        ),
        whileLooked(
          timers,
          KEPT_MS,
          () => (looked().view === 'tables' ? 'tables' : undefined),
          () => readKept(ask),
          signal,
        ),
        whileLooked(
          timers,
          FIGURES_MS,
          () => (looked().view === 'markets' ? looked().opened : undefined),
          market => readFigures(ask, market),
          signal,
        ),
        whileLooked(
          timers,
          LETTERS_MS,
          () => {
            const { view, opened } = looked()
            return view === 'dlq' && opened !== undefined ? kindIn(opened) : undefined
          },
          kind => readLetters(ask, kind),
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
