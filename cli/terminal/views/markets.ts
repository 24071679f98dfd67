/** All markets: last price and its direction, change, the last hour as a line, and how old it is. */
import { percentChange, readable } from '../../../figures/decimals.ts'
import { changeSpan, dayBefore, digitsOf, lastHour, type Quote } from '../../../figures/quotes.ts'
import { type MarketRow, marketName } from '../../../figures/rows.ts'
import { ageText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import { sparkText } from '../spark.ts'
import type { Cell, Column, Row, Table } from '../table.ts'
import { harmless, type Look, signsOf, type Tone } from '../text.ts'
import { emptyText } from './empty.ts'

/** `change`: what heads the change of the day. */
const columnsOf = (change: string): readonly Column[] => [
  { title: 'Market', side: 'left', mayBeCut: true },
  { title: 'Last price', side: 'right' },
  { title: 'Quote', side: 'left', importance: 1, mayBeCut: true },
  { title: change, side: 'right', importance: 4 },
  { title: 'Last hour', side: 'left', importance: 2 },
  { title: 'Age', side: 'right', importance: 5 },
]
const SPARK = 20
const STALE_MS = 120_000

export function marketsTable(seen: Seen, look: Look): Table {
  const { markets = [], quotes, nowMs } = seen
  const spans = new Set(markets.flatMap(market => spanOf(quotes.get(marketName(market)), nowMs) ?? []))
  // Where markets are of several ages, each says its own.
  const isOne = spans.size < 2
  return {
    columns: columnsOf(isOne ? ([...spans][0] ?? '24 h') : 'Change'),
    rows: markets.map(market => rowOf(market, quotes.get(marketName(market)), nowMs, look, !isOne)),
    unit: 'market',
    empty: emptyText(
      seen,
      seen.markets !== undefined,
      'No markets yet: a market is here as soon as its first trades have become candles.',
      'Asking which markets there are…',
    ),
  }
}

const NONE: Cell = { text: '' }
const spanOf = (quote: Quote | undefined, nowMs: number) => quote && changeSpan(quote, nowMs)

function rowOf(market: MarketRow, quote: Quote | undefined, nowMs: number, look: Look, saysSpan: boolean): Row {
  const name = marketName(market)
  const head = [{ text: harmless(name, look) }]
  const unit = { text: harmless(market.quote, look), tone: 'dim' } as const
  const words = `${name} ${market.base} ${market.quote}`
  if (!quote) return { cells: [...head, { text: 'no price yet' }, unit, NONE, NONE, NONE], words, opens: name }
  const age = Math.max(0, nowMs - Date.parse(quote.time))
  const hour = lastHour(quote, nowMs)
  return {
    cells: [
      ...head,
      priceCell(quote, look),
      unit,
      changeCell(quote, nowMs, saysSpan),
      { text: hour.some(price => price !== null) ? sparkText(hour, SPARK, look) : '', order: 0 },
      { text: ageText(Math.floor(age / 1000) * 1000), tone: age > STALE_MS ? 'late' : 'dim', order: age },
    ],
    words,
    opens: name,
  }
}

const toneOf = (direction: number): Tone => (direction > 0 ? 'up' : direction < 0 ? 'down' : 'plain')

/** The price is whole, and has a sign behind it that shows which way it went. */
function priceCell(quote: Quote, look: Look): Cell {
  const { up, down } = signsOf(look)
  const sign = quote.direction > 0 ? up : quote.direction < 0 ? down : ' '
  return {
    text: `${readable(quote.price, digitsOf(quote))} ${sign}`,
    tone: toneOf(quote.direction),
    order: { decimal: quote.price },
  }
}

function changeCell(quote: Quote, nowMs: number, saysSpan: boolean): Cell {
  const day = dayBefore(quote, nowMs)
  const change = day && percentChange(day.price, quote.price)
  if (change === undefined) return NONE
  const plain = change.replaceAll(',', '').replace('+', '')
  const span = saysSpan ? ` in ${spanOf(quote, nowMs)}` : ''
  return { text: `${change} %${span}`, tone: toneOf(Number(plain)), order: { decimal: plain } }
}
