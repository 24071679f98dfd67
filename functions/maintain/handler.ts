/** Maintenance's Lambda: each schedule goes on where the last one had to stop. */
import { Logger } from '@aws-lambda-powertools/logger'
import type { Exchange } from '../../domain/exchanges.ts'
import type { InvocationContext, Log, Ports } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { type MaintainOptions, type MaintainResult, maintain } from './maintain.ts'

export function maintainHandler(
  ports: Ports,
  exchanges: readonly Exchange[],
  options: MaintainOptions = {},
  log: Log = new Logger({ serviceName: 'maintain' }),
) {
  return async (_event: unknown, context: InvocationContext): Promise<MaintainResult> => {
    const requestId = context.awsRequestId
    const result = await maintain(ports, exchanges, deadlineOf(ports, context), options)
    for (const table of result.tables) log.info('maintain', { requestId, ...table })
    for (const { table, joins } of result.tables)
      for (const { partition, conflicts } of joins)
        if (conflicts > 0) log.warn('one message_id at several times', { requestId, table, partition, conflicts })
    for (const failure of result.failures) log.error('maintain failed', { requestId, ...failure })
    return result
  }
}
