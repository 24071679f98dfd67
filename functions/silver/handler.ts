/** Silver's Lambda: SQS messages of S3 notifications in; those whose objects failed come again. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics'
import { type QueueEvent, type QueueResponse, readNotification } from '../../domain/events.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { METRICS_NAMESPACE, metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { InvocationContext, Log, Metrics, Ports } from '../../domain/ports.ts'
import { cachedSchemas } from './schemas.ts'
import { refine, type SilverResult } from './silver.ts'

export type SilverResponse = QueueResponse & { readonly result: SilverResult }

export function silverHandler(
  ports: Ports,
  exchange: Exchange,
  log: Log = new Logger({ serviceName: `silver_${exchange.name}` }),
  metrics: Metrics = new PowertoolsMetrics({ namespace: METRICS_NAMESPACE, serviceName: `silver_${exchange.name}` }),
) {
  const schemas = cachedSchemas(ports.registry)
  return async (event: QueueEvent, context: InvocationContext): Promise<SilverResponse> => {
    const messages = event.Records.map(record => ({ id: record.messageId, ...readNotification(record.body) }))
    const result = await refine(
      ports,
      exchange,
      schemas,
      messages.flatMap(message => message.keys),
    )
    for (const { id, problem } of messages)
      if (problem) log.error('unreadable notification', { messageId: id, problem })
    for (const failure of result.failures) log.error('silver object failed', { exchange: exchange.name, ...failure })
    const failed = new Set(result.failures.map(failure => failure.key))
    const again = messages.filter(({ keys, problem }) => problem || keys.some(key => failed.has(key)))
    const { valid, invalid, objects } = result
    log.info('silver', { requestId: context.awsRequestId, exchange: exchange.name, valid, invalid, objects })
    publishMetrics(metrics, {
      [metricNames.silverValid(exchange.name)]: valid,
      [metricNames.silverInvalid(exchange.name)]: invalid,
    })
    return { batchItemFailures: again.map(message => ({ itemIdentifier: message.id })), result }
  }
}
