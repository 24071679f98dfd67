/** Ports over a folder that several processes share, as the functions of a deployment share a bucket and a table. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { bundledRegistry } from '../adapters/bundled-registry.ts'
import { type DuckDbEngine, duckDbEngine } from '../adapters/duckdb-engine.ts'
import { folderStore } from '../adapters/folder-store.ts'
import { sqliteState } from '../adapters/sqlite-state.ts'
import { systemClock, systemIds, systemScratch } from '../adapters/system.ts'
import type { Ports } from '../domain/ports.ts'

export interface BenchLake {
  readonly ports: Ports
  close(): void
}

/** `engine`: of the process, as DuckDB's memory is one pool; undefined where it is not needed. */
export function benchLake(
  folder: string,
  engine: DuckDbEngine | undefined,
  clock: Ports['clock'] = systemClock(),
): BenchLake {
  mkdirSync(join(folder, 'scratch'), { recursive: true })
  const state = sqliteState(join(folder, 'state.sqlite'), { clock })
  const none = async () => {
    throw new Error('This process has no query engine.')
  }
  const ports: Ports = {
    store: folderStore(join(folder, 'objects')),
    state,
    registry: bundledRegistry(),
    engine: engine ?? { run: none, session: none },
    clock,
    ids: systemIds(),
    scratch: systemScratch(join(folder, 'scratch')),
  }
  return { ports, close: () => state.close() }
}

export async function benchEngine(): Promise<DuckDbEngine> {
  return duckDbEngine({ threads: 2, memoryLimit: '200MB', tempDirectory: systemScratch().path('duckdb') })
}
