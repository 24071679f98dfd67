/** The faults of one exchange as time passes: those to come, those that last, those that are one moment's deed. */
import type { Timers } from '../../domain/feed-ports.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import type { Fault } from './types.ts'

type Lasting = Extract<Fault, { milliseconds: number }>

export interface Timeline {
  /** A fault from its time on, or from now where that is past. */
  plan(fault: Fault): void
  /** Lets all faults begin whose time has come. */
  settle(): void
  /** The fault of a kind that lasts now. */
  during<Kind extends Lasting['kind']>(kind: Kind): Extract<Fault, { kind: Kind }> | undefined
  /** The deeds of the faults that have begun and that nobody took yet. */
  takeDeeds(): Fault[]
  /** When the next fault begins, milliseconds since 1970; infinity where none is known. */
  nextAt(): number
}

/** `slotMs` is the time by which faults begin; `ordinary` gives the faults of a minute since 1970. */
export function createTimeline(
  timers: Timers,
  slotMs: () => number,
  begin: (fault: Fault) => void,
  ordinary: (minute: number) => readonly Fault[],
): Timeline {
  /** By when they begin. */
  const coming: Fault[] = []
  const lasting: Lasting[] = []
  const deeds: Fault[] = []
  let nextMinute = Math.floor(timers.now() / MINUTE_MS)

  function plan(fault: Fault): void {
    const at = Math.max(fault.at, slotMs())
    const later = coming.findIndex(other => other.at > at)
    coming.splice(later === -1 ? coming.length : later, 0, { ...fault, at })
  }

  function settle(): void {
    for (; nextMinute * MINUTE_MS <= timers.now(); nextMinute++) for (const fault of ordinary(nextMinute)) plan(fault)
    for (let first = coming[0]; first && first.at <= slotMs(); first = coming[0]) {
      coming.shift()
      begin(first)
      if ('milliseconds' in first) lasting.push(first)
      else deeds.push(first)
    }
    const ended = (fault: Lasting) => timers.now() >= fault.at + fault.milliseconds
    for (let i = lasting.length - 1; i >= 0; i--) if (ended(lasting[i])) lasting.splice(i, 1)
  }

  return {
    plan,
    settle,
    during<Kind extends Lasting['kind']>(kind: Kind) {
      settle()
      return lasting.findLast(fault => fault.kind === kind) as Extract<Fault, { kind: Kind }> | undefined
    },
    takeDeeds: () => deeds.splice(0),
    nextAt: () => coming[0]?.at ?? Number.POSITIVE_INFINITY,
  }
}
