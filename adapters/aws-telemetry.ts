/** What a deployed function tells of itself, by Powertools: lines of JSON for CloudWatch Logs, metrics in its embedded format. */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { METRICS_NAMESPACE } from '../domain/metrics.ts'
import type { Telemetry } from '../domain/ports.ts'

/** `serviceName` stands in each line and is a dimension of each metric. */
export function awsTelemetry(serviceName: string): Telemetry {
  return { log: new Logger({ serviceName }), metrics: new Metrics({ namespace: METRICS_NAMESPACE, serviceName }) }
}
