/** The candles that a chart shows: pages of history, further ones when it is scrolled, and live messages at its edge. */

import { isNews } from '../../figures/corrections.ts'
import { isLate } from '../../figures/market-figures.ts'
import { type CandleRow, type CorrectionRow, type MarketRow, type Message, marketName } from '../../figures/rows.ts'
import { startOfDay, type Timeframe } from '../../figures/times.ts'
import { askRows, reasonOf } from '../api/requests.ts'
import { openStream } from '../api/stream.ts'
import { now } from '../browser.ts'
import { type Candle, type CandleBook, type Change, createCandleBook, windowName } from '../model/candle-book.ts'
import { lengthOf, type Span } from '../model/view-state.ts'
import { createStore, type Store } from '../store.ts'

export interface ChartQuery {
  /** The first is the one that is drawn as candles. */
  readonly markets: readonly string[]
  readonly timeframe: Timeframe
  readonly asOf: string | undefined
  readonly span: Span
}

export type FeedState =
  | { readonly phase: 'loading' | 'empty' }
  | { readonly phase: 'failed'; readonly reason: string }
  /** `isEdge`: the candles reach up to now, or to the state that is looked at. `market`: as it was when they were first asked for. */
  | { readonly phase: 'ready'; readonly isEdge: boolean; readonly isStart: boolean; readonly market: MarketRow }

export interface ChartListener {
  /** Many candles have changed. */
  loaded(): void
  changed(candle: Candle, change: Exclude<Change, 'none'>): void
  /** So much has come while the connection was broken that it has to begin anew. */
  outdated(): void
}

export interface ChartFeed {
  readonly book: CandleBook
  readonly state: Store<FeedState>
  /** Loads what lies before, or behind. */
  extend(direction: 'older' | 'newer'): void
  close(): void
}

/** At least so many windows are loaded at once. */
const LEAST_WINDOWS = 400
const PAGE = 10_000

