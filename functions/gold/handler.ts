/** Gold's Lambda: each schedule unifies what Silver has made; its success starts the candles. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics'
import { METRICS_NAMESPACE, metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { InvocationContext, Log, Metrics, Ports } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { type GoldResult, unify } from './gold.ts'

export function goldHandler(
  ports: Ports,
  log: Log = new Logger({ serviceName: 'gold' }),
  metrics: Metrics = new PowertoolsMetrics({ namespace: METRICS_NAMESPACE, serviceName: 'gold' }),
) {
  return async (_event: unknown, context: InvocationContext): Promise<GoldResult> => {
    const result = await unify(ports, deadlineOf(ports, context))
    log.info('gold', { requestId: context.awsRequestId, ...result })
    publishMetrics(metrics, {
      [metricNames.goldWritten]: result.written,
      [metricNames.goldDuplicates]: result.duplicates,
      [metricNames.goldPartitions]: result.partitions,
    })
    return result
  }
}
