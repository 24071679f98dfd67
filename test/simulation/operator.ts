/**
 * A person with the commands of docs/runbook.md, which are killed in the middle like any function: backups, and what is done after
 * one was put back; repair, rebuild, redrive.
 */
import { messageOf } from '../../domain/errors.ts'
import type { Item, Ports } from '../../domain/ports.ts'
import { EVER, type TimeRange } from '../../domain/ranges.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import type { WritableLake } from '../../embedded/lake.ts'
import { createTotals } from '../../embedded/totals.ts'
import type { Random } from '../../feeds/random.ts'
import { versionOf } from '../../iceberg/metadata-file.ts'
import {
  type RebuildResult,
  rebuildCandles,
  rebuildGold,
  rebuildSilver,
  redrive,
} from '../../operations/repair/rebuild.ts'
import { repairLake } from '../../operations/repair/repair.ts'
import { SILENT } from '../silent-log.ts'
import type { Container, Place } from './container.ts'
import type { Platform } from './platform.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
/** DynamoDB takes longer to restore a table; requests of stopped writers that are on their way have come by then. */
const RESTORING_MS = 1_800_000
const PAUSE_MS = 10 * SECOND
/** A repair makes a thousand calls, so that some faults for each hundred let none end: the last tries are left alone. */
const FAULTY_TRIES = 3
const MAX_TRIES = 6
const TABLES = ['state', 'catalog'] as const

interface Backup {
  readonly state: readonly Item[]
  readonly catalog: readonly Item[]
}

export interface Operator {
  backUp(): void
  /** Puts an older state, an older catalog, or both back, and repairs the lake; gives whether there was a backup to put back. */
  restore(random: Random): Promise<boolean>
  repair(): Promise<boolean>
  /** Makes a range of a table again while the schedules run; gives whether there was anything in it. */
  rebuild(random: Random): Promise<boolean>
  redrive(random: Random): Promise<boolean>
  /** What did not succeed, a line each. */
  readonly problems: readonly string[]
}

export function createOperator(world: World, platform: Platform): Operator {
  const { scheduler, state } = world
  const backups: Backup[] = []
  const problems: string[] = []
  let failure = ''
  // One person does one thing after the other.
  let busy: Promise<unknown> = Promise.resolve()

  const sleep = (ms: number) =>
    new Promise<void>(resolve =>
      scheduler.add({ due: scheduler.now() + ms, label: 'operator waits', owner: undefined, run: resolve }),
    )

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = busy.then(work)
    busy = result.catch(() => {})
    return result
  }

  /** Runs a command in a process of its own; undefined where it dies or fails. */
  async function command<T>(name: string, place: Place, run: (ports: Ports) => Promise<T>): Promise<T | undefined> {
    const process: Container = platform.newProcess(name, place)
    const result = await new Promise<T | undefined>(resolve => {
      process.onCrash = () => resolve(undefined)
      run(process.ports).then(resolve, error => {
        failure = messageOf(error)
        scheduler.note(`  ${name} fails: ${failure}`)
        resolve(undefined)
      })
    })
    process.kill()
    return result
  }

  /** Stops the writers, does something to the stores, repairs the lake however often that fails, and starts the writers again. */
  async function alone(change: () => void): Promise<void> {
    platform.stop()
    await sleep(RESTORING_MS)
    change()
    world.isSetBack = true
    let done: string[] | undefined
    for (let tries = 0; tries < MAX_TRIES && !done; tries++) {
      if (tries > 0) await sleep(PAUSE_MS)
      done = await command('repair', tries < FAULTY_TRIES ? 'folder' : 'calm folder', ports => {
        const exchanges = platform.exchanges()
        const { log: topics } = platform.topics
        const lake: WritableLake = { exchanges, settings: { retention: {} }, ports, topics, close() {} }
        return repairLake(lake, wireFunctions(lake, SILENT), createTotals(exchanges))
      })
    }
    for (const sentence of done ?? []) scheduler.note(`  repair: ${sentence}`)
    if (!done) problems.push(`a repair never succeeds: ${failure}`)
    world.isSetBack = false
    platform.start()
  }

  /**
   * The newest backup of which no table is exactly one commit behind: ADR 17 says that such a pointer looks like an attempt that failed,
   * and a repair, which then leaves the pointer, folds no candles that a single lost commit held.
   */
  function restorable(): Backup | undefined {
    const now = versions(state.backUp('catalog'))
    return backups.findLast(({ catalog }) =>
      [...versions(catalog)].every(([table, version]) => now.get(table) !== version + 1),
    )
  }

  return {
    problems,
    backUp() {
      backups.push({ state: state.backUp('state'), catalog: state.backUp('catalog') })
    },
    restore: random =>
      inTurn(async () => {
        let found: Backup | undefined
        await alone(() => {
          const chosen = random()
          const tables = chosen < 0.4 ? TABLES.slice(0, 1) : chosen < 0.8 ? TABLES.slice(1) : TABLES
          found = tables.includes('catalog') ? restorable() : backups.at(-1)
          for (const table of found ? tables : []) state.restore(table, found?.[table] ?? [])
          if (found) scheduler.note(`  restored ${tables.join(' and ')}`)
        })
        return found !== undefined
      }),
    repair: () =>
      inTurn(async () => {
        await alone(() => {})
        return true
      }),
    rebuild: random =>
      inTurn(async () => {
        const { name, exchange, range } = choice(random)
        const result = await command('rebuild', 'cloud', async (ports): Promise<RebuildResult> => {
          if (name === 'candles') return rebuildCandles(ports, range)
          return (name === 'silver' ? rebuildSilver : rebuildGold)(ports, exchange, range)
        })
        return result !== undefined && result.records + result.goldAdded + result.minutes > 0
      }),
    redrive: random =>
      inTurn(async () => {
        const { exchange, range } = choice(random)
        const errorType = random() < 0.7 ? 'unknown_schema' : 'deserialization_failed_or_null_fields'
        world.isRegistered = true
        const result = await command('redrive', 'cloud', ports => redrive(ports, exchange, { errorType, range }))
        return (result?.records ?? 0) > 0
      }),
  }

  function choice(random: Random) {
    const exchanges = platform.exchanges()
    const nowMicros = BigInt(scheduler.now()) * 1000n
    // The trades are some minutes old at most: a short range begins among them.
    const longest = random() < 0.6 ? 400 * SECOND : 3 * HOUR
    const from = nowMicros - BigInt(Math.floor(random() * longest)) * 1000n
    const range: TimeRange = random() < 0.3 ? EVER : { from, to: nowMicros }
    const name = (['silver', 'gold', 'candles'] as const)[Math.floor(random() * 3)]
    return { name, range, exchange: exchanges[Math.floor(random() * exchanges.length)] }
  }
}

/** The version that each table's pointer stands at. */
function versions(catalog: readonly Item[]): Map<string, number> {
  return new Map(
    catalog.map(({ key, attributes }) => [key.partition, versionOf(String(attributes['p.metadata_location']))]),
  )
}
