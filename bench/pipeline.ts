/**
 * The whole pipeline over the benchmark's messages: each stage alone and all together, on two processes, against Spark.
 * Bronze and Silver run in two workers that own different partitions, as their Lambdas would; Gold and candles in one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sumOf } from '../domain/counts.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { consumers } from '../domain/names.ts'
import { listPending } from '../domain/pending.ts'
import { benchData } from './data.ts'
import { benchLake } from './lake.ts'
import { startWorker, type Worker, watchMemory } from './processes.ts'
import { print, record } from './report.ts'
import { verifyApart } from './verify.ts'
import type { Done, Order } from './worker.ts'

const PROCESSES = 2
/** Spark 3.5.7 with Iceberg 1.12, warm, same messages, same kind of machine (../shared/bench/README.md), middle of its range. */
const SPARK = {
  bronze: { wall: 2.5, cpu: 4.35 },
  silver: { wall: 8.2, cpu: 14.6 },
  gold: { wall: 8.8, cpu: 16.9 },
  candles: { wall: 6.8, cpu: 12.2 },
  all: { wall: 31.2, cpu: 51.8 },
  memory: 2650,
}

interface Figures {
  readonly wall: number
  readonly cpu: number
  readonly rows: number
  readonly memory: number
}

/** Runs `passes` times over a fresh lake in the same processes, prints the median pass, and fails on any wrong count. */
export async function benchPipeline(messages: number, passes: number): Promise<void> {
  const data = await benchData(messages, PROCESSES)
  const workers = data.pollers.map(() => startWorker())
  const runs: Record<string, Figures>[] = []
  let bytes: Record<string, number> = {}
  for (let pass = 0; pass < passes; pass++) {
    const folder = mkdtempSync(join(tmpdir(), 'tradelake-pipeline-'))
    runs.push(await runPass(workers, folder, data.pollers))
    const verified = verifyApart(folder, data.manifest)
    if (verified.mismatches.length > 0) throw new Error(`Wrong result: ${verified.mismatches.join('; ')}`)
    bytes = verified.bytes
    rmSync(folder, { recursive: true })
  }
  for (const worker of workers) worker.stop()
  const middle = [...runs].sort((a, b) => a.all.wall - b.all.wall)[Math.floor(runs.length / 2)]
  print(
    `Pipeline, ${messages.toLocaleString('en-US')} messages, ${PROCESSES} processes, median of ${passes} passes; every count and candle sum equals the manifest`,
    ['stage', 'wall s', 'CPU s', 'rows/s', 'MB of memory', 'MB written', 'wall vs Spark', 'CPU vs Spark'],
    Object.entries(middle).map(([stage, figures]) => {
      const spark = SPARK[stage as 'bronze'] as { wall: number; cpu: number } | undefined
      const written = bytes[stage]
      record({ bench: 'pipeline', stage, messages, ...figures, bytes: written })
      const comparable = spark !== undefined && messages === 1_000_000
      return [
        stage,
        figures.wall.toFixed(2),
        figures.cpu.toFixed(2),
        Math.round(figures.rows / figures.wall).toLocaleString('en-US'),
        figures.memory.toFixed(0),
        written === undefined ? '' : (written / 1e6).toFixed(1),
        comparable ? `${(spark.wall / figures.wall).toFixed(1)}x` : '',
        comparable ? `${(spark.cpu / figures.cpu).toFixed(1)}x` : '',
      ]
    }),
  )
}

async function runPass(
  workers: readonly Worker[],
  folder: string,
  pollers: readonly Order['work'][],
): Promise<Record<string, Figures>> {
  const figures: Record<string, Figures> = {}
  const pids = [process.pid, ...workers.map(worker => worker.pid)]
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
  const all = Object.values(figures)
  figures.all = {
    wall: sumOf(all, ({ wall }) => wall),
    cpu: sumOf(all, ({ cpu }) => cpu),
    rows: figures.bronze.rows,
    memory: Math.max(...all.map(({ memory }) => memory)),
  }
  return figures
}

/** Processes that work at the same time take as long as the longest. */
function together(dones: readonly Done[]): Omit<Figures, 'memory'> {
  return {
    wall: Math.max(...dones.map(done => done.wall)),
    cpu: sumOf(dones, done => done.cpu),
    rows: sumOf(dones, done => done.rows),
  }
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
