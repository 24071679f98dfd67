/** Running totals of what the functions did, for the live view. */
import type { Exchange } from '../domain/exchanges.ts'
import type { BronzeResult } from '../functions/bronze/bronze.ts'
import type { CommitResult } from '../functions/commit/commit.ts'
import type { GoldResult } from '../functions/gold/gold.ts'
import type { MaintainResult } from '../functions/maintain/maintain.ts'
import type { CandleResult } from '../functions/ohlcv/ohlcv.ts'
import type { SilverResult } from '../functions/silver/silver.ts'
import type { SweepResult } from '../functions/sweep/sweep.ts'

export interface ExchangeTotals {
  bronze: number
  silver: number
  dlq: number
  gold: number
  candles: number
  /** Kafka time of the newest record in Bronze, milliseconds since 1970; 0 before the first. */
  newestMillis: number
}

export interface Totals {
  readonly exchanges: ReadonlyMap<string, ExchangeTotals>
  readonly counts: {
    duplicates: number
    snapshots: number
    resent: number
    repeats: number
    errors: number
    lastError: string
  }
  bronze(exchange: string, result: BronzeResult): void
  silver(exchange: string, result: SilverResult): void
  gold(result: GoldResult): void
  candles(result: CandleResult): void
  committed(results: readonly CommitResult[]): void
  swept(result: SweepResult): void
  maintained(result: MaintainResult): void
  failed(problem: string): void
}

export function createTotals(exchanges: readonly Exchange[]): Totals {
  const byName = new Map<string, ExchangeTotals>(
    exchanges.map(({ name }) => [name, { bronze: 0, silver: 0, dlq: 0, gold: 0, candles: 0, newestMillis: 0 }]),
  )
  const byCode = new Map(exchanges.map(({ name, code }) => [code, byName.get(name) as ExchangeTotals]))
  const counts = { duplicates: 0, snapshots: 0, resent: 0, repeats: 0, errors: 0, lastError: '' }
  return {
    exchanges: byName,
    counts,
    bronze(exchange, result) {
      const totals = byName.get(exchange)
      if (!totals) return
      totals.bronze += result.ingested
      totals.newestMillis = Math.max(totals.newestMillis, result.newestMillis ?? 0)
      counts.repeats += result.repeats
    },
    silver(exchange, result) {
      const totals = byName.get(exchange)
      if (!totals) return
      totals.silver += result.valid
      totals.dlq += result.invalid
      for (const failure of result.failures) this.failed(failure.reason)
    },
    gold(result) {
      counts.duplicates += result.duplicates
      counts.snapshots += result.commits
      for (const [code, rows] of Object.entries(result.byExchange)) {
        const totals = byCode.get(code)
        if (totals) totals.gold += rows
      }
    },
    candles(result) {
      counts.snapshots += result.commits
      for (const [code, candles] of Object.entries(result.newByExchange)) {
        const totals = byCode.get(code)
        if (totals) totals.candles += candles
      }
    },
    committed(results) {
      for (const result of results) counts.snapshots += result.commits
    },
    swept(result) {
      counts.resent += result.resent
    },
    maintained(result) {
      for (const { joins, droppedPartitions } of result.tables)
        counts.snapshots += joins.length + (droppedPartitions.length > 0 ? 1 : 0)
      for (const { what, reason } of result.failures) this.failed(`maintaining ${what}: ${reason}`)
    },
    failed(problem) {
      counts.errors++
      counts.lastError = problem
    },
  }
}
