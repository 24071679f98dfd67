/** One simulated run: a scenario, a seed, faults; then no more faults, everything drains, and the laws are checked. */
import { messageOf } from '../../domain/errors.ts'
import type { RetentionSettings } from '../../domain/retention.ts'
import { allTables } from '../../domain/tables.ts'
import { ageLake, unevolved } from './aging.ts'
import { watchUserTables } from './client-laws.ts'
import { createClients, type Deed } from './clients.ts'
import type { SharedEngine } from './engine.ts'
import type { FaultKind, FaultSource, Point } from './faults.ts'
import { CALM_FEEDS, type FeedWeather } from './feed-weather.ts'
import { createFeeds } from './feed-world.ts'
import { createFreshClients } from './fresh-clients.ts'
import { type HappeningCounts, scheduleHappenings } from './happen.ts'
import type { Happening } from './happenings.ts'
import { mayBeGone, watchDrops } from './kept.ts'
import { checkLaws } from './laws.ts'
import { createOperator } from './operator.ts'
import { createPlatform } from './platform.ts'
import { createReaders } from './readers.ts'
import type { Scenario } from './scenario.ts'
import type { Order } from './scheduler.ts'
import { createWorld, START } from './world.ts'

export interface RunOptions {
  readonly scenario: Scenario
  readonly seed: number
  readonly faults: FaultSource
  /** What the seed chooses of the world besides the order of things. */
  readonly weather: Weather
  /** Whether readers look at each commit as it happens: a tenth more time. */
  readonly readers: boolean
  readonly tell?: (line: string) => void
}

/** How a world behaves when nothing is wrong with it. */
export interface Weather {
  /** Longest time of a call, milliseconds. */
  readonly jitterMs: number
  /** Longest delay of a notification, milliseconds. */
  readonly eventDelayMs: number
  readonly visibilityMs: number
  /** Listings leave younger objects out, milliseconds. */
  readonly listLagMs: number
  /** How long faults happen after each wave of records and each maintenance, milliseconds. */
  readonly stormMs: number
  readonly order: Order
  /** Where the logs of topics begin, life by life and over again: retention deleted what was before. */
  readonly logStarts: readonly number[]
  /** Listings come in pages of this many objects. */
  readonly pageObjects: number
  readonly happenings: readonly Happening[]
  readonly feeds: FeedWeather
  /** What the lake was told to keep for another time than the tables' own. */
  readonly retention: RetentionSettings
}

export const CALM: Weather = {
  order: 'anyone',
  jitterMs: 0,
  eventDelayMs: 0,
  visibilityMs: 90_000,
  listLagMs: 0,
  stormMs: Number.POSITIVE_INFINITY,
  logStarts: [0],
  pageObjects: Number.POSITIVE_INFINITY,
  happenings: [],
  feeds: CALM_FEEDS,
  retention: {},
}

export interface RunResult {
  /** Laws that broke, a line each. */
  readonly violations: readonly string[]
  readonly traceHash: string
  readonly points: readonly Point[]
  /** Faults happen from this point on. */
  readonly firstPoint: number
  readonly happened: readonly { readonly point: number; readonly kind: FaultKind; readonly detail: string }[]
  /** What happened besides faults, how often. */
  readonly happenings: HappeningCounts
  /** What clients of the catalog asked for. */
  readonly deeds: readonly Deed[]
  /** Answers to clients who asked for the newest trades. */
  readonly fresh: { readonly whole: number; readonly waiting: number }
  readonly steps: number
  readonly simulatedMs: number
}

/**
 * This long after the last wave and the last maintenance everything has drained, or never will, milliseconds. A person's command that
 * hangs for hours at a tenth of its calls takes days.
 */
const LONGEST_MS = 15 * 86_400_000
/** Clients ask for the newest trades until the last wave has gone through all stages. */
const FRESH_AFTER_MS = 240_000
/** Some times what two runs of maintenance at once take: a stage that works for ever takes no time where calls take none. */
const STEPS_IN_MOMENT = 5_000

