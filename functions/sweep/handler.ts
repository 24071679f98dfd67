/** The sweep's Lambda: a schedule's event in, objects sent again out. */
import type { Exchange } from '../../domain/exchanges.ts'
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { ObjectEvents, Ports, Telemetry } from '../../domain/ports.ts'
import { handlerOf } from '../invocation.ts'
import { type SweepResult, sweep } from './sweep.ts'

export function sweepHandler(telemetry: Telemetry, ports: Ports, exchanges: readonly Exchange[], events: ObjectEvents) {
  return handlerOf<unknown, SweepResult>(telemetry, {}, async (_, { log, metrics }) => {
    const result = await sweep(ports, exchanges, events)
    log.info('sweep', { ...result })
    publishMetrics(metrics, { [metricNames.oldestPending]: result.oldestPendingMs / 1000 })
    return result
  })
}
