/** Commit's Lambda: each schedule commits what is pending for every Bronze, Silver and DLQ table. */
import { Logger } from '@aws-lambda-powertools/logger'
import type { Exchange } from '../../domain/exchanges.ts'
import type { InvocationContext, Log, Ports } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { committedTables } from '../../domain/tables.ts'
import { type CommitResult, commitTable } from './commit.ts'

export function commitHandler(
  ports: Ports,
  exchanges: readonly Exchange[],
  log: Log = new Logger({ serviceName: 'commit' }),
) {
  return async (_event: unknown, context: InvocationContext): Promise<CommitResult[]> => {
    const deadline = deadlineOf(ports, context)
    // One table's trouble keeps no other from its commit; the invocation fails in the end, so that the alarm sees it.
    const outcomes = await Promise.allSettled(
      committedTables(exchanges).map(table => commitTable(ports, table, deadline)),
    )
    const results = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    for (const result of results)
      if (result.commits > 0) log.info('commit', { requestId: context.awsRequestId, ...result })
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return results
  }
}
