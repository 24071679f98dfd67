/** Bronze's Lambda: an MSK batch in; whatever is thrown makes the event source send the batch again. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics'
import type { KafkaEvent } from '../../domain/events.ts'
import { METRICS_NAMESPACE, metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { InvocationContext, Log, Metrics, Ports } from '../../domain/ports.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { type BronzeResult, ingest } from './bronze.ts'

export function bronzeHandler(
  ports: Ports,
  stream: RecordStream,
  log: Log = new Logger({ serviceName: `bronze_${stream.name}` }),
  metrics: Metrics = new PowertoolsMetrics({ namespace: METRICS_NAMESPACE, serviceName: `bronze_${stream.name}` }),
) {
  return async (event: KafkaEvent, context: InvocationContext): Promise<BronzeResult> => {
    const end = ports.clock.now() + context.getRemainingTimeInMillis()
    const result = await ingest(ports, stream, event, end)
    log.info('bronze', { requestId: context.awsRequestId, exchange: stream.name, ...result })
    const { ingested, newestMillis } = result
    publishMetrics(metrics, {
      [metricNames.bronzeIngested(stream.name)]: ingested,
      ...(newestMillis !== undefined && {
        [metricNames.bronzeLag(stream.name)]: Math.max(0, ports.clock.now() - newestMillis) / 1000,
      }),
    })
    return result
  }
}
