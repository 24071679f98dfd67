/** What tardis-machine's clients ask with: the parameter `options`, one object or several as JSON. Source: tardis-machine's "Replaying Historical Data". */
import * as z from 'zod/mini'
import { marketKey } from '../../domain/candles.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { assetsOf, krakenName, symbolOf } from '../../domain/pairs.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { parametersOf } from '../market/parameters.ts'
import { problem } from '../market/problems.ts'

/** Bars of a length, by the name that they were asked for with. */
export interface Bars {
  readonly name: string
  readonly milliseconds: number
  readonly windows: Windows
}

export interface Wanted {
  /** The exchange's code, and what tardis calls it. */
  readonly exchange: string
  readonly name: string
  /** Symbols as the tables have them, to how the client writes them; undefined: all. */
  readonly symbols: ReadonlyMap<string, string> | undefined
  readonly isTrades: boolean
  readonly bars: readonly Bars[]
  readonly isDisconnects: boolean
}

export interface Range {
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
}

const OPTION = z.object({
  exchange: z.string(),
  symbols: z.optional(z.nullable(z.array(z.string()).check(z.maxLength(500)))),
  dataTypes: z.array(z.string()).check(z.minLength(1), z.maxLength(50)),
  from: z.optional(z.string()),
  to: z.optional(z.string()),
  withDisconnectMessages: z.optional(z.nullable(z.boolean())),
})
type Option = z.infer<typeof OPTION>

/** @throws Problem 400 */
export function optionsIn(query: URLSearchParams): {
  readonly wanted: readonly Wanted[]
  readonly options: readonly Option[]
} {
  const text = query.get('options')
  if (text === null)
    throw problem(
      400,
      'options is missing: give {"exchange":…,"symbols":[…],"dataTypes":["trade"]} as JSON.',
      'options',
    )
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw problem(400, 'options is not JSON.', 'options')
  }
  const options = [given].flat().map((each, place) => {
    const { data, error } = z.safeParse(OPTION, each)
    if (data) return data
    const { path, message } = error.issues[0]
    throw problem(400, `options has ${path.join('.') || `at ${place}`} wrong: ${message}.`, 'options')
  })
  if (options.length === 0 || options.length > 50) throw problem(400, 'options has to hold 1 to 50 of them.', 'options')
  return { wanted: options.map(wantedOf), options }
}

/** The one range of a replay. @throws Problem 400 */
export function rangeOf(options: readonly Option[]): Range {
  const ranges = options.map(({ from, to }) => {
    const read = parametersOf(new URLSearchParams({ ...(from && { from }), ...(to && { to }) }), ['from', 'to'])
    const [begin, end] = [read.time('from'), read.time('to')]
    if (begin === undefined || end === undefined)
      throw problem(400, 'options lacks from or to: give both, as 2026-11-20T10:00:00Z.', 'options')
    if (begin >= end) throw problem(400, 'options has a from that is not before its to.', 'options')
    return { from: begin, to: end }
  })
  const [first] = ranges
  if (ranges.some(({ from, to }) => from !== first.from || to !== first.to))
    throw problem(
      400,
      'options has several ranges: ask for each by itself, or give all the same from and to.',
      'options',
    )
  return first
}

function wantedOf({ exchange: name, symbols, dataTypes, withDisconnectMessages }: Option): Wanted {
  const exchange = EXCHANGES.find(each => each.name === name)
  if (!exchange)
    throw problem(400, `There is no exchange ${name} here: ${EXCHANGES.map(each => each.name).join(', ')}.`, 'options')
  return {
    ...{ exchange: exchange.code, name },
    symbols: symbols?.length ? new Map(symbols.map(symbol => [symbolOf(symbol), symbol.toUpperCase()])) : undefined,
    isTrades: dataTypes.includes('trade'),
    bars: dataTypes.flatMap(type => (type === 'trade' ? [] : [barsOf(type)])),
    isDisconnects: withDisconnectMessages === true,
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const MINUTE_MS = 60_000

/** @throws Problem 400 where they are no bars that candles add up to */
function barsOf(name: string): Bars {
  const [, number, unit] = /^trade_bar_([1-9]\d{0,11})(ms|s|m|h)$/.exec(name) ?? []
  const milliseconds = Number(number) * UNITS[unit]
  const windows = milliseconds % MINUTE_MS === 0 ? parseWindows(`${milliseconds / MINUTE_MS}m`) : undefined
  if (windows) return { name, milliseconds, windows }
  throw problem(
    400,
    `dataTypes has ${name}: there are trade, and trade_bar_… of whole minutes, as trade_bar_1m or trade_bar_60s. There is no order book, and no bar by ticks, volume or seconds.`,
    'options',
  )
}

/** A symbol as tardis writes it, where the client did not name it. */
export function tardisSymbol(exchange: string, symbol: string): string {
  const { base, quote } = assetsOf(symbol)
  if (quote === 'UNKNOWN' || exchange === 'BINANCE') return symbol
  return exchange === 'KRAKEN' ? `${krakenName(base)}/${krakenName(quote)}` : `${base}-${quote}`
}

/** Whether an option asks for a market, by `marketKey`. */
export function asksFor({ exchange, symbols }: Wanted, market: string): boolean {
  return symbols === undefined
    ? market.startsWith(marketKey(exchange, ''))
    : [...symbols.keys()].some(symbol => marketKey(exchange, symbol) === market)
}
