/**
 * A pass of the pipeline over the benchmark's messages, stage after stage. Bronze and Silver run in two workers that own different
 * partitions, as their Lambdas would; Gold and candles in one.
 */
import { sumOf } from '../domain/counts.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { consumers } from '../domain/names.ts'
import { listPending } from '../domain/pending.ts'
import type { BenchData } from './data.ts'
import { benchLake } from './lake.ts'
import { startWorker, type Worker, watchMemory } from './processes.ts'
import type { Done, Order } from './worker.ts'

export const PROCESSES = 2

/** What a stage took. */
export interface Figures {
  /** Seconds. */
  readonly wall: number
  readonly cpu: number
  readonly rows: number
  /** Peak of the processes that did the work, together, in MB. */
  readonly memory: number
}

export type Pass = Readonly<Record<string, Figures>>

export interface Passes {
  /** Runs all stages over a fresh lake in the folder. */
  run(folder: string): Promise<Pass>
  stop(): void
}

/** The processes stay from pass to pass. */
export function startPasses({ pollers }: BenchData): Passes {
  const workers = pollers.map(() => startWorker())
  return {
    run: folder => runPass(workers, folder, pollers),
    stop() {
      for (const worker of workers) worker.stop()
    },
  }
}

async function runPass(workers: readonly Worker[], folder: string, pollers: BenchData['pollers']): Promise<Pass> {
  const figures: Record<string, Figures> = {}
  // This process only waits: what it holds is no part of the pipeline.
  const pids = workers.map(worker => worker.pid)
  const stage = async (name: Order['stage'], shares: readonly Order['work'][]) => {
    const memory = watchMemory(pids)
    const dones = await Promise.all(shares.map((work, i) => workers[i].carryOut({ stage: name, folder, work })))
    figures[name] = { ...together(dones), memory: memory.stop() }
  }
  benchLake(folder, undefined).close()
  await stage('bronze', pollers)
  await stage('silver', await bronzeObjects(folder))
  await stage('commit', [[]])
  await stage('gold', [[]])
  await stage('candles', [[]])
  return withAll(figures)
}

/** Processes that work at the same time take as long as the longest. */
function together(dones: readonly Done[]): Omit<Figures, 'memory'> {
  return {
    wall: Math.max(...dones.map(done => done.wall)),
    cpu: sumOf(dones, done => done.cpu),
    rows: sumOf(dones, done => done.rows),
  }
}

/** The stages and, as `all`, their sums; memory is that of the stage that takes most. */
export function withAll(stages: Pass): Pass {
  const each = Object.values(stages)
  const all = {
    wall: sumOf(each, ({ wall }) => wall),
    cpu: sumOf(each, ({ cpu }) => cpu),
    rows: stages.bronze.rows,
    memory: Math.max(...each.map(({ memory }) => memory)),
  }
  return { ...stages, all }
}

/** The pending objects, shared out by turns. */
async function bronzeObjects(folder: string): Promise<Order['work'][]> {
  const { ports, close } = benchLake(folder, undefined)
  const shares = Array.from({ length: PROCESSES }, () => [] as { exchange: string; path: string }[])
  for (const { name } of EXCHANGES) {
    const items = await listPending(ports, consumers.silver(name), 1_000_000)
    items.forEach((item, i) => {
      shares[i % PROCESSES].push({ exchange: name, path: item.id })
    })
  }
  close()
  return shares
}
