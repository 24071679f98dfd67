/** The live view of `tradelake start`: refreshed in place on a terminal, plain lines elsewhere, JSON lines on demand. */
import type { Lake } from '../localstack/lake.ts'
import type { MarketRun } from '../localstack/market.ts'
import type { Totals } from '../localstack/totals.ts'
import { formatCount, formatTable } from './format.ts'
import { lastCandles, type ShownCandle, tableTotals } from './lake-figures.ts'

export interface View {
  published(counts: ReadonlyMap<string, number>): void
  /** Draws, if it is time to. */
  refresh(): Promise<void>
  /** A sentence of its own. */
  note(text: string): void
  /** Draws the last figures. */
  finish(): Promise<void>
}

const TERMINAL_MS = 250
const JSON_MS = 1_000
const LINES_MS = 5_000
const CANDLES_MS = 1_000

/** Figures count from what the lake held when the view was made. */
export async function createView(lake: Lake, market: MarketRun, totals: Totals, json: boolean): Promise<View> {
  const { clock } = lake.ports
  const terminal = process.stdout.isTTY === true && !json
  const interval = terminal ? TERMINAL_MS : json ? JSON_MS : LINES_MS
  const before = await tableTotals(lake)
  const began = clock.now()
  const messages = new Map(lake.exchanges.map(exchange => [exchange.name, 0]))
  let drawn = 0
  let lines = 0
  let candles: ShownCandle[] = []
  let candlesRead = 0

  if (!json)
    console.log(
      `tradelake: market ${market.number} of seed ${market.seed} at ${market.ratePerSecond} trades/s into ${lake.directory}\nCtrl-C stops and audits.\n`,
    )

  function figures() {
    const seconds = Math.max(0.001, (clock.now() - began) / 1000)
    return lake.exchanges.map(({ name }) => {
      const run = totals.exchanges.get(name)
      const old = before.get(name)
      const sum = (field: 'bronze' | 'silver' | 'dlq' | 'gold' | 'candles') => (old?.[field] ?? 0) + (run?.[field] ?? 0)
      const sent = messages.get(name) ?? 0
      return {
        exchange: name,
        messages: sent,
        rate: sent / seconds,
        bronze: sum('bronze'),
        silver: sum('silver'),
        dlq: sum('dlq'),
        gold: sum('gold'),
        candles: sum('candles'),
        lag_seconds: run && run.newestMillis > 0 ? Math.max(0, (clock.now() - run.newestMillis) / 1000) : null,
      }
    })
  }

  async function draw(): Promise<void> {
    drawn = clock.now()
    if (clock.now() - candlesRead >= CANDLES_MS) {
      candles = await lastCandles(lake)
      candlesRead = clock.now()
    }
    const rows = figures()
    const { counts } = totals
    if (json) {
      console.log(JSON.stringify({ time: new Date(clock.now()).toISOString(), exchanges: rows, ...counts, candles }))
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
    const status = `${((clock.now() - began) / 1000).toFixed(0)} s  ${formatCount(counts.duplicates)} repeats removed  ${formatCount(counts.snapshots)} snapshots  ${counts.errors === 0 ? 'no errors' : `${counts.errors} errors, last: ${counts.lastError}`}`
    const shown = terminal ? `${table}\n\n${candleTable(candles)}\n\n${status}` : `${status}\n${table}`
    if (terminal && lines > 0) process.stdout.write(`\x1b[${lines}A\x1b[J`)
    console.log(shown)
    lines = terminal ? shown.split('\n').length : 0
  }

  return {
    published(counts) {
      for (const [name, count] of counts) messages.set(name, (messages.get(name) ?? 0) + count)
    },
    async refresh() {
      if (clock.now() - drawn >= interval) await draw()
    },
    note(text) {
      if (!json) console.log(text)
      lines = 0
    },
    async finish() {
      candlesRead = 0
      await draw()
      if (!terminal && !json && candles.length > 0) console.log(`\n${candleTable(candles)}`)
    },
  }
}

function candleTable(candles: readonly ShownCandle[]): string {
  if (candles.length === 0) return 'The first candle closes with the first full minute.'
  return formatTable(
    ['last closed minute', 'exchange', 'symbol', 'open', 'high', 'low', 'close', 'volume', 'trades'],
    candles.map(candle => [
      candle.window.slice(11, 16),
      candle.exchange,
      candle.symbol,
      candle.open,
      candle.high,
      candle.low,
      candle.close,
      candle.volume,
      candle.trades,
    ]),
  )
}
