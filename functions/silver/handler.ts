/** Silver's Lambda: SQS messages of S3 notifications in; those whose objects failed come again. */
import { type QueueEvent, type QueueResponse, readNotification } from '../../domain/events.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { handlerOf } from '../invocation.ts'
import { cachedSchemas } from './schemas.ts'
import { refine, type SilverResult } from './silver.ts'

export type SilverResponse = QueueResponse & { readonly result: SilverResult }

export function silverHandler(telemetry: Telemetry, ports: Ports, exchange: Exchange) {
  const schemas = cachedSchemas(ports.registry, ports.clock)
  const fields = { exchange: exchange.name }
  return handlerOf<QueueEvent, SilverResponse>(telemetry, fields, async (event, { log, metrics }) => {
    const messages = event.Records.map(record => ({ id: record.messageId, ...readNotification(record.body) }))
    const result = await refine(
      ports,
      exchange,
      schemas,
      messages.flatMap(message => message.keys),
    )
    for (const { id, problem } of messages)
      if (problem) log.error('unreadable notification', { messageId: id, problem })
    for (const failure of result.failures) log.error('silver object failed', { ...failure })
    const failed = new Set(result.failures.map(failure => failure.key))
    const again = messages.filter(({ keys, problem }) => problem || keys.some(key => failed.has(key)))
    const { valid, invalid, objects } = result
    log.info('silver', { valid, invalid, objects })
    publishMetrics(metrics, {
      [metricNames.silverValid(exchange.name)]: valid,
      [metricNames.silverInvalid(exchange.name)]: invalid,
    })
    return { batchItemFailures: again.map(message => ({ itemIdentifier: message.id })), result }
  })
}
