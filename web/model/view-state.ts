/** What the page shows, as the part of its address behind `#`: the link that brings it back. */
import { HEAT_RANGES, parseInstant, RANGES, TIMEFRAMES, timeframeNamed } from '../../figures/times.ts'

/** The part of time that the chart shows, milliseconds: the last so many, or between two instants since 1970. */
export type Span = { readonly last: number } | { readonly from: number; readonly to: number }

export interface ChartState {
  /** `BINANCE:BTCUSDT`; undefined until there is one. */
  readonly market: string | undefined
  /** Markets that are laid over it. */
  readonly over: readonly string[]
  readonly timeframe: string
  readonly span: Span
  /** Whether the line of the average price since midnight is drawn. */
  readonly vwap: boolean
  /** A pin's name, a snapshot's number or a time; undefined for now. */
  readonly asOf: string | undefined
}

/** The views, in no order: `shell/app.tsx` says in which they stand. */
const VIEWS = [
  'chart',
  'markets',
  'trades',
  'pipeline',
  'coverage',
  'refused',
  'corrections',
  'tables',
  'sql',
  'connections',
  'audit',
] as const
export type ViewName = (typeof VIEWS)[number]

export interface ViewState {
  readonly view: ViewName
  /** What the address named in a view's place, where there is no such view. */
  readonly unknown: string | undefined
  readonly chart: ChartState
  /** The base asset or market whose trades are listed; undefined for all. */
  readonly tape: string | undefined
  /** How far back coverage looks, by its name. */
  readonly coverage: string
  /** How far back refused records are looked at, and what was wrong with those that are shown; undefined for anything. */
  readonly refused: {
    readonly range: string
    /** From when on, milliseconds since 1970, in the range's place; undefined for the range. */
    readonly sinceMs: number | undefined
    readonly errorType: string | undefined
  }
  /** How far back changed candles are looked for, by its name. */
  readonly corrections: string
  /** The query that was run last. */
  readonly sql: string | undefined
}

const SIX_HOURS = 6 * 3_600_000

export const INITIAL: ViewState = {
  view: 'chart',
  unknown: undefined,
  chart: { market: undefined, over: [], timeframe: '1m', span: { last: SIX_HOURS }, vwap: true, asOf: undefined },
  tape: undefined,
  coverage: HEAT_RANGES[0].name,
  refused: { range: '1d', sinceMs: undefined, errorType: undefined },
  corrections: '1d',
  sql: undefined,
}

/** Longer texts are no names. */
const LONGEST_NAME = 60

/** How long a part of time is, milliseconds. */
export const lengthOf = (span: Span): number => ('last' in span ? span.last : span.to - span.from)

/** A part of time that is not longer than so many milliseconds; its end stays. */
export function spanWithin(span: Span, most: number): Span {
  if (lengthOf(span) <= most) return span
  return 'last' in span ? { last: most } : { from: span.to - most, to: span.to }
}

/** Every text is read: what it says wrong, or not at all, is as at first; but a view that there is not is said to be none. */
export function stateIn(hash: string): ViewState {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const read = new URLSearchParams(query)
  // A name that no market has stays: it is said that there is none.
  const market = (name: string | null) => name?.trim().slice(0, LONGEST_NAME).toUpperCase() || undefined
  const over = (read.get('over') ?? '').split(',').flatMap(name => market(name) ?? [])
  const chosen = market(read.get('market'))
  return {
    view: VIEWS.find(name => name === path) ?? INITIAL.view,
    unknown: path === '' || VIEWS.some(name => name === path) ? undefined : path,
    chart: {
      market: chosen,
      over: [...new Set(over)].filter(name => name !== chosen),
      timeframe: timeframeNamed(read.get('tf') ?? '')?.name ?? INITIAL.chart.timeframe,
      span: spanIn(read),
      vwap: read.get('vwap') !== '0',
      asOf: read.get('as_of') || undefined,
    },
    tape: read.get('tape') || undefined,
    coverage: HEAT_RANGES.find(({ name }) => name === read.get('hours'))?.name ?? INITIAL.coverage,
    refused: {
      range: RANGES.find(({ name }) => name === read.get('since'))?.name ?? INITIAL.refused.range,
      sinceMs: parseInstant(read.get('since') ?? '', 0),
      errorType: read.get('error') || undefined,
    },
    corrections: RANGES.find(({ name }) => name === read.get('changed'))?.name ?? INITIAL.corrections,
    sql: read.get('query') || undefined,
  }
}

function spanIn(read: URLSearchParams): Span {
  const [from, to] = [read.get('from'), read.get('to')].map(text => parseInstant(text ?? '', 0))
  if (from !== undefined && to !== undefined && from < to) return { from, to }
  const seconds = Number(read.get('last'))
  return seconds > 0 && Number.isFinite(seconds) ? { last: Math.round(seconds) * 1000 } : INITIAL.chart.span
}

/** The other way round; what is as at first is left out. */
export function hashOf({ view, chart, tape, coverage, refused, corrections, sql }: ViewState): string {
  const parts: string[] = []
  const add = (name: string, value: string) =>
    parts.push(`${name}=${encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2C', ',')}`)
  if (chart.market !== undefined) add('market', chart.market)
  if (chart.over.length > 0) add('over', chart.over.join(','))
  if (chart.timeframe !== TIMEFRAMES[0].name) add('tf', chart.timeframe)
  if ('from' in chart.span) {
    add('from', new Date(chart.span.from).toISOString())
    add('to', new Date(chart.span.to).toISOString())
  } else if (chart.span.last !== SIX_HOURS) add('last', String(Math.round(chart.span.last / 1000)))
  if (!chart.vwap) add('vwap', '0')
  if (chart.asOf !== undefined) add('as_of', chart.asOf)
  if (tape !== undefined) add('tape', tape)
  if (coverage !== INITIAL.coverage) add('hours', coverage)
  if (refused.sinceMs !== undefined) add('since', new Date(refused.sinceMs).toISOString())
  else if (refused.range !== INITIAL.refused.range) add('since', refused.range)
  if (refused.errorType !== undefined) add('error', refused.errorType)
  if (corrections !== INITIAL.corrections) add('changed', corrections)
  // A long query would make every view's address long.
  if (view === 'sql' && sql !== undefined) add('query', sql)
  return `#/${view}${parts.length > 0 ? `?${parts.join('&')}` : ''}`
}
