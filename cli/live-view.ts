/** What `tradelake start` shows: on a terminal the screen of `tradelake top`, plain lines elsewhere, JSON lines on demand. */
import { logPath } from '../adapters/log-file.ts'
import { systemTimers } from '../adapters/system.ts'
import type { FeedReport, RunAudit } from '../domain/server-ports.ts'
import type { Lake } from '../embedded/lake.ts'
import type { Totals } from '../embedded/totals.ts'
import { LATE_MS } from '../figures/pipeline.ts'
import { lengthText } from '../figures/times.ts'
import { formatCount, formatTable } from './format.ts'
import { apiOf } from './lake-api.ts'
import { goldTrades, lastCandles, newestTrades, type ShownCandle } from './lake-figures.ts'
import { LOCAL_PACE } from './terminal/figures.ts'
import { isTerminal, processLook, processTerminal } from './terminal/process.ts'
import { show } from './terminal/show.ts'
import { createWatch } from './terminal/watch.ts'

export interface View {
  published(counts: ReadonlyMap<string, number>): void
  /** Draws, if the last drawing is old enough. */
  refresh(): Promise<void>
  /** Prints a sentence above the figures. */
  note(text: string): void
  /** Draws the last figures; a screen is left before. */
  finish(): Promise<void>
  /** Leaves the screen, if there is one. */
  close(): Promise<void>
}

interface Shown {
  readonly title: string
  readonly startMicros: bigint
  /** The server; undefined where there is none. */
  readonly url: string | undefined
  /** What the feeds of this process report. */
  readonly feeds: () => readonly FeedReport[]
  /** Audits this lake. */
  readonly audit: RunAudit
}

const JSON_MS = 1_000
const LINES_MS = 5_000
const CANDLES_MS = 1_000

/**
 * Figures count from when the view was made; candles from `startMicros` (microseconds since 1970) on are shown.
 * `left`: somebody at the screen wants to leave.
 */
export async function createView(
  lake: Lake,
  source: Shown,
  totals: Totals,
  json: boolean,
  left: () => void,
): Promise<View> {
  const { clock } = lake.ports
  const interval = json ? JSON_MS : LINES_MS
  const began = clock.steady()
  const messages = new Map(lake.exchanges.map(exchange => [exchange.name, 0]))
  let drawn = Number.NEGATIVE_INFINITY
  let candles: ShownCandle[] = []
  let newest: ReadonlyMap<string, number> = new Map()
  let candlesRead = Number.NEGATIVE_INFINITY

  if (!json) {
    const held = await goldTrades(lake)
    console.log(`tradelake: ${source.title} into ${lake.directory}`)
    if (held > 0) console.log(`The lake holds ${formatCount(held)} trades; the figures count from now.`)
    if (source.url !== undefined)
      console.log(
        `Page for browsers: ${source.url}/; Iceberg REST catalog: ${source.url}/iceberg; candles: ${source.url}/v1/candles`,
      )
    console.log('Ctrl-C stops and audits.\n')
  }
  const screen = json || !isTerminal() ? undefined : screenOf(lake, source, left)

  function figures() {
    const seconds = Math.max(0.001, (clock.steady() - began) / 1000)
    return lake.exchanges.map(({ name, code }) => {
      const newestMs = newest.get(code)
      const run = totals.exchanges.get(name)
      const sent = messages.get(name) ?? 0
      const report = source.feeds().find(({ exchange }) => exchange === code)
      const through = (run?.silver ?? 0) + (run?.dlq ?? 0)
      const unread = Math.max(0, sent - through, (run?.bronze ?? 0) - through)
      return {
        exchange: name,
        messages: sent,
        rate: sent / seconds,
        bronze: run?.bronze ?? 0,
        silver: run?.silver ?? 0,
        dlq: run?.dlq ?? 0,
        gold: run?.gold ?? 0,
        candles: run?.candles ?? 0,
        lag_seconds: run && run.newestMillis > 0 ? Math.max(0, (clock.now() - run.newestMillis) / 1000) : null,
        left: unread + (report?.missingTrades ?? 0) + (report?.waitingRecords ?? 0),
        behind_seconds: newestMs === undefined ? null : Math.max(0, (clock.now() - newestMs) / 1000),
      }
    })
  }

  async function draw(): Promise<void> {
    drawn = clock.steady()
    if (clock.steady() - candlesRead >= CANDLES_MS) {
      candles = await lastCandles(lake, source.startMicros)
      newest = await newestTrades(lake)
      candlesRead = clock.steady()
    }
    const rows = figures()
    if (json) {
      console.log(
        JSON.stringify({ time: new Date(clock.now()).toISOString(), exchanges: rows, ...totals.counts, candles }),
      )
      return
    }
    const table = formatTable(
      ['exchange', 'messages', 'per s', 'Bronze', 'Silver', 'DLQ', 'Gold', 'candles', 'lag'],
      rows.map(row => [
        row.exchange,
        formatCount(row.messages),
        row.rate.toFixed(0),
        formatCount(row.bronze),
        formatCount(row.silver),
        formatCount(row.dlq),
        formatCount(row.gold),
        formatCount(row.candles),
        lagText(row),
      ]),
    )
    console.log(`${status()}\n${table}`)
  }

  function status(): string {
    const { counts } = totals
    const errors = counts.errors === 0 ? 'no errors' : `${formatCount(counts.errors)} errors, last: ${counts.lastError}`
    const seconds = ((clock.steady() - began) / 1000).toFixed(0)
    return `${seconds} s  ${formatCount(counts.duplicates)} repeats removed  ${formatCount(counts.snapshots)} snapshots  ${errors}`
  }

  return {
    published(counts) {
      for (const [name, count] of counts) messages.set(name, (messages.get(name) ?? 0) + count)
    },
    async refresh() {
      if (!screen && clock.steady() - drawn >= interval) await draw()
    },
    note(text) {
      if (screen) screen.note(text)
      else if (!json) console.log(text)
    },
    async finish() {
      await screen?.close()
      candlesRead = Number.NEGATIVE_INFINITY
      await draw()
      if (!json && candles.length > 0) console.log(`\n${candleTable(candles)}`)
    },
    close: async () => screen?.close(),
  }
}

