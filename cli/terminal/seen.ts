/** What the terminal shows, as far as it is known: answers of the API, and what the command itself knows. */
import type { Connection } from '../../figures/connection.ts'
import type { CorrectionsAnswer } from '../../figures/corrections.ts'
import type { FaultCount } from '../../figures/faults.ts'
import type { MarketFigures } from '../../figures/market-figures.ts'
import type { AuditAnswer, DeadLetterRow, FeedRow, OutageRow, TableRow } from '../../figures/operator-rows.ts'
import type { Quote } from '../../figures/quotes.ts'
import type { CandleRow, CoverageRow, MarketRow, StatsParts } from '../../figures/rows.ts'

/** What is shown of a row of `/v1/coverage`. */
export type CoverageHour = Omit<CoverageRow, 'end' | 'first_number' | 'last_number' | 'complete'>

export interface LogLine {
  readonly time: string
  readonly level: string
  readonly message: string
  readonly details: string
}

/** Each list has the newest line first. */
interface SeenLog {
  /** Undefined where there is no log, or it is not read yet. */
  readonly log: readonly LogLine[] | undefined
  /** Lines of the levels WARN and ERROR, also those that are not among the newest of the log any more. */
  readonly warnings: readonly LogLine[]
}

export interface Seen extends SeenLog {
  /** Which lake it is, in words. */
  readonly place: string
  readonly nowMs: number
  readonly connection: Connection
  readonly stats: StatsParts | undefined
  /** An earlier answer: rates are what came between the two. */
  readonly before: StatsParts | undefined
  /** When the answer came, milliseconds since 1970 by this machine's clock. */
  readonly statsMs: number
  /** A lake in which nothing is committed for so long stands still, milliseconds. */
  readonly quietMs: number
  /** Undefined until they are known. */
  readonly markets: readonly MarketRow[] | undefined
  /** By `marketName`. */
  readonly quotes: ReadonlyMap<string, Quote>
  /** How connections ended: by feeds that run in the server's process, undefined elsewhere; and outages of the last day. */
  readonly ends: { readonly feeds: readonly FeedRow[] | undefined; readonly outages: readonly OutageRow[] } | undefined
  readonly coverage: readonly CoverageHour[] | undefined
  /** Windows of the market that is looked into, the oldest first: the last day by the minute, or as many of another length, up to a time. */
  readonly candles:
    | {
        readonly market: string
        readonly timeframe: string
        readonly rows: readonly CandleRow[]
        /** Where none of them has a trade: when the market was traded, asked for at the same time. */
        readonly traded?: MarketRow | undefined
      }
    | undefined
  /** What is said of that market besides, and starts of its candles that changed after they had closed, as `/v1/corrections` tells. */
  readonly figures:
    | { readonly market: string; readonly told: MarketFigures; readonly corrected: ReadonlySet<string> }
    | undefined
  /** Candles that changed after they had closed, of windows that began at `sinceMs` (milliseconds since 1970) or later. */
  readonly corrections: { readonly sinceMs: number; readonly found: CorrectionsAnswer } | undefined
  /** Records that were refused since a time (milliseconds since 1970), by what was wrong, where one is asked for. */
  readonly refused: { readonly sinceMs: number; readonly counts: readonly FaultCount[] } | undefined
  /** The newest records that were refused for the reason that is looked into, the newest first. */
  readonly letters:
    | { readonly kind: string; readonly sinceMs: number | undefined; readonly rows: readonly DeadLetterRow[] }
    | undefined
  /** Files, snapshots and the last audit; undefined until they are known. */
  readonly kept: { readonly tables: readonly TableRow[]; readonly audit: AuditAnswer } | undefined
  /** Whether the place has a log. */
  readonly hasLog: boolean
  /** What a run of its own says: that it drains, what a feed lacks. */
  readonly notes: readonly string[]
  /** What stands at the foot: where the page is. */
  readonly hint: string
}

export function nothingSeen(place: string, nowMs: number, hasLog: boolean, hint = ''): Seen {
  return {
    ...{ place, nowMs, hasLog, connection: { kind: 'connecting' }, statsMs: nowMs, quietMs: Number.POSITIVE_INFINITY },
    ...{
      stats: undefined,
      before: undefined,
      markets: undefined,
      ends: undefined,
      coverage: undefined,
      candles: undefined,
      figures: undefined,
      kept: undefined,
      corrections: undefined,
      refused: undefined,
      letters: undefined,
      log: undefined,
    },
    ...{ quotes: new Map(), warnings: [], notes: [], hint },
  }
}
