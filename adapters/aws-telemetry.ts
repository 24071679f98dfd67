/**
 * Logs and metrics of a deployed function, by Powertools: lines of JSON for CloudWatch Logs, metrics in its embedded
 * format.
 */
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { METRICS_NAMESPACE } from '../domain/metrics.ts'
import type { Telemetry } from '../domain/ports.ts'

/** Powertools' own variable for the namespace of a function's metrics: each stack has one. */
export const NAMESPACE_VARIABLE = 'POWERTOOLS_METRICS_NAMESPACE'

/** `serviceName` stands in each line and is a dimension of each metric. */
export function awsTelemetry(serviceName: string): Telemetry {
  const namespace = process.env[NAMESPACE_VARIABLE] ?? METRICS_NAMESPACE
  return { log: new Logger({ serviceName }), metrics: new Metrics({ namespace, serviceName }) }
}
