/**
 * The one thread of a simulated world: a fake clock, and entries that wait for their time. Of those whose time has
 * come, the seed picks the next; it runs to its end, and everything that it set off, before another is picked.
 */
import { createHash } from 'node:crypto'
import type { Random } from '../../feeds/random.ts'

export interface Entry {
  /** Milliseconds since 1970. */
  readonly due: number
  /** Stands in the trace. */
  readonly label: string
  /** Whose death takes the entry along. */
  readonly owner: object | undefined
  run(): void | Promise<void>
}

export interface Scheduler {
  /** Milliseconds since 1970. */
  now(): number
  add(entry: Entry): void
  /** Takes back one entry, if it still waits. */
  cancel(entry: Entry): void
  /** Takes back what waits for this owner; gives it. */
  drop(owner: object): Entry[]
  /** Runs until nothing waits; gives up, with false, at a time or after too many steps in one moment. */
  run(until: number, stepsInMoment: number): Promise<boolean>
  /** Adds to the trace what a step did. */
  note(text: string): void
  readonly steps: number
  /** Hash of everything that happened, in order. */
  traceHash(): string
}

/**
 * Who goes next, of those whose time has come: anyone; or mostly whoever stands highest in an order that the seed draws, and draws
 * anew after some steps, so that one gets far ahead of another ("probabilistic concurrency testing", Burckhardt et al. 2010).
 */
export type Order = 'anyone' | 'ranked'

const STEPS_OF_RANKING = 150
const MOSTLY = 0.9

/** An entry, as it was added, and the name that it is ranked by. */
type Waiting = Entry & { readonly name: string; readonly added: Entry }

/** The first word of a label names who it is. */
function nameOf(label: string): string {
  const end = label.indexOf(' ')
  return end < 0 ? label : label.slice(0, end)
}

/** `tell` is called with each line of the trace. */
export function createScheduler(
  start: number,
  random: Random,
  options: { readonly order: Order; readonly tell?: (line: string) => void },
): Scheduler {
  const { order, tell } = options
  const ranks = new Map<string, number>()
  let waiting: Waiting[] = []
  let now = start
  let steps = 0
  const hash = createHash('sha1')

  function note(text: string): void {
    hash.update(text).update('\n')
    tell?.(text)
  }

  function next(): Waiting {
    let ready = 0
    let soonest = Number.POSITIVE_INFINITY
    for (const { due } of waiting) {
      if (due <= now) ready++
      if (due < soonest) soonest = due
    }
    if (ready === 0) {
      now = soonest
      for (const { due } of waiting) if (due <= now) ready++
    }
    const index = order === 'ranked' && random() < MOSTLY ? highest() : anyone(ready)
    const [entry] = waiting.splice(index, 1)
    return entry
  }

  function anyone(ready: number): number {
    let nth = Math.floor(random() * ready)
    return waiting.findIndex(({ due }) => due <= now && nth-- === 0)
  }

  function highest(): number {
    if (steps % STEPS_OF_RANKING === 0) ranks.clear()
    let best = -1
    let rank = -1
    for (let index = 0; index < waiting.length; index++) {
      const { due, name } = waiting[index]
      if (due > now) continue
      let own = ranks.get(name)
      if (own === undefined) ranks.set(name, (own = random()))
      if (own > rank) {
        rank = own
        best = index
      }
    }
    return best
  }

  return {
    now: () => now,
    add(entry) {
      waiting.push({ ...entry, name: nameOf(entry.label), added: entry })
    },
    cancel(entry) {
      const index = waiting.findIndex(({ added }) => added === entry)
      if (index >= 0) waiting.splice(index, 1)
    },
    drop(owner) {
      const dropped = waiting.filter(entry => entry.owner === owner)
      waiting = waiting.filter(entry => entry.owner !== owner)
      return dropped
    },
    async run(until, stepsInMoment) {
      let moment = now
      let began = steps
      await settled()
      while (waiting.length > 0) {
        const entry = next()
        if (now !== moment) {
          moment = now
          began = steps
        }
        if (now > until || steps - began === stepsInMoment) {
          waiting.push(entry)
          return false
        }
        steps++
        note(`${now} ${entry.label}`)
        await entry.run()
        await settled()
      }
      return true
    },
    note,
    get steps() {
      return steps
    },
    traceHash: () => hash.copy().digest('hex'),
  }
}

/** Immediates that are asked for at once come in one turn of the event loop, which costs more than they do. */
const IMMEDIATES = 256
let immediates = 0
let waiters: (() => void)[] = []

/** When everything that could go on without another step has gone on: immediates come after all microtasks, and each after those of the last. */
function settled(): Promise<void> {
  return new Promise(resolve => {
    waiters.push(resolve)
    if (immediates > 0) return
    immediates = IMMEDIATES
    for (let i = 0; i < IMMEDIATES; i++) setImmediate(onImmediate)
  })
}

function onImmediate(): void {
  immediates--
  const woken = waiters
  waiters = []
  for (const wake of woken) wake()
}
