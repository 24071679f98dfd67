/** DuckDB in a function: made at the first query, for the container's life, from the layer's package. */
import type { QueryEngine } from '../domain/ports.ts'
import { VARIABLES } from './aws-ports.ts'
import { type DuckDbEngine, duckDbEngine } from './duckdb-engine.ts'
import { systemScratch } from './system.ts'

/** A function has its share of a core for each 1,769 MB of memory (Lambda developer guide, "Configure memory"). */
const THREADS = 2
const DEFAULT_MEMORY = '512MB'

export function awsEngine(memoryLimit: string = process.env[VARIABLES.engineMemory] ?? DEFAULT_MEMORY): QueryEngine {
  let made: Promise<DuckDbEngine> | undefined
  const engine = () => {
    made ??= duckDbEngine({ threads: THREADS, memoryLimit, tempDirectory: systemScratch().path('duckdb') })
    // After a failure the next query tries again.
    made.catch(() => {
      made = undefined
    })
    return made
  }
  return {
    run: async statements => (await engine()).run(statements),
    session: async () => (await engine()).session(),
  }
}
