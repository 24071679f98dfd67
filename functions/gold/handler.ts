/** Gold's Lambda: each start, by Silver's commits or a schedule, brings in what Silver has made; what it hands over starts the candles. */
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { handlerOf } from '../invocation.ts'
import { type GoldResult, unify } from './gold.ts'

export function goldHandler(telemetry: Telemetry, ports: Ports) {
  return handlerOf<unknown, GoldResult>(telemetry, {}, async (_, { log, metrics, context }) => {
    const result = await unify(ports, deadlineOf(ports, context))
    log.info('gold', { ...result })
    publishMetrics(metrics, {
      [metricNames.goldWritten]: result.written,
      [metricNames.goldDuplicates]: result.duplicates,
    })
    return result
  })
}
