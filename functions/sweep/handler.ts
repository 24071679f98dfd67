/** The sweep's Lambda: a schedule's event in, objects sent again out. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics'
import type { Exchange } from '../../domain/exchanges.ts'
import { METRICS_NAMESPACE, metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { InvocationContext, Log, Metrics, ObjectEvents, Ports } from '../../domain/ports.ts'
import { type SweepResult, sweep } from './sweep.ts'

export function sweepHandler(
  ports: Ports,
  exchanges: readonly Exchange[],
  events: ObjectEvents,
  log: Log = new Logger({ serviceName: 'sweep' }),
  metrics: Metrics = new PowertoolsMetrics({ namespace: METRICS_NAMESPACE, serviceName: 'sweep' }),
) {
  return async (_event: unknown, context: InvocationContext): Promise<SweepResult> => {
    const result = await sweep(ports, exchanges, events)
    log.info('sweep', { requestId: context.awsRequestId, ...result })
    publishMetrics(metrics, { [metricNames.oldestPending]: result.oldestPendingMs / 1000 })
    return result
  }
}
