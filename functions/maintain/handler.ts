/** Maintenance's Lambda: each schedule goes on where the last one had to stop. */
import type { Exchange } from '../../domain/exchanges.ts'
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { handlerOf } from '../invocation.ts'
import { type MaintainOptions, type MaintainResult, maintain } from './maintain.ts'

export function maintainHandler(
  telemetry: Telemetry,
  ports: Ports,
  exchanges: readonly Exchange[],
  options: MaintainOptions = {},
) {
  return handlerOf<unknown, MaintainResult>(telemetry, {}, async (_, { log, context, metrics }) => {
    const result = await maintain(ports, exchanges, deadlineOf(ports, context), options)
    for (const table of result.tables) log.info('maintain', { ...table })
    for (const { table, joins } of result.tables)
      for (const { partition, conflicts } of joins)
        if (conflicts > 0) log.warn('one message_id at several times', { table, partition, conflicts })
    publishMetrics(metrics, { [metricNames.sweepsRefused]: result.sweepRefused ? 1 : 0 })
    for (const failure of result.failures) log.error('maintain failed', { ...failure })
    return result
  })
}
