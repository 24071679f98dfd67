/** Bars of a chart. Source: TradingView "UDF", "Bars". */
import type { Candle } from '../../domain/candles.ts'
import { PRICE_SCALE, QUANTITY_SCALE, trimmedDecimal } from '../../domain/decimal.ts'
import { lastCandles, type ReadAt } from '../market/market-candles.ts'
import { problem } from '../market/problems.ts'
import { windowsOf } from './resolutions.ts'
import { marketNamed } from './symbols.ts'

const SECOND = 1_000_000n
/** Bars of one answer. */
const MOST_BARS = 20_000

/**
 * The bars from `from` on and before `to`, or so many before `to` as `countback` says, as JSON: numbers are written with all their
 * digits. Where there are none, the time of the last bar before them: without it a chart asks for ever.
 * @throws Problem; Corrupt
 */
export async function historyText(at: ReadAt, query: URLSearchParams): Promise<string> {
  const resolution = query.get('resolution') ?? ''
  const windows = windowsOf(resolution)
  if (!windows) throw problem(400, `resolution is ${resolution}: give minutes as 5, or 1D, 1W, 1M.`, 'resolution')
  const [from, to, countback] = ['from', 'to', 'countback'].map(name => wholeNumber(query, name))
  const market = await marketNamed(at, query.get('symbol') ?? undefined)
  const span = {
    ...{ windows, fill: 'none' as const, to: to === undefined ? at.now + 1n : BigInt(to) * SECOND },
    from: countback === undefined ? BigInt(from ?? 0) * SECOND : 0n,
  }
  const rows = await lastCandles(at, market, span, Math.min(countback ?? MOST_BARS, MOST_BARS))
  if (rows.length === 0) {
    const [before] = await lastCandles(at, market, { ...span, from: 0n }, 1)
    return JSON.stringify({ s: 'no_data', ...(before && { nextTime: Number(before.windowStart / SECOND) }) })
  }
  const candles = rows.flatMap(({ candle }) => candle ?? [])
  const list = (name: string, value: (candle: Candle) => string) => `"${name}":[${candles.map(value).join(',')}]`
  const price = (units: bigint) => trimmedDecimal(units, PRICE_SCALE)
  const lists = [
    list('t', ({ windowStart }) => String(windowStart / SECOND)),
    list('o', ({ open }) => price(open)),
    list('h', ({ high }) => price(high)),
    list('l', ({ low }) => price(low)),
    list('c', ({ close }) => price(close)),
    list('v', ({ volume }) => trimmedDecimal(volume, QUANTITY_SCALE)),
  ]
  return `{"s":"ok",${lists.join(',')}}`
}

/** Charts may send a time before 1970. */
function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d{1,11}$/.test(text))
    throw problem(
      400,
      `${name} is ${text}: give ${name === 'countback' ? 'a number of bars' : 'seconds since 1970'}.`,
      name,
    )
  const least = name === 'countback' ? 1 : 0
  return Math.max(Number(text), least)
}
