/** Bronze's Lambda: an MSK batch in; whatever is thrown makes the event source send the batch again. */
import type { KafkaEvent } from '../../domain/events.ts'
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { handlerOf } from '../invocation.ts'
import { type BronzeResult, ingest } from './bronze.ts'

export function bronzeHandler(telemetry: Telemetry, ports: Ports, stream: RecordStream) {
  const fields = { exchange: stream.name }
  return handlerOf<KafkaEvent, BronzeResult>(telemetry, fields, async (event, { log, metrics, context }) => {
    const end = ports.clock.steady() + context.getRemainingTimeInMillis()
    const result = await ingest(ports, stream, event, end)
    log.info('bronze', { ...result })
    const { ingested, newestMillis } = result
    publishMetrics(metrics, {
      [metricNames.bronzeIngested(stream.name)]: ingested,
      ...(newestMillis !== undefined && {
        [metricNames.bronzeLag(stream.name)]: Math.max(0, ports.clock.now() - newestMillis) / 1000,
      }),
    })
    return result
  })
}
