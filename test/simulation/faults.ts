/** What can go wrong, by the kind of the point where it does; and schedules of faults as text. */
import type { Random } from '../../feeds/random.ts'

/** What stands at a fault point: a port call of a stage, a step of the platform around the stages, a port call of a command, or what a feed gets and sends. */
export type PointType =
  | 'transact'
  | 'put'
  | 'delete'
  | 'read'
  | 'list'
  | 'engine'
  | 'sleep'
  | 'send'
  | 's3-event'
  | 'schedule'
  | 'destination'
  | 'stream'
  | 'batch'
  | 'publish'
  | 'local'
  | 'frame'
  | 'rest'
  | 'produce'

/**
 * Faults of calls:
 *   crash-before, crash-after   the function dies, without or with the effect
 *   late                        the caller sees a time-out, the effect comes seconds to minutes after it
 *   throttle, fail              refused without an effect
 *   conflict                    DynamoDB's TransactionConflict: refused, for another transaction's sake
 *   own-success                 took effect; the client sends it again and sees its own success as a failed condition
 *   old-token                   the same, eleven minutes later, when the transaction's token is forgotten
 *   zombie-before, zombie-after hangs until long after the platform gave the invocation up, then goes on; the effect
 *                               comes on waking, or came at once
 *   slow                        takes twenty seconds
 *   cut                         the listing ends before its last page, and nothing says so; a frame or a reply ends in its middle
 * Faults of the platform:
 *   lost, twice, hours-late     an event
 *   missed, double              a schedule's fire
 *   rebalance                   the batch goes to two invocations at once, split in two for one of them
 *   swapped                     the second half of the batch comes before the first, which leaves a gap for a time
 *   redeliver                   the batch succeeds, and comes again as if it had not, with what came since
 *   reset                       everything comes again from the topic's first offset
 *   recreate                    the topic is deleted and recreated: what nobody read is gone
 *   deploy                      new containers, with new rules of validation
 */
export type FaultKind =
  | 'crash-before'
  | 'crash-after'
  | 'late'
  | 'throttle'
  | 'fail'
  | 'conflict'
  | 'own-success'
  | 'old-token'
  | 'zombie-before'
  | 'zombie-after'
  | 'slow'
  | 'cut'
  | 'lost'
  | 'twice'
  | 'hours-late'
  | 'missed'
  | 'double'
  | 'rebalance'
  | 'swapped'
  | 'redeliver'
  | 'reset'
  | 'recreate'
  | 'deploy'

/** Where a fault can happen. */
export interface Point {
  readonly type: PointType
  /** The same invocation made a call before this one, at the same moment. */
  readonly follows: boolean
}

const READ: readonly FaultKind[] = ['crash-before', 'fail', 'throttle', 'zombie-before', 'slow']
const WRITE: readonly FaultKind[] = [
  'crash-before',
  'crash-after',
  'late',
  'throttle',
  'own-success',
  'zombie-before',
  'zombie-after',
  'slow',
]

export const KINDS: Readonly<Record<PointType, readonly FaultKind[]>> = {
  transact: [...WRITE, 'conflict', 'old-token'],
  put: WRITE,
  delete: WRITE.filter(kind => kind !== 'own-success'),
  read: READ,
  list: [...READ, 'cut'],
  engine: ['crash-before', 'fail', 'zombie-before', 'slow'],
  sleep: ['crash-before', 'zombie-before'],
  send: WRITE,
  's3-event': ['lost', 'twice', 'hours-late'],
  schedule: ['missed', 'double'],
  destination: ['lost', 'twice'],
  // What is new on a list, to the function that it starts.
  stream: ['lost', 'twice', 'hours-late'],
  batch: ['rebalance', 'swapped', 'redeliver', 'reset'],
  publish: ['recreate', 'deploy'],
  // A frame that reaches a feed, a reply of an exchange's REST API, a batch or a position that a feed sends to Kafka.
  frame: ['lost', 'twice', 'swapped', 'cut', 'crash-before'],
  rest: ['fail', 'throttle', 'slow', 'cut', 'crash-before'],
  produce: ['fail', 'late', 'slow', 'crash-before', 'crash-after'],
  // Calls of a process that has its lake in a folder: nothing takes effect after its caller has gone.
  local: ['crash-before', 'crash-after', 'fail', 'slow'],
}

const ALL_KINDS = [...new Set(Object.values(KINDS).flat())]

/** Which fault happens at which point, by the points' numbers. */
export type Schedule = ReadonlyMap<number, FaultKind>

/** `12:crash-after,40:zombie-before`. */
export function scheduleText(schedule: Schedule): string {
  return [...schedule].map(([point, kind]) => `${point}:${kind}`).join(',')
}

export function parseSchedule(text: string): Schedule {
  const known = new Set<string>(ALL_KINDS)
  return new Map(
    text
      .split(',')
      .filter(part => part !== '')
      .map(part => {
        const [, point, kind] = /^(\d+):([\w-]+)$/.exec(part) ?? []
        if (point === undefined || !known.has(kind))
          throw new Error(`'${part}' is not a fault: write them as 12:crash-after,40:lost`)
        return [Number(point), kind as FaultKind]
      }),
  )
}

/** Decides at each point in turn. */
export type FaultSource = (point: number, type: PointType) => FaultKind | undefined

/** A kind that the point's type does not have does nothing: an earlier fault moved the numbers. */
export function scheduled(schedule: Schedule): FaultSource {
  return (point, type) => {
    const kind = schedule.get(point)
    return kind !== undefined && KINDS[type].includes(kind) ? kind : undefined
  }
}

/**
 * Each point fails with this probability, in one of some kinds that the seed chooses: a run with few kinds goes deeper
 * into each than one with all of them ("swarm testing", Groce et al. 2012).
 */
export function randomFaults(random: Random, probability: number): FaultSource {
  const allowed = new Set(ALL_KINDS.filter(() => random() < 0.4))
  return (_, type) => {
    if (random() >= probability) return undefined
    const kinds = KINDS[type].filter(kind => allowed.has(kind))
    return kinds[Math.floor(random() * kinds.length)]
  }
}
