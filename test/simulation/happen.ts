/** Makes the happenings of a run come true in its world, and counts those that did. */
import { dataPrefix } from '../../domain/names.ts'
import { FEED_GAPS } from '../../domain/streams.ts'
import { bronzeTable } from '../../domain/tables.ts'
import { type Random, randomStream } from '../../feeds/random.ts'
import type { Happening, HappeningKind } from './happenings.ts'
import type { Operator } from './operator.ts'
import type { Platform } from './platform.ts'
import { gapReports, POISON, poisonObjects } from './poison.ts'
import type { Scenario } from './scenario.ts'
import { START, type World } from './world.ts'

const SECOND = 1_000
const JUMPS_MS = [5 * SECOND, 45 * SECOND, 150 * SECOND, 600 * SECOND] as const
const THROTTLES_MS = [30 * SECOND, 180 * SECOND, 600 * SECOND] as const
/** Before each restore, from any moment. */
const BACKUPS = 4
const ECHOES_MS = [0, 5 * SECOND, 40 * SECOND, 300 * SECOND] as const

/** How often each kind has happened. */
export type HappeningCounts = Partial<Record<HappeningKind | 'retention', number>>

export function scheduleHappenings(
  world: World,
  platform: Platform,
  scenario: Scenario,
  happenings: readonly Happening[],
  operator: Operator,
): HappeningCounts {
  const { scheduler } = world
  const counts: HappeningCounts = {}
  const streams = scenario.exchanges.map(({ name }) => name)

  /** Gives whether there was anything for it to happen to. */
  const make: Readonly<Record<HappeningKind, (random: Random) => boolean | Promise<boolean>>> = {
    'clock-jump': random => {
      const by = pick(random, JUMPS_MS) * (random() < 0.5 ? -1 : 1)
      const some = platform.containers().filter(() => random() < 0.6)
      for (const container of some) container.jump(by)
      return some.length > 0
    },
    trim(random) {
      platform.topics.trim(pick(random, streams), 1 + Math.floor(random() * 6), () => count('trim'))
      return false
    },
    recreate: random => {
      const echoes = ECHOES_MS.filter(() => random() < 0.5)
      return platform.topics.recreate(pick(random, streams), echoes)
    },
    'poison-objects': async random => {
      const { name } = bronzeTable(pick(random, scenario.exchanges))
      const whole = await firstObject(world, dataPrefix(name))
      for (const [n, bytes] of poisonObjects(whole).entries())
        await world.store.put(`${dataPrefix(name)}ingestion_date_day=2026-11-20/poison-${random()}-${n}.parquet`, bytes)
      return true
    },
    'poison-messages': async random => {
      const records = POISON.map(([value], i) => {
        return { partition: i % scenario.exchanges[0].partitions, key: null, value, timestamp: scheduler.now() }
      })
      await platform.topics.publish(pick(random, streams), records)
      return true
    },
    'old-notices': random => {
      const name = pick(random, streams)
      const again = [...platform.objectsOf(name)].filter(() => random() < 0.4)
      for (const [key, bytes] of again) platform.send(name, key, bytes)
      return again.length > 0
    },
    'gap-reports': async () => {
      const records = gapReports(scheduler.now()).map(value => {
        return { partition: 0, key: null, value, timestamp: scheduler.now() }
      })
      await platform.topics.publish(FEED_GAPS.name, records)
      return true
    },
    rebuild: random => later('rebuild', operator.rebuild(random)),
    redrive: random => later('redrive', operator.redrive(random)),
    repair: () => later('repair', operator.repair()),
    restore: random => later('restore', operator.restore(random)),
    throttles: random => {
      const until = scheduler.now() + pick(random, THROTTLES_MS)
      world.throttle(() => scheduler.now() < until && random() < 0.7)
      return true
    },
  }

  /** What takes time is counted at its end. Faults happen until then. */
  function later(kind: HappeningKind, work: Promise<boolean>): boolean {
    world.storm(1)
    void work.then(happened => {
      world.storm(-1)
      if (happened) count(kind)
    })
    return false
  }

  const count = (kind: HappeningKind) => {
    counts[kind] = (counts[kind] ?? 0) + 1
  }

  for (const { at, seed } of happenings.filter(({ kind }) => kind === 'restore')) {
    const random = randomStream(seed + 1)
    for (let times = 0; times < BACKUPS; times++)
      scheduler.add({
        due: START + Math.floor(random() * at),
        label: 'backup',
        owner: undefined,
        run: operator.backUp,
      })
  }
  for (const { kind, at, seed } of happenings)
    scheduler.add({
      due: START + at,
      label: `happening ${kind}`,
      owner: undefined,
      run: async () => {
        if (await make[kind](randomStream(seed))) count(kind)
      },
    })
  return counts
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]
}

async function firstObject({ store }: World, prefix: string): Promise<Uint8Array | undefined> {
  for await (const { key } of store.list(prefix)) if (!key.includes('poison')) return store.get(key)
  return undefined
}
