/** What the API answers to who keeps the lake, as docs/api.md describes it. Times are ISO text. */

/** A row of `/v1/missing`. */
export interface MissingRow {
  readonly first_number: number
  readonly last_number: number
  readonly count: number
  readonly after: string
  readonly before: string
  readonly said: string | null
  readonly cause: string | null
  readonly reported: string | null
}

/** A row of `/v1/feed-gaps`. */
export interface FeedGapRow {
  readonly exchange: string
  readonly symbol: string | null
  readonly status: 'open' | 'lost' | 'unreadable'
  readonly first_number: number | null
  readonly last_number: number | null
  readonly from: string
  readonly to: string
  readonly cause: string
  /** What could not be read; long texts are cut. */
  readonly raw: string | null
  readonly reported: string
}

/** A row of `/v1/dead-letters`. */
export interface DeadLetterRow {
  readonly exchange: string
  readonly time: string
  readonly error_type: string
  readonly error_reason: string
  readonly source: string
  readonly epoch: number
  readonly partition: number
  readonly offset: number
  readonly schema_id: number | null
  readonly bytes: number | null
  /** Base64; longer records are cut. */
  readonly raw: string | null
  /** JSON. */
  readonly decoded: string | null
}

/** A row of `/v1/dead-letters/counts`. */
export interface DeadLetterCount {
  readonly exchange: string
  readonly error_type: string
  readonly start: string
  readonly count: number
}

/** A row of `/v1/tables`; figures are null where the table does not say. */
export interface TableRow {
  readonly table: string
  readonly rows: number
  readonly data_files: number | null
  readonly delete_files: number | null
  readonly bytes: number | null
  readonly snapshots: number
  readonly oldest_snapshot: string | null
  readonly committed: string | null
  /** Those of the last hour. */
  readonly commits: number
  /** Rows that came in the last hour, less those that went. */
  readonly grown: number | null
  readonly pins: number
  readonly joined: string | null
  readonly dropped: string | null
  readonly swept: string | null
}

/** `/v1/feeds`. */
export interface FeedsAnswer {
  readonly time: string
  /** Whether feeds run in the server's process: elsewhere it cannot know of them. */
  readonly here: boolean
  readonly feeds: readonly FeedRow[]
}

export interface FeedRow {
  readonly exchange: string
  readonly ready: boolean
  readonly waiting_records: number
  readonly spill_bytes: number
  readonly missing_trades: number
  readonly problems: readonly string[]
  readonly connections: readonly {
    readonly url: string | null
    readonly live: boolean
    readonly markets: number
    readonly age_seconds: number | null
    readonly silent_seconds: number | null
    readonly ends: Readonly<Record<string, number>>
    readonly last_end: string | null
  }[]
}

/** A row of `/v1/outages`. */
export interface OutageRow {
  readonly exchange: string
  readonly from: string
  readonly to: string
  readonly cause: string
  readonly status: string
}

/** `/v1/audit`. */
export interface AuditAnswer {
  readonly can: boolean
  readonly running: {
    readonly started: string
    readonly step: string
    readonly done: number
    readonly of: number
  } | null
  readonly last: {
    readonly started: string
    readonly seconds: number
    readonly problem: string | null
    readonly verdict: AuditVerdict | null
  } | null
}

export interface AuditVerdict {
  readonly holds: boolean
  readonly laws: readonly AuditLaw[]
  readonly losses: readonly {
    readonly table: string
    readonly rows: number
    readonly from: string | null
    readonly to: string | null
    readonly reason: string
    readonly accepted: boolean
  }[]
  readonly feeds?: {
    readonly gaps: { readonly unreadable: number; readonly lost: number }
    readonly silent: readonly string[]
  }
}

export interface AuditLaw {
  readonly law: number
  readonly name: string
  readonly holds: boolean
  readonly summary: string
  /** What was counted; it differs by the law. */
  readonly figures?: Readonly<Record<string, unknown>>
  readonly notes: readonly string[]
  readonly violations: readonly {
    readonly what: string
    readonly count: number
    readonly rows: readonly Readonly<Record<string, unknown>>[]
  }[]
}