export async function simulate(engine: SharedEngine, options: RunOptions): Promise<RunResult> {
  const { seed, faults, weather, tell } = options
  // What feeds publish is known when they do.
  const expected = new Map(options.scenario.expected)
  const scenario: Scenario = { ...options.scenario, expected }
  const run = engine.forRun()
  // A rejection that nobody handles ends a Lambda's process, and a whole embedded lake.
  const unhandled: string[] = []
  const onUnhandled = (reason: unknown) => unhandled.push(`an error that nobody waits for: ${messageOf(reason)}`)
  process.on('unhandledRejection', onUnhandled)
  try {
    const world = createWorld({ seed, faults, engine: run, jitterMs: weather.jitterMs, order: weather.order, tell })
    const { exchanges, redeployed, waves } = scenario
    const maintenance = scenario.maintenance.map(at => START + at)
    const { logStarts } = weather
    const logStart = (life: number) => logStarts[life % logStarts.length]
    const platform = createPlatform(world, {
      exchanges,
      redeployed,
      maintenance,
      logStart,
      wakes: scenario.wakes,
      sharedOut: scenario.sharedOut,
      ...weather,
    })
    const { scheduler } = world
    const readers = createReaders(world, allTables(exchanges), scenario.wakes)
    const onTransaction = world.onTransaction
    // Timeframes that are kept for different times hold different trades.
    const looks = options.readers && Object.keys(weather.retention).length === 0
    if (looks) world.onDelete = readers.mourn
    const tables = allTables(exchanges)
    const drops = watchDrops(world, tables, weather.retention)
    const users = scenario.clients > 0 ? watchUserTables(world, weather.listLagMs) : undefined
    world.onTransaction = async writes => {
      await users?.look(writes)
      if (looks && !world.isSetBack) await readers.look(writes)
      if (scenario.retentions.length > 0) await drops.look(writes)
      await onTransaction(writes)
    }
    for (const { at, exchange, records } of waves)
      scheduler.add({
        due: START + at,
        label: `publish ${exchange}`,
        owner: undefined,
        run: () => platform.topics.publish(exchange, records),
      })
    const feeds = scenario.hasFeeds
      ? createFeeds(world, platform.topics, exchanges, weather.feeds, expected)
      : undefined
    feeds?.start()
    const clients = createClients(world, platform, scenario.clients)
    clients.start()
    const ends = Math.max(0, ...waves.map(({ at }) => at)) + FRESH_AFTER_MS
    const fresh = createFreshClients(world, platform, scenario.freshClients, ends)
    fresh.start()
    const operator = createOperator(world, platform)
    const happenings = scheduleHappenings(world, platform, scenario, weather.happenings, operator)
    let firstPoint = 0
    if (scenario.aged !== undefined)
      scheduler.add({
        due: START + scenario.aged,
        label: 'the lake is one of an older version',
        owner: undefined,
        run: async () => {
          await ageLake(world, tables)
          firstPoint = world.points.length
          world.storm(1)
        },
      })
    else if (weather.stormMs === Number.POSITIVE_INFINITY) world.storm(1)
    else
      for (const start of [...waves.map(wave => wave.at), ...scenario.maintenance, ...(feeds ? [0] : [])]) {
        const change = (after: number, by: number) =>
          scheduler.add({ due: START + start + after, label: 'storm', owner: undefined, run: () => world.storm(by) })
        change(0, 1)
        change(weather.stormMs, -1)
      }
    const last = Math.max(0, ...waves.map(({ at }) => at), ...scenario.maintenance)
    const rests = await scheduler.run(START + last + LONGEST_MS, STEPS_IN_MOMENT)
    const checked = () =>
      checkLaws(world, platform, scenario, {
        gone: mayBeGone(weather.retention, scheduler.now()),
        made: feeds?.made(),
      }).catch(error => [`the laws cannot be checked: ${messageOf(error)}`])
    if (drops.dropped.size > 0) happenings.retention = drops.dropped.size
    const left = scenario.aged === undefined ? [] : await unevolved(world, tables)
    const violations = [
      ...unhandled,
      ...operator.problems,
      ...(feeds?.problems ?? []),
      ...readers.problems,
      ...drops.problems,
      ...fresh.problems,
      ...((await users?.check(clients.deeds)) ?? []),
      ...(await checked()),
      ...left,
    ]
    if (!rests && violations.length === 0) violations.push('law 6: the world never comes to rest')
    return {
      violations,
      traceHash: scheduler.traceHash(),
      points: world.points,
      firstPoint,
      happened: world.happened,
      happenings,
      deeds: clients.deeds,
      fresh: fresh.answers(),
      steps: scheduler.steps,
      simulatedMs: scheduler.now() - START,
    }
  } finally {
    process.off('unhandledRejection', onUnhandled)
    await run.close()
  }
}
