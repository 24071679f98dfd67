/** Candles in letters, for a terminal: half a line exact, with gaps as gaps, and with the last figures in full. Pure. */
import { readable } from '../../figures/decimals.ts'
import { count } from '../../figures/pipeline.ts'
import type { CandleRow } from '../../figures/rows.ts'
import {
  cut,
  dim,
  harmless,
  type Line,
  type Look,
  type Piece,
  pad,
  plain,
  type Size,
  widthOf,
} from '../terminal/text.ts'
import { digitsIn, isTraded, type Plotted, type Scale, scaleOf, spansDays, type Traded, timeText } from './scale.ts'

interface Signs {
  /** By what is in the upper and lower half of a cell: 0 nothing, 1 the wick, 2 the body; [upper][lower]. */
  readonly rising: readonly (readonly string[])[]
  readonly falling: readonly (readonly string[])[]
  readonly axis: string
  readonly gap: string
  readonly pointer: string
}

const UNICODE: Signs = {
  rising: [
    [' ', '╷', '╻'],
    ['╵', '│', '╽'],
    ['╹', '╿', '┃'],
  ],
  falling: [
    [' ', '╷', '▄'],
    ['╵', '│', '▄'],
    ['▀', '▀', '█'],
  ],
  ...{ axis: '─', gap: '×', pointer: '◂' },
}
const ASCII: Signs = {
  rising: [
    [' ', '|', '+'],
    ['|', '|', '+'],
    ['+', '+', '+'],
  ],
  falling: [
    [' ', '|', '#'],
    ['|', '|', '#'],
    ['#', '#', '#'],
  ],
  ...{ axis: '-', gap: 'x', pointer: '<' },
}

/** How many windows a plot of this width has room for, with a column between them. */
export const windowsFor = (width: number): number => Math.max(1, Math.floor((width - LABELS) / 2))
/** What prices beside a plot are reckoned to need. */
const LABELS = 14

/** `size`: columns and lines that it may take in all; figures of a narrow one may need some lines more. */
export function textPlot({ market, timeframe, candles }: Plotted, size: Size, look: Look): Line[] {
  const all = scaleOf(candles)
  const title: Line = [{ text: harmless(market, look), tone: 'bold' }, plain(` ${timeframe}`)]
  if (!all) return [title, [dim('No trade in these windows.')]]
  const signs = look.unicode ? UNICODE : ASCII
  const digits = digitsIn(candles)
  const side = Math.max(...[all.high, all.low].map(price => widthOf(readable(price, digits)))) + GAP
  const room = size.columns - side
  if (room < 1) return [title, [dim(cut(`${side + 1} columns are needed for this.`, size.columns, look))]]
  const shown = candles.slice(-room)
  const scale = scaleOf(shown)
  const last = shown.findLast(isTraded)
  if (!scale || !last) return [title, [dim('No trade in these windows.')]]
  const step = shown.length * 2 <= room ? 2 : 1
  const rows = Math.max(3, size.rows - OTHER_LINES)
  const lastRow = Math.min(rows - 1, Math.floor(scale.place(last.close) * rows))
  // The last price has its place, also where the highest or the lowest would stand.
  const labels = new Map([
    [0, scale.high],
    [rows - 1, scale.low],
    [lastRow, last.close],
  ])
  const lines = Array.from({ length: rows }, (_, row): Line => {
    const price = labels.get(row)
    const cells = shown.flatMap((candle): Piece[] => [
      cellOf(candle, scale, row, rows, signs),
      ...(step === 2 ? [plain(' ')] : []),
    ])
    if (price === undefined) return merged(cells)
    const [sign, tone] = row === lastRow ? ([signs.pointer, 'bold'] as const) : ([' ', 'dim'] as const)
    return [...merged(cells), { text: ` ${sign} ${pad(readable(price, digits), side - GAP, 'right')}`, tone }]
  })
  return [
    title,
    ...lines,
    axisOf(shown, step, signs),
    [dim(timesOf(shown, step, size.columns))],
    ...figuresOf(last, candles, shown, digits, size.columns, signs),
  ]
}

