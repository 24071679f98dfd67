/** Lineage of a deployed function, where its environment names a server for it. */
import { createLineage, type Lineage } from '../adapters/openlineage.ts'
import type { Work } from '../adapters/openlineage-commits.ts'
import { LINEAGE_VARIABLES, lineageSink } from '../adapters/openlineage-sinks.ts'
import { messageOf } from '../domain/errors.ts'
import type { Ports, Telemetry } from '../domain/ports.ts'

/** How long an answer waits for events to be taken. Lambda stops a function between its invocations; what is left goes with the next. */
const FLUSH_MS = 2_000

/** Undefined where nobody is to be told, or the environment names what cannot be told: commits go on without. */
export function lineageOfFunction({ clock }: Pick<Ports, 'clock'>, telemetry: Telemetry): Lineage | undefined {
  try {
    const sink = lineageSink(undefined, process.env)
    return sink && createLineage({ sink, clock, telemetry, namespace: process.env[LINEAGE_VARIABLES.namespace] })
  } catch (error) {
    telemetry.log.error('there is no lineage', { problem: messageOf(error) })
    return undefined
  }
}

/** The ports of a function, which tell of its commits as work of this kind. */
export function watched(ports: Ports, lineage: Lineage | undefined, work: Work): Ports {
  return lineage?.watch(ports, work) ?? ports
}

/** The last step of a function that commits to tables: its lineage is told before it stops, whether or not it failed. */
export function thenTell<Event, Context, Result>(
  lineage: Lineage | undefined,
  handler: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  if (!lineage) return handler
  return async (event, context) => {
    try {
      return await handler(event, context)
    } finally {
      await lineage.flush(FLUSH_MS)
    }
  }
}
