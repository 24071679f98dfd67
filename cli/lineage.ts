/** `--lineage`: whom a command tells of its commits (docs/lineage.md). */
import { createLineage, type Lineage } from '../adapters/openlineage.ts'
import { LINEAGE_VARIABLES, type LineageSink, lineageSink } from '../adapters/openlineage-sinks.ts'
import { systemClock } from '../adapters/system.ts'
import type { Log } from '../domain/ports.ts'
import { createMetrics } from '../embedded/metrics.ts'
import type { Option } from './command.ts'

export const LINEAGE_OPTION = {
  type: 'string',
  value: 'URL|FILE',
  help: `tell of every commit in OpenLineage events: to a server, as http://localhost:5000, or at the end of a file (default: $${LINEAGE_VARIABLES.url}, else nobody)`,
} as const satisfies Option

/** Whom the option, or else the environment, names; undefined where neither does. @throws BadInput */
export function toldOf({ lineage }: { readonly lineage: string | undefined }): LineageSink | undefined {
  return lineageSink(lineage, process.env)
}

/** Does work that tells of its commits; what is not told when it ends is told then, within a few seconds. */
export async function withLineage<T>(
  sink: LineageSink | undefined,
  log: Log,
  work: (lineage: Lineage | undefined) => Promise<T>,
): Promise<T> {
  if (!sink) return work(undefined)
  const namespace = process.env[LINEAGE_VARIABLES.namespace]
  const lineage = createLineage({ sink, clock: systemClock(), telemetry: { log, metrics: createMetrics() }, namespace })
  try {
    return await work(lineage)
  } finally {
    await lineage.close()
  }
}
