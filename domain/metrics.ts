/** Metrics of the functions: their names, and how they are published. */
import type { Metrics } from './ports.ts'

/** Where no deployment gave them a namespace of its own. */
export const METRICS_NAMESPACE = 'tradelake'

/** Those of one exchange are functions of its name. */
export const metricNames = {
  bronzeIngested: (exchange: string) => `${exchange}_bronze_records_ingested_total`,
  /** From the newest record's Kafka time until it is in Bronze. */
  bronzeLag: (exchange: string) => `${exchange}_bronze_lag_seconds`,
  silverValid: (exchange: string) => `${exchange}_silver_records_valid_total`,
  silverInvalid: (exchange: string) => `${exchange}_silver_records_invalid_total`,
  goldWritten: 'gold_records_written_total',
  goldDuplicates: 'gold_duplicates_removed_total',
  /** Files on a table's list that the table had already: its list was restored from a backup. */
  filesCommittedAgain: 'files_committed_again_total',
  /** 1 where maintenance deleted nothing, as a table's pointer was set back; else 0. */
  sweepsRefused: 'sweeps_refused_total',
  /** Age of the oldest item on any stage's list; 0 when nothing waits. */
  oldestPending: 'oldest_pending_seconds',
  /** Changes with the code that is deployed: a step in its graph is a deployment. */
  build: 'build_number',
  /** Scans and commits that clients of the catalog report. */
  clientReports: 'catalog_client_reports_total',
  /** Commits whose lineage nobody took in time. */
  lineageDropped: 'lineage_commits_dropped_total',
} as const

/** What a feed logs about trades that it gave up; an alarm looks for this message. */
export const lostTradesLog = { message: 'trades are lost', field: 'trades' } as const

/** What a feed logs about trades that it could not read; an alarm looks for this message. */
export const unreadableTradesLog = { message: 'trades cannot be read', field: 'trades' } as const

/** What a feed logs when its machine's clock is not the exchange's; an alarm looks for this message. */
export const clockLog = { message: 'the clock is off' } as const

/** Publishes one invocation's values; the unit is in the name. */
export function publishMetrics(metrics: Metrics, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    metrics.addMetric(name, name.endsWith('_seconds') ? 'Seconds' : 'Count', value)
  metrics.publishStoredMetrics()
}
