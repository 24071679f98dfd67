/** What an audit says, law by law (ARCHITECTURE.md, "The six laws"), and how offending rows are collected. */
import type { QuerySession, SqlRow } from '../../domain/ports.ts'

/** Rows of one kind that break a law: how many, and the first of them. */
export interface Violation {
  /** Completes "3 …", as in `rows of Bronze twice`. */
  readonly what: string
  readonly count: number
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

export interface LawReport {
  /** 1 to 6, as ARCHITECTURE.md numbers them. */
  readonly law: number
  readonly name: string
  readonly holds: boolean
  /** What was looked at, in one sentence. */
  readonly summary: string
  readonly figures: Readonly<Record<string, unknown>>
  /** What a person should know although no law is broken. */
  readonly notes: readonly string[]
  readonly violations: readonly Violation[]
}

/** A loss as `data_losses` has it; times in ISO 8601, null where they are not known. */
export interface LossReport {
  readonly table: string
  readonly partition: string
  readonly file: string
  readonly rows: number
  readonly from: string | null
  readonly to: string | null
  readonly reason: string
  readonly found_at: string
  readonly accepted: boolean
}

/** What the feeds report. */
export interface FeedGapFigures {
  /** Trades that an exchange sent and a feed could not read, and that were not fetched later. */
  readonly unreadable: number
  /** Trades that exchanges numbered and nobody has. */
  readonly lost: number
  /** Trades that are still looked for, and in how many ranges. */
  readonly open: number
  readonly openRanges: number
}

/** What the laws do not cover, as they begin with what reached Kafka. */
export interface FeedsReport {
  readonly gaps: FeedGapFigures
  /** Exchanges of which no record ever came. */
  readonly silent: readonly string[]
}

export interface AuditReport {
  /** All laws hold, and every loss is acknowledged. */
  readonly holds: boolean
  /** What is recorded as lost for good. */
  readonly losses: readonly LossReport[]
  /** undefined where the lake could not be read. */
  readonly feeds: FeedsReport | undefined
  readonly audited_at: string
  readonly laws: readonly LawReport[]
}

/** What the check of one law gives. */
export type Findings = Omit<LawReport, 'law' | 'name' | 'holds'>

/** Offending rows shown of each kind. */
const MAX_SHOWN = 20

/**
 * A violation made of the rows that a query gives; an empty list where it gives no rows. `order` makes the first ones
 * the same each time.
 */
export async function offenders(
  session: QuerySession,
  what: string,
  query: string,
  order: string,
): Promise<Violation[]> {
  const [{ offending }] = await session.run(`SELECT count(*) AS offending FROM (${query})`)
  if (Number(offending) === 0) return []
  const rows = await session.run(`SELECT * FROM (${query}) ORDER BY ${order} LIMIT ${MAX_SHOWN}`)
  return [{ what, count: Number(offending), rows: rows.map(plain) }]
}

/** A violation made of these rows; an empty list for no rows. */
export function violation(what: string, rows: readonly Readonly<Record<string, unknown>>[]): Violation[] {
  return rows.length === 0 ? [] : [{ what, count: rows.length, rows: rows.slice(0, MAX_SHOWN) }]
}

/** A row whose values JSON can hold exactly. */
function plain(row: SqlRow): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'bigint') return [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)]
      return [name, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value]
    }),
  )
}

/** `1,234`. */
export function count(value: unknown): string {
  return Number(value).toLocaleString('en-US')
}
