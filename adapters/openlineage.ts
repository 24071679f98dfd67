/**
 * Lineage: a run of OpenLineage for every commit of a table, told after the commit and beside it. Nothing here can delay a commit or make
 * it fail: the store is watched for pointers that have moved, and all else is done later, from the metadata that they name. Where
 * nobody takes the events they wait in memory, the oldest are dropped, and one warning says so.
 */
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { Corrupt, messageOf, NotFound, TradelakeError } from '../domain/errors.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { metricNames, publishMetrics } from '../domain/metrics.ts'
import { eventsOf, type RunEvent } from '../domain/openlineage.ts'
import type { Clock, LogFields, StateStore, Telemetry, Write } from '../domain/ports.ts'
import { runOf } from '../iceberg/openlineage.ts'
import { pointerMoves, type SeenPointers, seePointer } from '../iceberg/pointer-moves.ts'
import { Invalid } from '../iceberg/updates/refusals.ts'
import { describe, type Moved, type Readable, type Work } from './openlineage-commits.ts'
import { type LineageSink, Refused } from './openlineage-sinks.ts'

const DEFAULT_NAMESPACE = 'tradelake'
/** Commits that wait for the sink: a few kB each. */
const MOST_WAITING = 1_000
const BACKOFF: Backoff = { firstMs: 200, lastMs: 30_000 }
/** Failures in a row until somebody is told. */
const TOLD_AFTER = 3
const CLOSE_MS = 5_000

export interface Lineage {
  /** The ports with a state store that tells of the tables which its transactions move, as work of this kind. */
  watch<P extends Readable & { readonly state: StateStore }>(ports: P, work: Work): P
  /** Waits until all is told, for at most so many milliseconds, or until the sink has failed once more. */
  flush(milliseconds: number): Promise<void>
  /** Tells what is left, within a few seconds, and gives the rest up. */
  close(): Promise<void>
}

export interface LineageOptions {
  readonly sink: LineageSink
  readonly clock: Pick<Clock, 'now'>
  readonly telemetry: Telemetry
  /** The jobs' namespace. */
  readonly namespace?: string | undefined
  readonly exchanges?: readonly Exchange[]
  readonly mostWaiting?: number
  readonly backoff?: Backoff
}

export function createLineage(options: LineageOptions): Lineage {
  const { sink, clock, telemetry, exchanges = EXCHANGES, mostWaiting = MOST_WAITING, backoff = BACKOFF } = options
  const { log, metrics } = telemetry
  const namespace = options.namespace || DEFAULT_NAMESPACE
  const waiting: Moved[] = []
  const over = new AbortController()
  /** The stores that are watched, by what stands before them: to watch one again is to watch it as other work. */
  const plain = new WeakMap<StateStore, StateStore>()
  let telling: Promise<void> | undefined
  let failures = 0
  let dropped = 0
  let hasWarned = false
  let wake = () => {}
  let failedAgain = () => {}

  function tell(moved: Moved): void {
    if (waiting.length >= mostWaiting) {
      waiting.shift()
      dropped++
    }
    waiting.push(moved)
    telling ??= tellAll()
  }

  async function tellAll(): Promise<void> {
    // Whoever committed goes on first.
    await setImmediate()
    for (let next = waiting.shift(); next; next = waiting.shift()) await tellOne(next)
    telling = undefined
  }

  /** Tries until the events are taken, or never can be. */
  async function tellOne(moved: Moved): Promise<void> {
    let events: readonly RunEvent[] | undefined
    while (!over.signal.aborted) {
      try {
        if (!events) {
          const commit = await describe(moved, namespace, exchanges)
          if (!commit) return
          events = eventsOf(runOf(commit))
        }
        await sink.send(events, over.signal)
        if (hasWarned) say('info', 'lineage is taken again', { dropped })
        failures = 0
        hasWarned = false
        return
      } catch (error) {
        if (over.signal.aborted) break
        // Whatever else is thrown is of a sink or a store that may be down; a mistake in this code, or what nobody can read, stays.
        const isLost =
          !(error instanceof TradelakeError) ||
          [Refused, Corrupt, NotFound, Invalid].some(kind => error instanceof kind)
        failures = isLost ? 0 : failures + 1
        if (isLost || failures >= TOLD_AFTER) warnOnce(error)
        if (isLost) break
        if (failures >= TOLD_AFTER) failedAgain()
        await pause(pauseMs(backoff, failures - 1))
      }
    }
    dropped++
  }

  function warnOnce(error: unknown): void {
    if (hasWarned) return
    hasWarned = true
    const message = 'lineage is not taken: commits go on, their events wait in memory and the oldest are dropped'
    say('warn', message, { problem: messageOf(error), mostWaiting })
  }

  /** A log that cannot be written ends the work that it is of, by its own lines: not by these. */
  function say(level: 'info' | 'warn', message: string, fields: LogFields): void {
    try {
      log[level](message, { target: sink.target, ...fields })
    } catch {}
  }

  /** Never throws: the transaction has taken place. */
  function note(writes: readonly Write[], seen: SeenPointers, work: Work, ports: Readable): void {
    try {
      for (const move of pointerMoves(writes, seen)) tell({ ...move, work, ports, endedMs: clock.now() })
    } catch (error) {
      dropped++
      warnOnce(error)
    }
  }

  async function pause(milliseconds: number): Promise<void> {
    const woken = new Promise<void>(resolve => {
      wake = resolve
    })
    await Promise.race([woken, setTimeout(milliseconds, undefined, { ref: false })])
  }

  async function flush(milliseconds: number): Promise<void> {
    if (telling) {
      const again = new Promise<void>(resolve => {
        failedAgain = resolve
      })
      wake()
      const limit = new AbortController()
      const late = setTimeout(milliseconds, undefined, { signal: limit.signal }).catch(() => {})
      await Promise.race([telling, again, late])
      limit.abort()
    }
    if (dropped > 0) publishMetrics(metrics, { [metricNames.lineageDropped]: dropped })
    dropped = 0
  }

  return {
    watch(ports, work) {
      const state = plain.get(ports.state) ?? ports.state
      const seen: SeenPointers = new Map()
      const watched: StateStore = {
        ...state,
        async get(key) {
          const attributes = await state.get(key)
          seePointer(seen, key, attributes)
          return attributes
        },
        async transact(writes, token) {
          await state.transact(writes, token)
          note(writes, seen, work, ports)
        },
      }
      plain.set(watched, state)
      return { ...ports, state: watched }
    },
    flush,
    async close() {
      await flush(CLOSE_MS)
      over.abort()
      wake()
      const left = waiting.length + (telling ? 1 : 0)
      await telling
      if (left > 0) say('warn', 'lineage of the last commits was not taken and is dropped', { commits: left })
      await flush(0)
    },
  }
}
