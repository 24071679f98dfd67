/** A process of a campaign: makes every nth of its runs and prints what came of them as lines of JSON. */
import { type Case, type Failure, pairOfFaults, reportFailure, runCase, singleFaults } from './campaign.ts'
import { sharedEngine } from './engine.ts'
import type { Schedule } from './faults.ts'

/** A worker's orders, as JSON in its first argument. */
export interface Work {
  readonly campaign: Case['campaign']
  readonly scenario: string
  /** Seeds of single and pairs: each is another order of things. A swarm begins with the first. */
  readonly seeds: readonly number[]
  /** Runs of all workers of the campaign together, per seed for pairs; every one that there is where undefined. */
  readonly runs: number | undefined
  readonly minutes: number | undefined
  readonly shard: number
  readonly shards: number
  readonly maxFailures: number
  /** Whether a failing run's faults are cut down, which takes some more runs. */
  readonly shrink: boolean
}

export interface WorkDone {
  readonly runs: number
  readonly points: number
  readonly simulatedMs: number
  readonly cpuMs: number
  readonly asked: number
  readonly answeredByDuckDb: number
}

export type WorkLine = { readonly failure: Failure } | { readonly done: WorkDone }

// Faults make errors by the thousand, whose stacks nobody reads.
Error.stackTraceLimit = 0
const print = (line: WorkLine) => process.stdout.write(`${JSON.stringify(line)}\n`)
const work = JSON.parse(process.argv[2]) as Work
const { campaign, scenario, seeds, shard, shards, minutes } = work
const until = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000
const engine = await sharedEngine()
let runs = 0
let points = 0
let simulatedMs = 0
let failures = 0

for await (const [seed, schedule] of casesOf()) {
  if (performance.now() > until || failures >= work.maxFailures) break
  const one: Case = { campaign, scenario, seed, schedule }
  const result = await runCase(engine, one, { readers: runs % 4 === 0 })
  runs++
  simulatedMs += result.simulatedMs
  if (result.violations.length === 0) continue
  failures++
  print({ failure: await reportFailure(engine, one, result, work.shrink) })
}
const { user, system } = process.cpuUsage()
const { asked, answeredByDuckDb } = engine
print({ done: { runs, points, simulatedMs, cpuMs: (user + system) / 1000, asked, answeredByDuckDb } })
engine.close()

async function* casesOf(): AsyncGenerator<[seed: number, schedule: Schedule | undefined]> {
  if (campaign === 'swarm') {
    for (let n = shard; n < (work.runs ?? Number.POSITIVE_INFINITY); n += shards) yield [seeds[0] + n, undefined]
    return
  }
  for (const seed of seeds) {
    const calm = await runCase(engine, { campaign, scenario, seed, schedule: new Map() })
    points += calm.points.length
    const singles = campaign === 'single' ? singleFaults(calm) : []
    const many = campaign === 'single' ? Math.min(singles.length, work.runs ?? singles.length) : (work.runs ?? 1_000)
    for (let n = shard; n < many; n += shards)
      yield [seed, campaign === 'single' ? singles[n] : pairOfFaults(calm.points, seed, n)]
  }
}
