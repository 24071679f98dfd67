/** One market: its last candles drawn, and all of the last day by the minute, the newest first. */
import { compareDecimals, glanced, readable } from '../../../figures/decimals.ts'
import { figureTexts, takerShare } from '../../../figures/market-figures.ts'
import { noTradeText, spreadOf, spreadText } from '../../../figures/markets.ts'
import { dayTurnover, largestMove, type Quote } from '../../../figures/quotes.ts'
import { type CandleRow, type MarketRow, marketName } from '../../../figures/rows.ts'
import { instantText } from '../../../figures/times.ts'
import { digitsIn, isTraded } from '../../plot/scale.ts'
import { textPlot, windowsFor } from '../../plot/text-plot.ts'
import type { Seen } from '../seen.ts'
import type { Cell, Column, Table } from '../table.ts'
import { harmless, inLetters, type Line, type Look, plain, type Size, wrap } from '../text.ts'
import { unknownText } from './empty.ts'
import { countCell } from './pipeline.ts'

const READING = 'Reading its candles…'
const [MOST_ROWS, LEAST_ROWS] = [14, 8]

/** Its name, and below it its candles, in so many lines that the figures too fit into those that there are. */
export function chartLines(
  seen: Seen,
  market: string,
  { columns, rows }: Size,
  look: Look,
): readonly [Line, ...(readonly Line[])] {
  const { candles } = seen
  if (candles?.market !== market)
    return [[{ text: harmless(market, look), tone: 'bold' }], [plain(inLetters(unknownText(seen, READING), look))]]
  const shown = candles.rows.slice(-windowsFor(columns))
  const { timeframe } = candles
  const plotOf = (most: number) => textPlot({ market, timeframe, candles: shown }, { columns, rows: most }, look)
  let most = MOST_ROWS
  while (most > LEAST_ROWS && plotOf(most).length > rows) most--
  const [name, ...lines] = plotOf(most)
  return [name, ...lines]
}

const COLUMNS: readonly Column[] = [
  { title: 'Window (UTC)', side: 'left' },
  { title: 'Open', side: 'right', importance: 4 },
  { title: 'High', side: 'right', importance: 3 },
  { title: 'Low', side: 'right', importance: 2 },
  { title: 'Close', side: 'right' },
  { title: 'Volume', side: 'right', importance: 1 },
  { title: 'Trades', side: 'right', importance: 0 },
  { title: 'What it is', side: 'left', importance: 5 },
  { title: 'Taker buy', side: 'right', importance: -1 },
]

/** What is said of the market besides its candles: averages, its largest trade, and what its asset costs elsewhere. */
export function figureLines(seen: Seen, market: string, width: number, look: Look): Line[] {
  const { figures, markets = [], quotes, nowMs } = seen
  const row = markets.find(each => marketName(each) === market)
  if (!row) return []
  const told =
    figures?.market === market
      ? figureTexts(row, figures.told)
      : [inLetters(unknownText(seen, 'Reading its averages and largest trade…'), look)]
  const spread = spreadOf(
    markets.filter(({ base }) => base === row.base),
    each => quotes.get(marketName(each))?.price,
  )
  const quote = quotes.get(market)
  const texts = [
    ...told,
    ...(quote ? [dayText(quote, row.quote, nowMs)] : []),
    ...(spread ? [spreadText(row.base, spread)] : []),
  ]
  return texts.flatMap(text => wrap(harmless(text, look), width, FIGURE_ROWS, look).map(line => [plain(line)]))
}

const FIGURE_ROWS = 3

function dayText(quote: Quote, currency: string, nowMs: number): string {
  const move = largestMove(quote)
  const moved = move === undefined ? '' : `, largest 1m move of the last hour ${move} %`
  return `Turnover 24 h ${glanced(dayTurnover(quote, nowMs))} ${currency}${moved}`
}

/** What there is where there is nothing. */
function untradedText(market: MarketRow | undefined): string {
  if (!market) return 'No trade of it here.'
  return `${noTradeText([market])} J jumps to a time.`
}

function shareCell(candle: CandleRow): Cell {
  const share = takerShare(candle)
  return share === undefined ? { text: '' } : { text: `${share} %`, order: { decimal: share } }
}

export function candlesTable(seen: Seen, market: string): Table {
  const { candles, figures } = seen
  // What was corrected is known by the minute.
  const isMinutes = candles?.timeframe === '1m'
  const corrected = isMinutes && figures?.market === market ? figures.corrected : undefined
  const kindOf = ({ start, status }: CandleRow) => {
    if (status === 'gap') return 'a gap'
    return status === 'closed' && corrected?.has(start) ? 'corrected' : status
  }
  const known = candles?.market === market ? candles.rows : []
  const digits = digitsIn(known)
  const price = (text: string | null): Cell =>
    text === null ? { text: '' } : { text: readable(text, digits), order: { decimal: text } }
  return {
    columns: COLUMNS,
    rows: known
      .filter(candle => isTraded(candle) || candle.status === 'gap')
      .toReversed()
      .map(candle => {
        const { start, open, high, low, close, volume, trades, status } = candle
        const direction = open !== null && close !== null ? compareDecimals(close, open) : 0
        const tone = direction > 0 ? 'up' : direction < 0 ? 'down' : 'plain'
        return {
          cells: [
            { text: instantText(Date.parse(start)).slice(0, 16), order: Date.parse(start) },
            ...[price(open), price(high), price(low), { ...price(close), tone } as const],
            volume === null ? { text: '' } : { text: readable(volume), order: { decimal: volume } },
            trades === null ? { text: '' } : countCell(trades),
            { text: kindOf(candle), tone: status === 'gap' ? 'bad' : 'dim' },
            shareCell(candle),
          ],
        }
      }),
    unit: 'window',
    empty: candles?.market === market ? untradedText(candles.traded) : unknownText(seen, READING),
  }
}
