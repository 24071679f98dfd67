/**
 * The one commit protocol. A stage makes immutable files under fresh names, then makes them count with one transaction
 * that consumes what was read and produces what comes next. A crash before it leaves orphans (files that nothing
 * names), a crash after it nothing to do. After a conflict the stage reads the state again and plans again from it, so
 * it need not know how an attempt ended: the conditions let only one of a late first attempt and the second succeed.
 */
import { type Backoff, pauseMs } from './backoff.ts'
import { Conflict, Fenced } from './errors.ts'
import type { InvocationContext, Ports, Write } from './ports.ts'
import { HOUR_MS } from './time.ts'

/** Orphans are swept after a day; a writer whose oldest file is older than this must not commit it. */
const MAX_FILE_AGE_MS = HOUR_MS
const MAX_ATTEMPTS = 20
/** Pauses after conflicts. */
const BACKOFF: Backoff = { firstMs: 10, lastMs: 500 }

export interface Plan<T> {
  /** Nothing to write: the plan found its work done. */
  readonly writes: readonly Write[]
  readonly result: T
  /** When the oldest file that the writes name was begun, milliseconds since 1970. */
  readonly oldestFile?: number
}

/**
 * Plans from a fresh reading of the state and commits; plans again after each conflict. `plan` is given the attempt
 * (from 0) and the conflict before it.
 * @throws Fenced when the files became too old, Conflict when each of 20 attempts met one
 */
export async function commit<T>(
  ports: Pick<Ports, 'state' | 'clock' | 'ids'>,
  plan: (attempt: number, conflict: Conflict | undefined) => Promise<Plan<T>>,
): Promise<T> {
  let conflict: Conflict | undefined
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      const { writes, result, oldestFile } = await plan(attempt, conflict)
      if (writes.length === 0) return result
      if (oldestFile !== undefined && ports.clock.now() - oldestFile > MAX_FILE_AGE_MS)
        throw new Fenced(
          'The files of this commit are over an hour old and may be swept; nothing was committed, the work will be done again.',
        )
      await ports.state.transact(writes, ports.ids.uuid())
      return result
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      conflict = error
      // Writers that keep colliding must wait unevenly; the id stands in for a random number.
      if (attempt > 0) await ports.clock.sleep(pause(attempt, ports.ids.uuid()))
    }
  }
  throw conflict as Conflict
}

/** Full jitter. */
function pause(attempt: number, uuid: string): number {
  const fraction = Number.parseInt(uuid.slice(-6), 16) / 0x1000000
  return pauseMs(BACKOFF, attempt) * fraction
}

/**
 * Repeats a step until it finds nothing to do or the deadline (by the steady clock) has passed; the steps' results
 * in order. A step gives undefined when it found nothing.
 */
export async function repeatUntil<T>(
  ports: Pick<Ports, 'clock'>,
  deadline: number,
  step: () => Promise<T | undefined>,
): Promise<T[]> {
  const results: T[] = []
  do {
    const result = await step()
    if (result === undefined) return results
    results.push(result)
  } while (ports.clock.steady() < deadline)
  return results
}

/**
 * When an invocation should begin no further commit: 70 % of its time is for work, the rest for finishing the last one.
 */
export function deadlineOf(ports: Pick<Ports, 'clock'>, context: InvocationContext): number {
  return ports.clock.steady() + 0.7 * context.getRemainingTimeInMillis()
}
