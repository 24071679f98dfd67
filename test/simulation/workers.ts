/** Runs a campaign on several processes and adds up what they did. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Failure } from './campaign.ts'
import type { Work, WorkDone, WorkLine } from './worker.ts'

export interface CampaignResult extends WorkDone {
  readonly failures: readonly Failure[]
  readonly wallMs: number
}

export type CampaignOptions = Omit<Work, 'shard' | 'shards'> & {
  readonly processes?: number
  /** Runs the campaign from another copy of the sources. */
  readonly root?: string
  readonly onFailure?: (failure: Failure) => void
}

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { processes = Math.min(4, availableParallelism()), root, onFailure, ...work } = options
  const started = performance.now()
  const failures: Failure[] = []
  const done = await Promise.all(
    Array.from({ length: processes }, (_, shard) =>
      runWorker({ ...work, shard, shards: processes }, root, failure => {
        failures.push(failure)
        onFailure?.(failure)
      }),
    ),
  )
  const sum = (field: keyof WorkDone) => done.reduce((total, part) => total + part[field], 0)
  return {
    runs: sum('runs'),
    points: done[0].points,
    simulatedMs: sum('simulatedMs'),
    cpuMs: sum('cpuMs'),
    asked: sum('asked'),
    answeredByDuckDb: sum('answeredByDuckDb'),
    failures,
    wallMs: performance.now() - started,
  }
}

/**
 * Runs make much that lives for milliseconds: a roomy nursery halves the time of garbage collection. The workers take all processors
 * already: threads that help one to collect and to compile take from another more than they give.
 */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64', '--single-threaded']

async function runWorker(
  work: Work,
  root: string | undefined,
  onFailure: (failure: Failure) => void,
): Promise<WorkDone> {
  const folder = root ? pathToFileURL(`${root}/test/simulation/`) : import.meta.url
  const [first, file] = ['remembered.ts', 'worker.ts'].map(name => new URL(name, folder))
  const child = spawn(process.execPath, [...FLAGS, '--import', first.href, fileURLToPath(file), JSON.stringify(work)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  let done: WorkDone | undefined
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as WorkLine
    if ('failure' in line) onFailure(line.failure)
    else done = line.done
  }
  const status = await ended
  if (status !== 0 || !done) throw new Error(`A simulation worker ended with ${status} before its work was done.`)
  return done
}
