/** Candles as an SVG: without scripts, in the light or dark of who looks, with gaps as gaps. Pure. */
import { readable } from '../../figures/decimals.ts'
import { count } from '../../figures/pipeline.ts'
import type { CandleRow } from '../../figures/rows.ts'
import { digitsIn, isTraded, type Plotted, type Scale, scaleOf, spansDays, type Traded, timeText } from './scale.ts'

const [WIDTH, HEIGHT] = [960, 480]
/** Room around the candles. */
const [TOP, RIGHT, BOTTOM, LEFT] = [56, 144, 40, 16]
const INNER = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM }
const TIMES = 6

const STYLE = `svg{font:13px system-ui,sans-serif;background:#fff}text{fill:#24292f}.dim{fill:#57606a}.title{font-weight:600;font-size:16px}
.rule{stroke:#d0d7de}.up{stroke:#1a7f37;fill:#fff}.down{stroke:#cf222e;fill:#cf222e}.gap{fill:#cf222e;fill-opacity:.12}.last{stroke:#57606a;stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}.dim{fill:#8b949e}.rule{stroke:#30363d}.up{stroke:#3fb950;fill:#0d1117}.down{stroke:#f85149;fill:#f85149}.gap{fill:#f85149;fill-opacity:.2}.last{stroke:#8b949e}}`

export function svgPlot({ market, timeframe, candles }: Plotted): string {
  const scale = scaleOf(candles)
  const last = candles.findLast(isTraded)
  const name = escaped(`${market} ${timeframe}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Candles of ${name}">`,
    `<style>${STYLE}</style>`,
    `<text x="${LEFT}" y="24" class="title">${name}</text>`,
    ...(scale && last ? bodyOf(candles, scale, last) : [words(LEFT, HEIGHT / 2, 'No trade in these windows.')]),
    '</svg>',
    '',
  ].join('\n')
}

function* bodyOf(candles: readonly CandleRow[], scale: Scale, last: Traded): Generator<string> {
  const digits = digitsIn(candles)
  const step = INNER.width / candles.length
  const right = LEFT + INNER.width
  const x = (place: number) => LEFT + (place + 0.5) * step
  const y = (price: string) => TOP + scale.place(price) * INNER.height
  yield words(LEFT, 44, figuresOf(candles, last, digits), 'dim')
  for (const [place, { status, start }] of candles.entries())
    if (status === 'gap')
      yield `<rect class="gap" x="${f(x(place) - step / 2)}" y="${TOP}" width="${f(step)}" height="${INNER.height}"><title>${start}: trades are missing, or may be</title></rect>`
  for (const price of new Set([scale.high, scale.low])) {
    yield level('rule', y(price), right)
    if (Math.abs(y(price) - y(last.close)) >= LINE) yield words(right + 8, y(price) + 4, readable(price, digits), 'dim')
  }
  for (const [place, candle] of candles.entries()) if (isTraded(candle)) yield candleOf(candle, x(place), y, step)
  yield level('last', y(last.close), right)
  yield words(right + 8, y(last.close) + 4, readable(last.close, digits))
  const isOfDays = spansDays(candles)
  const every = Math.max(1, Math.ceil(candles.length / TIMES))
  for (let place = 0; place < candles.length; place += every)
    yield words(x(place) - step / 2, TOP + INNER.height + 20, timeText(candles[place].start, isOfDays), 'dim')
}

/** What two labels need below each other. */
const LINE = 14
const LEAST_BODY = 1

function candleOf(
  { start, open, high, low, close }: Traded,
  x: number,
  y: (price: string) => number,
  step: number,
): string {
  const isRising = Number(close) >= Number(open)
  const [top, bottom] = isRising ? [y(close), y(open)] : [y(open), y(close)]
  const width = Math.max(1, step * 0.7)
  return (
    `<g class="${isRising ? 'up' : 'down'}"><title>${start} O ${open} H ${high} L ${low} C ${close}</title>` +
    `<path d="M${f(x)} ${f(y(high))}V${f(top)}M${f(x)} ${f(bottom)}V${f(y(low))}"/>` +
    `<rect x="${f(x - width / 2)}" y="${f(top)}" width="${f(width)}" height="${f(Math.max(LEAST_BODY, bottom - top))}"/></g>`
  )
}

function figuresOf(candles: readonly CandleRow[], last: Traded, digits: number): string {
  const { start, open, high, low, close, volume, trades, status } = last
  const price = (value: string) => readable(value, digits)
  const gaps = candles.filter(each => each.status === 'gap').length
  return [
    `${start.slice(0, 16).replace('T', ' ')} UTC, ${status}`,
    `O ${price(open)} H ${price(high)} L ${price(low)} C ${price(close)}`,
    `volume ${readable(volume ?? '0')}`,
    count(trades ?? 0, 'trade'),
    ...(gaps > 0 ? [`trades are missing, or may be, in ${count(gaps, 'window')}`] : []),
  ].join(' · ')
}

/** A place on the picture: a tenth of a pixel is exact enough. */
const f = (place: number): string => String(Math.round(place * 10) / 10)

const level = (kind: string, y: number, right: number): string =>
  `<line class="${kind}" x1="${LEFT}" x2="${right}" y1="${f(y)}" y2="${f(y)}"/>`

const words = (x: number, y: number, text: string, kind?: string): string =>
  `<text x="${f(x)}" y="${f(y)}"${kind ? ` class="${kind}"` : ''}>${escaped(text)}</text>`

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
