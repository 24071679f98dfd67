/** Candles of one or a few markets as a picture on standard output: in letters, as an SVG or a PNG. */
import { BadInput } from '../../domain/errors.ts'
import { type CandleRow, marketName } from '../../figures/rows.ts'
import type { Ask } from '../ask.ts'
import { lineText } from '../terminal/paint.ts'
import { processLook } from '../terminal/process.ts'
import { type Line, plainText } from '../terminal/text.ts'
import { pngOf } from './png-plot.ts'
import type { Plotted } from './scale.ts'
import { svgPlot } from './svg-plot.ts'
import { textPlot, windowsFor } from './text-plot.ts'

const SIZE = { columns: 80, rows: 24 }
const MOST_ROWS = 30
const MOST_MARKETS = 4
const MOST_CANDLES = 50_000
const SVG_WINDOWS = 120

/** `query`: of /v1/candles, as the options gave it. @throws BadInput */
export async function printPlot(ask: Ask, query: string, kind: 'text' | 'svg' | 'png'): Promise<void> {
  const { columns = SIZE.columns, rows = SIZE.rows } = process.stdout
  const plots = await plotsOf(ask, query, kind !== 'text' ? SVG_WINDOWS : windowsFor(columns))
  if (kind !== 'text') {
    if (plots.length > 1)
      throw new BadInput(`A picture is of one market, and these are ${namesOf(plots)}: choose with --exchanges.`)
    const svg = svgPlot(plots[0])
    if (kind === 'png' && process.stdout.isTTY)
      throw new BadInput('A PNG cannot be printed to a terminal: add > FILE.png, or give --plot.')
    process.stdout.write(kind === 'svg' ? svg : await pngOf(svg))
    return
  }
  const look = processLook()
  const size = { columns, rows: Math.min(MOST_ROWS, rows - 1) }
  const textOf = process.stdout.isTTY ? (line: Line) => lineText(line, look) : plainText
  for (const plot of plots) for (const line of textPlot(plot, size, look)) console.log(textOf(line))
}

const namesOf = (plots: readonly Plotted[]) => plots.map(({ market }) => market).join(', ')

async function plotsOf(ask: Ask, query: string, windows: number): Promise<Plotted[]> {
  const asked = new URLSearchParams(query)
  const timeframe = asked.get('timeframe') ?? '1m'
  if (timeframe.includes(','))
    throw new BadInput(`A picture is of one timeframe, and these are ${timeframe}: give one.`)
  if (asked.get('limit') === 'all' || asked.has('fill') || asked.has('numbers'))
    throw new BadInput('A picture takes no --limit all, no --fill and no --numbers.')
  // What has no trade has its place all the same.
  asked.set('fill', 'null')
  asked.set('format', 'json')
  if (!asked.has('limit') && !asked.has('start')) asked.set('limit', String(windows))
  const candles: CandleRow[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    if (cursor !== '') asked.set('cursor', cursor)
    const answer = (await (await ask(`candles?${asked}`)).json()) as { data: CandleRow[]; next: string | null }
    candles.push(...answer.data)
    cursor = answer.next
    if (candles.length > MOST_CANDLES)
      throw new BadInput(`These are more than ${MOST_CANDLES} candles: give a longer --timeframe or a shorter range.`)
  }
  const byMarket = [...Map.groupBy(candles, marketName)]
  if (byMarket.length === 0) throw new BadInput('There is no candle in this range.')
  if (byMarket.length > MOST_MARKETS)
    throw new BadInput(
      `These are ${byMarket.length} markets, and ${MOST_MARKETS} at most are drawn: name a symbol, as in tradelake candles BTCUSDT --plot.`,
    )
  return byMarket.map(([market, some]) => ({ market, timeframe, candles: some }))
}
