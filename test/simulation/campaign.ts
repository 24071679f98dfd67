/** Which runs a campaign makes, how one of them is replayed, and how the faults of a failing one are cut down. */
import { mix, type Random, randomStream } from '../../feeds/random.ts'
import type { SharedEngine } from './engine.ts'
import {
  type FaultKind,
  KINDS,
  type Point,
  parseSchedule,
  randomFaults,
  type Schedule,
  scheduled,
  scheduleText,
} from './faults.ts'
import { CALM_FEEDS, seededFeedWeather } from './feed-weather.ts'
import { seededHappenings } from './happenings.ts'
import { CALM, type RunResult, simulate, type Weather } from './run.ts'
import { createScenario, type Scenario } from './scenario.ts'
import { SIZES } from './scenario-sizes.ts'

/**
 * single: every point of a calm run × every kind of fault that can happen there. pairs: two of those, drawn by the seed.
 * swarm: everything by the seed, weather and any number of faults.
 */
export type CampaignName = 'single' | 'pairs' | 'swarm'

/** One run, as a command line names it. */
export interface Case {
  readonly campaign: CampaignName
  readonly scenario: string
  readonly seed: number
  /** Without one, a swarm's faults are drawn by its seed. */
  readonly schedule: Schedule | undefined
}

export interface Failure {
  readonly command: string
  readonly shrunk: string
  readonly violations: readonly string[]
}

/** Trades come from this many kinds of input: the engine's answers are shared by runs of the same. */
const INPUTS = 4

const scenarios = new Map<string, Scenario>()

function scenarioOf({ scenario, seed }: Case): Scenario {
  const size = SIZES.find(candidate => candidate.name === scenario)
  if (!size) throw new Error(`there is no scenario ${scenario}: ${SIZES.map(({ name }) => name).join(', ')}`)
  const input = seed % INPUTS
  const key = `${scenario} ${input}`
  let made = scenarios.get(key)
  if (!made) scenarios.set(key, (made = createScenario(size, input)))
  return made
}

/** `readers`: see RunOptions; they change nothing of the run. */
export async function runCase(
  engine: SharedEngine,
  run: Case,
  options: { readonly readers?: boolean; readonly tell?: (line: string) => void } = {},
): Promise<RunResult> {
  const { readers = true, tell } = options
  const random = randomStream(mix(run.seed, 11))
  const scenario = scenarioOf(run)
  const weather = run.campaign === 'swarm' ? seededWeather(random, scenario, run.seed) : CALM
  const probability = 0.002 * 2 ** Math.floor(random() * 6)
  const faults = run.schedule ? scheduled(run.schedule) : randomFaults(random, probability)
  return simulate(engine, { scenario, seed: run.seed, faults, weather, readers, tell })
}

function seededWeather(random: Random, scenario: Scenario, seed: number): Weather {
  const one = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]
  return {
    jitterMs: one([0, 0, 3_000, 15_000]),
    eventDelayMs: one([0, 5_000, 40_000]),
    visibilityMs: one([5_000, 90_000, 360_000]),
    listLagMs: one([0, 0, 30_000]),
    stormMs: one([60_000, 600_000, 1_800_000]),
    order: one(['anyone', 'ranked']),
    ...surroundings(randomStream(mix(seed, 17)), scenario),
    feeds: scenario.hasFeeds
      ? seededFeedWeather(
          randomStream(mix(seed, 19)),
          scenario.exchanges.map(({ name }) => name),
        )
      : CALM_FEEDS,
  }
}

/** Drawn apart from the rest, so that an addition here leaves the weather and the faults of a seed as they are. */
function surroundings(
  random: Random,
  { waves, happenings, retentions }: Scenario,
): Pick<Weather, 'logStarts' | 'pageObjects' | 'happenings' | 'retention'> {
  const one = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]
  return {
    logStarts: one([[0], [0], [5], [0, 3, 1], [12, 0]]),
    pageObjects: one([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3, 10]),
    retention: one(retentions) ?? {},
    happenings: seededHappenings(random, happenings, Math.max(0, ...waves.map(({ at }) => at))),
  }
}

/** Every point × every kind, in order; the points are those of the run without faults. */
export function singleFaults({ points, firstPoint }: Pick<RunResult, 'points' | 'firstPoint'>): Schedule[] {
  return points.flatMap((point, number) =>
    number < firstPoint ? [] : kindsAt(point, number).map(kind => new Map([[number, kind]])),
  )
}

/**
 * An invocation that dies before a call has done what it had done when the call before came back. So its death there is tried once,
 * as the one after that call, or where that was only a read, after the one before it: back to the invocation's first call. A read that is
 * refused is refused in one of two words, by turns: nothing takes effect, and hardly any caller tells them apart.
 */
function kindsAt({ type, follows }: Point, number: number): readonly FaultKind[] {
  const other = number % 2 === 0 ? 'fail' : 'throttle'
  return KINDS[type].filter(
    kind => !(follows && kind === 'crash-before') && !((type === 'read' || type === 'list') && kind === other),
  )
}

/** The nth of the sampled pairs. */
export function pairOfFaults(points: readonly Point[], seed: number, n: number): Schedule {
  const random = randomStream(mix(seed, 13, n))
  const singles = Array.from({ length: 2 }, () => {
    const point = Math.floor(random() * points.length)
    const kinds = KINDS[points[point].type]
    return [point, kinds[Math.floor(random() * kinds.length)]] as const
  })
  return new Map(singles.sort(([a], [b]) => a - b))
}

/** The command that replays a run exactly. */
export function commandOf({ campaign, scenario, seed, schedule }: Case): string {
  const faults = schedule ? ` --schedule ${scheduleText(schedule) || 'none'}` : ''
  return `npm run simulate -- --campaign ${campaign} --scenario ${scenario} --seed ${seed}${faults}`
}

export function scheduleOf(text: string): Schedule {
  return parseSchedule(text === 'none' ? '' : text)
}

/** What a failing run is reported as, with a schedule of as few faults as still make it fail. */
export async function reportFailure(
  engine: SharedEngine,
  run: Case,
  result: RunResult,
  cutDown = true,
): Promise<Failure> {
  const all = result.happened.map(({ point, kind }) => [point, kind] as const)
  const fails = async (faults: typeof all) =>
    (await runCase(engine, { ...run, schedule: new Map(faults) })).violations.length > 0
  const left = cutDown ? await shrink(all, fails) : all
  return {
    command: commandOf(run),
    shrunk: commandOf({ ...run, schedule: new Map(left) }),
    violations: result.violations,
  }
}

/** Runs that never drain take seconds: what is left after this many tries is good enough. */
const SHRINKING_RUNS = 60

/** Leaves out parts, halves first, as long as what is left fails (Zeller's delta debugging). */
async function shrink<T>(all: readonly T[], fails: (some: T[]) => Promise<boolean>): Promise<readonly T[]> {
  let left = [...all]
  let tries = 0
  for (let parts = 2; left.length > 1 && tries < SHRINKING_RUNS; ) {
    const size = Math.ceil(left.length / parts)
    let smaller: T[] | undefined
    for (let from = 0; from < left.length && !smaller; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)]
      tries++
      if (await fails(rest)) smaller = rest
    }
    if (smaller) {
      left = smaller
      parts = Math.max(2, parts - 1)
    } else if (size === 1) break
    else parts = Math.min(parts * 2, left.length)
  }
  return left.length === 1 && (await fails([])) ? [] : left
}