/** The lake in the terminal, as its own web application has it. */
function screenOf(lake: Lake, { title, url, feeds, audit }: Shown, left: () => void) {
  const timers = systemTimers()
  const place = { place: `${title} into ${lake.directory}`, log: logPath(lake.directory) }
  const watch = createWatch(
    { ...place, hint: url ?? '' },
    timers,
    () => shown.looked(),
    () => shown.changed(),
  )
  const shown = show(processTerminal(), { timers, look: processLook(), seen: watch.seen, view: 'overview' }, { left })
  watch.follow({ ...place, ask: apiOf(lake.ports, { stateAgeMs: 0, feeds, audit }), pace: LOCAL_PACE })
  return {
    note: (text: string) => watch.note(text.split('\n')),
    async close() {
      shown.close()
      await watch.stop()
    },
  }
}

/** What comes in so long waits for its turn, seconds: more is a past that is worked off. */
const USUAL_SECONDS = 3
const FEW = 100

interface Lagging {
  readonly rate: number
  /** Trades that are sought, or have not come through Silver yet. */
  readonly left: number
  readonly lag_seconds: number | null
  readonly behind_seconds: number | null
}

/** Records may be fresh and their trades old, as while a feed fetches the past: then it is said how much of that is left. */
export function lagText({ rate, left, lag_seconds: lag, behind_seconds: behind }: Lagging): string {
  if (left > rate * USUAL_SECONDS + FEW) return `catching up, ${formatCount(left)} trades left`
  if (lag === null) return ''
  if (behind !== null && behind * 1000 > LATE_MS) return `catching up, ${lengthText(behind * 1000)} left`
  return `${lag.toFixed(1)} s`
}

function candleTable(candles: readonly ShownCandle[]): string {
  if (candles.length === 0) return 'The first candle comes within seconds.'
  return formatTable(
    ['minute', '', 'exchange', 'symbol', 'open', 'high', 'low', 'close', 'volume', 'trades'],
    candles.map(candle => [
      candle.window.slice(11, 16),
      candle.closed ? 'closed' : 'open',
      candle.exchange,
      candle.symbol,
      ...[candle.open, candle.high, candle.low, candle.close, candle.volume].map(shortDecimal),
      candle.trades,
    ]),
  )
}

/** Without zeros at the end, but with two digits after the point. */
function shortDecimal(text: string): string {
  return text.replace(/(\.\d\d\d*?)0+$/, '$1')
}
