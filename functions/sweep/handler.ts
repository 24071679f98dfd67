/** The sweep's Lambda: a schedule's event in, objects sent again out. */
import type { Exchange } from '../../domain/exchanges.ts'
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { ObjectEvents, Ports, Telemetry } from '../../domain/ports.ts'
import { handlerOf } from '../invocation.ts'
import { type SweepResult, sweep } from './sweep.ts'

/** `build`: a number that changes with the deployed code; undefined where nothing is deployed. */
export function sweepHandler(
  telemetry: Telemetry,
  ports: Ports,
  exchanges: readonly Exchange[],
  events: ObjectEvents,
  build?: number,
) {
  return handlerOf<unknown, SweepResult>(telemetry, {}, async (_, { log, metrics }) => {
    const result = await sweep(ports, exchanges, events)
    log.info('sweep', { ...result })
    publishMetrics(metrics, {
      [metricNames.oldestPending]: result.oldestPendingMs / 1000,
      ...(build !== undefined && { [metricNames.build]: build }),
    })
    return result
  })
}
