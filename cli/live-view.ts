/**
 * The live view of `tradelake start`: refreshed in place on a terminal, plain lines elsewhere, JSON lines on demand.
 */
import type { Lake } from '../embedded/lake.ts'
import type { Totals } from '../embedded/totals.ts'
import { formatCount, formatTable } from './format.ts'
import { goldTrades, lastCandles, type ShownCandle } from './lake-figures.ts'

export interface View {
  published(counts: ReadonlyMap<string, number>): void
  /** Draws, if the last drawing is old enough. */
  refresh(): Promise<void>
  /** Prints a sentence above the figures. */
  note(text: string): void
  /** Draws the last figures. */
  finish(): Promise<void>
}

const TERMINAL_MS = 250
const JSON_MS = 1_000
const LINES_MS = 5_000
const CANDLES_MS = 1_000

/** Figures count from when the view was made; candles from `startMicros` (microseconds since 1970) on are shown. */
export async function createView(
  lake: Lake,
  source: { readonly title: string; readonly startMicros: bigint },
  totals: Totals,
  json: boolean,
): Promise<View> {
  const { clock } = lake.ports
  const terminal = process.stdout.isTTY === true && !json
  const interval = terminal ? TERMINAL_MS : json ? JSON_MS : LINES_MS
  const began = clock.steady()
  const messages = new Map(lake.exchanges.map(exchange => [exchange.name, 0]))
  let drawn = Number.NEGATIVE_INFINITY
  let lines = 0
  let candles: ShownCandle[] = []
  let candlesRead = Number.NEGATIVE_INFINITY

  if (!json) {
    const held = await goldTrades(lake)
    console.log(`tradelake: ${source.title} into ${lake.directory}`)
    if (held > 0) console.log(`The lake holds ${formatCount(held)} trades; the figures count from now.`)
    console.log('Ctrl-C stops and audits.\n')
  }

  function figures() {
    const seconds = Math.max(0.001, (clock.steady() - began) / 1000)
    return lake.exchanges.map(({ name }) => {
      const run = totals.exchanges.get(name)
      const sent = messages.get(name) ?? 0
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
      }
    })
  }

  async function draw(): Promise<void> {
    drawn = clock.steady()
    if (clock.steady() - candlesRead >= CANDLES_MS) {
      candles = await lastCandles(lake, source.startMicros)
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
        row.lag_seconds === null ? '' : `${row.lag_seconds.toFixed(1)} s`,
      ]),
    )
    const shown = terminal ? screen(`${table}\n\n${candleTable(candles)}`, status()) : `${status()}\n${table}`
    if (terminal && lines > 0) process.stdout.write(`\x1b[${lines}A\x1b[J`)
    console.log(shown)
    lines = terminal ? shown.split('\n').length : 0
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
      if (clock.steady() - drawn >= interval) await draw()
    },
    note(text) {
      if (!json) console.log(text)
      lines = 0
    },
    async finish() {
      candlesRead = Number.NEGATIVE_INFINITY
      await draw()
      if (!terminal && !json && candles.length > 0) console.log(`\n${candleTable(candles)}`)
    },
  }
}

/** What fits the terminal: the cursor goes back up by lines, so no line may wrap or scroll off the screen. */
function screen(text: string, status: string): string {
  const { columns = 80, rows = 24 } = process.stdout
  const lines = text.split('\n').slice(0, Math.max(1, rows - 4))
  return [...lines, '', status].map(line => line.slice(0, columns - 1)).join('\n')
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
