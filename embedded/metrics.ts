/** Metrics of this process: totals add up, everything else is the last value. */
import type { Metrics } from '../domain/ports.ts'

export interface LocalMetrics extends Metrics {
  readonly values: ReadonlyMap<string, number>
}

export function createMetrics(): LocalMetrics {
  const values = new Map<string, number>()
  return {
    values,
    addMetric(name, _unit, value) {
      values.set(name, name.endsWith('_total') ? (values.get(name) ?? 0) + value : value)
    },
    publishStoredMetrics() {},
  }
}
