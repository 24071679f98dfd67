/** What is measured side by side: our pipeline, and programs that do the same work. */
import type { Pass } from '../pass.ts'
import type { Tables } from '../verify.ts'

export interface Peer {
  readonly name: string
  /** The compiler or runtime, and the libraries that do the work. */
  readonly versions: string
  /** Runs what must run before the first pass that counts. */
  warmUp(): Promise<void>
  /** The most passes that count: a slow program gets fewer. */
  readonly maxRounds: number
  /** Runs all stages; the folder is of this pass alone. */
  run(folder: string): Promise<Pass>
  /** Where a pass left its tables. */
  tables(folder: string): Tables
  stop(): Promise<void>
}
