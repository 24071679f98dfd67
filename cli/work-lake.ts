/** The lake that a command works on: in a folder, which it has to itself, or deployed, beside its functions. */
import { VARIABLES } from '../adapters/aws-ports.ts'
import { liveFunctions } from '../adapters/lambda-live.ts'
import { createLogFile } from '../adapters/log-file.ts'
import type { Work } from '../adapters/openlineage-commits.ts'
import type { LineageSink } from '../adapters/openlineage-sinks.ts'
import { askedToEnd } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import type { Log } from '../domain/ports.ts'
import type { Progress } from '../domain/progress.ts'
import { drain } from '../embedded/drain.ts'
import { wireFunctions } from '../embedded/functions.ts'
import { type LakeOptions, openLake, type WritableLake } from '../embedded/lake.ts'
import { createTotals } from '../embedded/totals.ts'
import { drainDeployed } from '../operations/deployed-drain.ts'
import { type DeployedLake, openDeployedLake } from '../operations/deployed-lake.ts'
import { alone, beside } from '../operations/pause.ts'
import { LAKE_OPTIONS, type Values } from './command.ts'
import { LINEAGE_OPTION, toldOf, withLineage } from './lineage.ts'
import { STDERR } from './stderr-log.ts'

export interface Workplace {
  readonly log: Log
  /** Works off what is pending: in a folder here, in a deployment by its own functions. */
  drain(progress?: Progress): Promise<void>
  /** Does the work beside the lake's functions, unless somebody has the lake to himself. */
  beside<T>(work: (lake: WritableLake) => Promise<T>): Promise<T>
  /** Does the work while nothing else works on the lake; `purpose` is what those are told who are kept out. */
  alone<T>(purpose: string, work: (lake: WritableLake) => Promise<T>): Promise<T>
}

/** What commands have that work on a lake: where it is, and whom they tell of their commits. */
export const WORK_OPTIONS = { ...LAKE_OPTIONS, lineage: LINEAGE_OPTION } as const

export interface WorkOptions extends LakeOptions {
  /** What the command's own commits are, for lineage. */
  readonly kind: Work
}

/** @throws BadInput where there is no such lake, or somebody else has it */
export async function withLake<T>(
  values: Values<typeof WORK_OPTIONS>,
  options: WorkOptions,
  work: (workplace: Workplace) => Promise<T>,
): Promise<T> {
  const { data, stack } = values
  const sink = toldOf(values)
  return stack === undefined ? inFolder(data, sink, options, work) : onStack(stack, sink, options, work)
}

async function inFolder<T>(
  data: string,
  sink: LineageSink | undefined,
  { kind, ...options }: WorkOptions,
  work: (workplace: Workplace) => Promise<T>,
): Promise<T> {
  const opened = await openLake(data, { mustExist: true, ...options })
  const log = createLogFile(opened.directory, opened.ports.clock)
  try {
    return await withLineage(sink, log, lineage => {
      const lake = { ...opened, lineage }
      const place: Workplace = {
        log,
        beside: together => together(lake),
        drain: progress => drain(lake, wireFunctions(lake, log), createTotals(lake.exchanges), progress),
        alone: (_, undisturbed) => undisturbed(lake),
      }
      return work(telling(place, kind))
    })
  } finally {
    log.close()
    opened.close()
  }
}

/** The place, where what is done counts as work of this kind for lineage. */
function telling(place: Workplace, kind: Work): Workplace {
  const watched = (lake: WritableLake) => ({ ...lake, ports: lake.lineage?.watch(lake.ports, kind) ?? lake.ports })
  return {
    ...place,
    beside: together => place.beside(lake => together(watched(lake))),
    alone: (purpose, undisturbed) => place.alone(purpose, lake => undisturbed(watched(lake))),
  }
}

/** @throws BadInput where there is no such stack, or somebody else has its lake */
export async function onStack<T>(
  stack: string,
  sink: LineageSink | undefined,
  { retention, kind }: WorkOptions,
  work: (workplace: Workplace, deployed: DeployedLake) => Promise<T>,
): Promise<T> {
  const deployed = await openDeployedLake(stack)
  try {
    requireRightClock(deployed)
    const topics = { poll: async () => undefined, acknowledge: async () => {}, ends: async () => [] }
    const settings = { retention: { ...(await deployed.retention()), ...retention } }
    return await withLineage(sink, STDERR, lineage => {
      const lake: WritableLake = { ...deployed, topics, settings, lineage }
      const place = placeOn(
        lake,
        progress => drainDeployed(deployed, progress),
        () => requireLeases(deployed),
      )
      return work(telling(place, kind), deployed)
    })
  } finally {
    deployed.close()
  }
}

/** The functions' clocks are AWS's; a lease bears ten seconds between its holder's and theirs. */
const MOST_OFF_MS = 5_000

/** Ages decide what maintenance drops and deletes, and when a lease is over. @throws BadInput */
function requireRightClock({ clockAheadMs }: DeployedLake): void {
  if (Math.abs(clockAheadMs) <= MOST_OFF_MS) return
  const off = `${Math.round(Math.abs(clockAheadMs) / 1000)} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} AWS's`
  throw new BadInput(`The clock of this machine is ${off}: set it, then run the command again.`)
}

/** Functions that are older than leases do not pause; the same version began to say its build. @throws BadInput */
async function requireLeases({ functions, stack }: DeployedLake): Promise<void> {
  const live = liveFunctions()
  for (const name of functions()) {
    const { variables } = await live(name)
    if (!variables[VARIABLES.build])
      throw new BadInput(
        `The function ${name} is too old to pause while a command has the lake to itself: deploy ${stack} again first.`,
      )
  }
}

/** A deployed lake as a place to work at; `canPause` throws where its functions do not make room. */
export function placeOn(
  lake: WritableLake,
  drain: Workplace['drain'],
  canPause: () => Promise<void> = async () => {},
): Workplace {
  return {
    log: STDERR,
    drain,
    beside: async together => together(await beside(lake)),
    async alone(purpose, undisturbed) {
      await canPause()
      const over = new AbortController()
      try {
        return await alone(lake, purpose, line => console.error(line), undisturbed, askedToEnd(over.signal))
      } finally {
        over.abort()
      }
    },
  }
}