export function openChartFeed(query: ChartQuery, listener: ChartListener): ChartFeed {
  const { markets, timeframe, asOf, span } = query
  const book = createCandleBook(timeframe.ms)
  const state = createStore<FeedState>({ phase: 'loading' })
  const over = new AbortController()
  const { signal } = over
  /** The windows that are loaded, milliseconds since 1970. */
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  let first = Number.NEGATIVE_INFINITY
  let found: MarketRow | undefined
  let isEdge = false
  let isBusy = false
  let waiting: Message[] | undefined = []

  const load = async (start: number, end: number | undefined): Promise<void> => {
    const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())
    const asked = (market: string) => {
      const [exchanges, symbols] = market.split(':')
      return { exchanges, symbols, timeframe: timeframe.name, start: iso(start), end: iso(end) }
    }
    const [pages, corrected] = await Promise.all([
      Promise.all(
        markets.map(market => {
          const page = { ...asked(market), fill: 'null', limit: PAGE, as_of: asOf }
          return askRows<CandleRow>('candles', page, signal)
        }),
      ),
      // What came later than an earlier state is no part of it.
      asOf === undefined ? askRows<CorrectionRow>('corrections', asked(markets[0]), signal) : [],
    ])
    const known = new Set(corrected.filter(isNews).map(windowName))
    const isOlder = end !== undefined && Number.isFinite(from) && end <= from
    // What follows the last trade has not been, as far as the chart goes; before what is loaded it has.
    for (const page of pages)
      book.load(
        isOlder ? page : page.slice(0, page.findLastIndex(row => row.open !== null || row.status === 'gap') + 1),
        known,
      )
    const list = book.candles(markets[0])
    from = Math.min(from, start)
    to = Math.max(to, (list.at(-1)?.startMs ?? start) + timeframe.ms)
  }

  async function begin(): Promise<void> {
    const [exchanges, symbols] = markets[0].split(':')
    const known = await askRows<MarketRow>('symbols', { exchanges, symbols, as_of: asOf }, signal)
    const market = known.find(each => marketName(each) === markets[0])
    if (!market) {
      state.set({ phase: 'empty' })
      return
    }
    found = market
    first = Date.parse(market.first_trade)
    const last = Date.parse(market.last_trade)
    const least = LEAST_WINDOWS * timeframe.ms
    if ('last' in span || span.to >= last) {
      const length = 'last' in span ? span.last : last - span.from
      // From midnight on: the average price since then is drawn.
      await load(startOfDay(Math.max(first, last - Math.max(length, least))), last + 2 * timeframe.ms)
      isEdge = true
    } else {
      const margin = Math.max(0, (least - lengthOf(span)) / 2)
      const start = startOfDay(Math.min(last, Math.max(first, span.from - margin)))
      // Before the first trade there is nothing: what comes first is shown.
      await load(start, Math.min(last + 2 * timeframe.ms, Math.max(span.to + margin, start + least)))
      isEdge = to > last
    }
    ready()
  }

  function ready(): void {
    const isEmpty = book.candles(markets[0]).length === 0
    state.set(
      isEmpty || !found ? { phase: 'empty' } : { phase: 'ready', isEdge, isStart: from <= first, market: found },
    )
    listener.loaded()
  }

  /** One thing after the other; what fails is said, and tried again with the next connection. */
  async function run(work: () => Promise<void>): Promise<void> {
    isBusy = true
    try {
      await work()
    } catch (error) {
      if (!signal.aborted && state.get().phase !== 'ready') state.set({ phase: 'failed', reason: reasonOf(error) })
    } finally {
      isBusy = false
    }
  }

  function take(message: Message): void {
    if (message.type !== 'candle' && message.type !== 'correction') return
    const market = marketName(message.data)
    if (!markets.includes(market)) return
    const isCorrection = message.type === 'correction' && isLate(message.data.end, now())
    const change = book.apply(isCorrection ? 'correction' : 'candle', message.data, isEdge)
    if (change === 'none') return
    const candle = book.at(market, Date.parse(message.data.start))
    if (state.get().phase !== 'ready') ready()
    if (candle) listener.changed(candle, change)
  }

  async function start(): Promise<void> {
    waiting ??= []
    await run(begin)
    for (const message of waiting ?? []) take(message)
    waiting = undefined
  }

  let started = start()
  const names = markets.map(market => market.split(':'))
  const parameters = {
    ...{ exchanges: [...new Set(names.map(([exchange]) => exchange))].join(), channels: 'candles' },
    ...{ symbols: [...new Set(names.map(([, symbol]) => symbol))].join(), timeframe: timeframe.name },
  }
  const stop =
    asOf === undefined
      ? openStream(parameters, {
          message(message) {
            if (waiting) waiting.push(message)
            else take(message)
          },
          begun(continued) {
            if (continued) return
            void started.then(async () => {
              if (signal.aborted) return
              const { phase } = state.get()
              // Between what was loaded and the first message there may be a commit.
              const missed = (now() - to) / timeframe.ms
              if (phase === 'ready' && isEdge && missed > PAGE / 2) listener.outdated()
              else if (phase === 'ready' && isEdge) await run(() => load(to - 2 * timeframe.ms, undefined).then(ready))
              else if (phase !== 'ready') await (started = start())
            })
          },
        })
      : () => {}

  return {
    book,
    state,
    extend(direction) {
      const current = state.get()
      if (isBusy || current.phase !== 'ready') return
      const length = LEAST_WINDOWS * timeframe.ms
      if (direction === 'older' && !current.isStart)
        void run(() => load(startOfDay(Math.max(first, from - length)), from).then(ready))
      if (direction === 'newer' && !isEdge)
        void run(async () => {
          const reached = to
          await load(to, to + length)
          // A page without anything new: it was the last.
          isEdge = to === reached
          if (isEdge) await load(to - timeframe.ms, undefined)
          ready()
        })
    },
    close() {
      over.abort()
      stop()
    },
  }
}