/** Between the candles and a price, the pointer at the last one among it. */
const GAP = 3

/** The title, the axis, the times, and two lines of figures. */
const OTHER_LINES = 5

/** What of a candle is in one cell. */
function cellOf(candle: CandleRow, scale: Scale, row: number, rows: number, { rising, falling }: Signs): Piece {
  if (!isTraded(candle)) return plain(' ')
  const halves = rows * 2
  const halfOf = (price: string) => Math.min(halves - 1, Math.floor(scale.place(price) * halves))
  const isRising = Number(candle.close) >= Number(candle.open)
  const [top, bottom] = isRising ? [candle.close, candle.open] : [candle.open, candle.close]
  const kind = (half: number) =>
    half >= halfOf(top) && half <= halfOf(bottom)
      ? 2
      : half >= halfOf(candle.high) && half <= halfOf(candle.low)
        ? 1
        : 0
  const text = (isRising ? rising : falling)[kind(row * 2)][kind(row * 2 + 1)]
  return { text, tone: isRising ? 'up' : 'down' }
}

/** Pieces of one tone beside each other as one. */
function merged(pieces: readonly Piece[]): Line {
  const line: Piece[] = []
  for (const piece of pieces) {
    const before = line.at(-1)
    if (before && (before.tone === piece.tone || piece.text === ' '))
      line[line.length - 1] = { ...before, text: before.text + piece.text }
    else line.push(piece)
  }
  return line
}

/** Below each window whether trades of it are missing; there is nothing below one without trades. */
function axisOf(candles: readonly CandleRow[], step: number, { axis, gap }: Signs): Line {
  return merged(
    candles.flatMap((candle): Piece[] => {
      const room = step === 2 ? [plain(isTraded(candle) && candle.status !== 'gap' ? axis : ' ')] : []
      if (candle.status === 'gap') return [{ text: gap, tone: 'bad' }, ...room]
      return [plain(isTraded(candle) ? axis : ' '), ...room]
    }),
  )
}

const BETWEEN_TIMES = 3

/** Times below their windows, from the first on, as many as there is room for; the last one may reach below the prices. */
function timesOf(candles: readonly CandleRow[], step: number, width: number): string {
  const isOfDays = spansDays(candles)
  let text = ''
  for (const [place, { start }] of candles.entries()) {
    const time = timeText(start, isOfDays)
    const at = place * step
    const isFree = text === '' || at >= text.length + BETWEEN_TIMES
    if (isFree && (text === '' || at + time.length <= width)) text = text.padEnd(at) + time
  }
  return text
}

function figuresOf(
  last: Traded,
  all: readonly CandleRow[],
  shown: readonly CandleRow[],
  digits: number,
  width: number,
  { gap }: Signs,
): Line[] {
  const price = (text: string) => readable(text, digits)
  const { open, high, low, close, volume, trades, start, status } = last
  const gaps = shown.filter(each => each.status === 'gap').length
  const quiet = shown.filter(each => !isTraded(each) && each.status !== 'gap').length
  const said = [
    gaps > 0 ? `${gap} trades are missing, or may be, in ${count(gaps, 'window')}` : '',
    quiet > 0 ? `no trade in ${count(quiet, 'window')}` : '',
    shown.length < all.length ? `the last ${shown.length} of ${count(all.length, 'window')}` : '',
  ].filter(Boolean)
  const instant = start.slice(0, 16).replace('T', ' ')
  const figures = [
    `last ${price(close)}`,
    `${instant} ${status}`,
    `O ${price(open)}`,
    `H ${price(high)}`,
    `L ${price(low)}`,
    `volume ${readable(volume ?? '0')}`,
    count(trades ?? 0, 'trade'),
  ]
  return [...folded(figures, width).map(text => [plain(text)]), ...folded(said, width).map(text => [dim(text)])]
}

/** Figures one after the other, on as many lines as they need: none is cut. */
function folded(figures: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const figure of figures) {
    const longer = lines.length > 0 ? `${lines[lines.length - 1]}  ${figure}` : figure
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer
    else lines.push(figure)
  }
  return lines
}
