/** Commit's Lambda: each schedule commits what is pending for every Bronze, Silver and DLQ table. */
import { sumOf } from '../../domain/counts.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { committedTables } from '../../domain/tables.ts'
import { handlerOf } from '../invocation.ts'
import { type CommitResult, commitTable } from './commit.ts'

export function commitHandler(telemetry: Telemetry, ports: Ports, exchanges: readonly Exchange[]) {
  return handlerOf<unknown, CommitResult[]>(telemetry, {}, async (_, { log, context, metrics }) => {
    const deadline = deadlineOf(ports, context)
    // A table that fails does not stop the others; the invocation fails in the end, so that the alarm sees it.
    const outcomes = await Promise.allSettled(
      committedTables(exchanges).map(table => commitTable(ports, table, deadline)),
    )
    const results = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    for (const result of results) if (result.commits > 0) log.info('commit', { ...result })
    for (const { table, repeats } of results)
      if (repeats > 0)
        log.warn(
          'files that wait for the table were in it already: was the state restored? Run tradelake audit --repair',
          {
            table,
            files: repeats,
          },
        )
    publishMetrics(metrics, { [metricNames.filesCommittedAgain]: sumOf(results, result => result.repeats) })
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return results
  })
}
