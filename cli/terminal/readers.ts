/** What only one view shows: asked of the API while somebody looks at it. */
import { type CorrectionsAnswer, isNews } from '../../figures/corrections.ts'
import { faultCounts, ONE_BUCKET } from '../../figures/faults.ts'
import { askMarketFigures } from '../../figures/market-figures.ts'
import type {
  AuditAnswer,
  DeadLetterCount,
  DeadLetterRow,
  FeedsAnswer,
  OutageRow,
  TableRow,
} from '../../figures/operator-rows.ts'
import { MINUTE } from '../../figures/quotes.ts'
import type { Parameters, RowsPage } from '../../figures/requests.ts'
import { type CandleRow, type CorrectionRow, type MarketRow, marketName } from '../../figures/rows.ts'
import { timeframeNamed } from '../../figures/times.ts'
import { type AskApi, askFor, askRows } from './requests.ts'
import type { CoverageHour, Seen } from './seen.ts'

interface Asking {
  readonly ask: AskApi
  readonly signal: AbortSignal
  readonly nowMs: number
}

/** `what`: what is looked at, as text; what it is differs by the view. @throws where there is no answer */
export type Reader = (asking: Asking, what: string) => Promise<Partial<Seen>>

const MOST_LETTERS = 200
const DAY_MINUTES = 1_440

export const readCoverage: Reader = async ({ ask, signal }) => ({
  coverage: await askRows<CoverageHour>(ask, 'coverage', { bucket: '1h' }, signal),
})

export interface WantedCandles {
  readonly market: string
  readonly timeframe: string
  readonly until?: number | undefined
}

/** The market's newest candles up to a time, of a day where they are of minutes, also for windows without trades. `wanted`: JSON. */
export const readCandles: Reader = async ({ ask, signal }, wanted) => {
  const { market, timeframe, until } = JSON.parse(wanted) as WantedCandles
  const [exchanges, symbols] = market.split(':')
  const length = timeframeNamed(timeframe)?.ms ?? MINUTE
  const end = until === undefined ? undefined : new Date((Math.floor(until / length) + 1) * length).toISOString()
  const asked = { exchanges, symbols, timeframe, fill: 'null', limit: DAY_MINUTES, end }
  const { data } = (await (await askFor(ask, 'candles', asked, signal)).json()) as { readonly data: CandleRow[] }
  // First and last trades that were told when the watching began are old by now.
  const isEmpty = data.every(({ open }) => open === null)
  const known = isEmpty ? await askRows<MarketRow>(ask, 'symbols', { exchanges, symbols }, signal) : []
  return { candles: { market, timeframe, rows: data, traded: known.find(each => marketName(each) === market) } }
}

export const readKept: Reader = async ({ ask, signal }) => {
  const [tables, answer] = await Promise.all([
    askRows<TableRow>(ask, 'tables', {}, signal),
    askFor(ask, 'audit', {}, signal),
  ])
  return { kept: { tables, audit: (await answer.json()) as AuditAnswer } }
}

export const readFigures: Reader = async ({ ask, signal, nowMs }, market) => {
  const [exchanges, symbols] = market.split(':')
  const start = new Date(nowMs - DAY_MINUTES * MINUTE).toISOString()
  const rowsOf = async (route: string, parameters: Parameters) =>
    ((await (await askFor(ask, route, parameters, signal)).json()) as RowsPage<unknown>).data
  const [told, corrections] = await Promise.all([
    askMarketFigures(rowsOf, { exchanges, symbols }, nowMs),
    rowsOf('corrections', { exchanges, symbols, start }),
  ])
  const late = (corrections as readonly CorrectionRow[]).filter(isNews)
  return { figures: { market, told, corrected: new Set(late.map(row => row.start)) } }
}

export const readCorrections: Reader = async ({ ask, signal, nowMs }) => {
  const sinceMs = nowMs - DAY_MINUTES * MINUTE
  const answer = await askFor(ask, 'corrections', { start: new Date(sinceMs).toISOString() }, signal)
  return { corrections: { sinceMs, found: (await answer.json()) as CorrectionsAnswer } }
}

/** `time`: milliseconds since 1970. */
export const readRefused: Reader = async ({ ask, signal }, time) => {
  const asked = { start: new Date(Number(time)).toISOString(), bucket: ONE_BUCKET }
  const counts = await askRows<DeadLetterCount>(ask, 'dead-letters/counts', asked, signal)
  return { refused: { sinceMs: Number(time), counts: faultCounts(counts) } }
}

export interface WantedLetters {
  readonly kind: string
  readonly since?: number | undefined
}

/** The newest records that were refused for one reason: of the last day, or since a time. `wanted`: JSON. */
export const readLetters: Reader = async ({ ask, signal }, wanted) => {
  const { kind, since } = JSON.parse(wanted) as WantedLetters
  const [exchanges, error_type] = kind.split(' ')
  const start = since === undefined ? undefined : new Date(since).toISOString()
  const asked = { exchanges, error_type, start, limit: MOST_LETTERS }
  const { data } = (await (await askFor(ask, 'dead-letters', asked, signal)).json()) as {
    readonly data: readonly DeadLetterRow[]
  }
  return { letters: { kind, sinceMs: since, rows: data } }
}

export const readEnds: Reader = async ({ ask, signal }) => {
  const { here, feeds } = (await (await askFor(ask, 'feeds', {}, signal)).json()) as FeedsAnswer
  const outages = await askRows<OutageRow>(ask, 'outages', {}, signal)
  return { ends: { feeds: here ? feeds : undefined, outages } }
}
